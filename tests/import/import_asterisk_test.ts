/** Whole configurations of Asterisk, and the cases of their parts; what comes out is always read as hintd would. */
import { describe, expect, test } from "bun:test";
import type { EndpointConfig } from "../../lib/config/config.ts";
import { errorsOf, fixture, importFiles, importFixture, memoryDirectory } from "./directory.ts";
import { diskDirectory } from "../../lib/cli/import_asterisk.ts";
import { importAsterisk } from "../../lib/import/import_asterisk.ts";

/** Imports one pjsip.conf. */
function pjsip(text: string, more: Readonly<Record<string, string>> = {}) {
  return importFiles({ "pjsip.conf": text, ...more });
}

/** Imports one extensions.conf. */
function dialplan(text: string) {
  return importFiles({ "extensions.conf": text });
}

/** The endpoint `x` of a pjsip.conf whose own lines are given. */
async function endpoint(lines: string, more = ""): Promise<EndpointConfig & { readonly text: string }> {
  const { config, text } = await pjsip(`[x]\ntype=endpoint\n${lines}\n${more}`);
  return { ...config.endpoints.x!, text };
}

/** Lines of the text from one that begins with `start`, comments folded back into one line each. */
function comments(text: string): string[] {
  return text.replaceAll(/\n# {3}/g, " ").split("\n").filter((line) => line.startsWith("# "));
}

describe("whole directories", () => {
  for (const name of ["office", "freepbx"]) {
    test(`${name} reads as it always did`, async () => {
      expect((await importFixture(name)).text).toMatchSnapshot();
    });

    test(`${name}: every line is carried over or told of`, () => {
      const imported = importAsterisk(diskDirectory(fixture(name)), name);
      if ("errors" in imported) throw new Error(imported.errors.join());
      expect(imported.text.split("\n").filter((line) => line.length > 150)).toEqual([]);
      expect(imported.text).not.toContain("secret-of-trunk");
      expect(imported.text).not.toContain("to-provider");
    });
  }

  test("office: phones, wizards and hints are those of Asterisk", async () => {
    const { config } = await importFixture("office");
    expect(Object.keys(config.endpoints)).toEqual(["alice", "bob", "door", "carol", "gateway"]);
    expect(config.endpoints.alice).toMatchObject({
      auth: { username: "alice", password: "s3cret;with-semicolon", supported_algorithms_uas: ["MD5"] },
      max_contacts: 2,
      voicemail_extension: "*97",
    });
    expect(config.endpoints.bob).toMatchObject({
      notify_early_inuse_ringing: true,
      max_contacts: 5,
      auth: { password_digest: ["MD5:0123456789abcdef0123456789abcdef"] },
    });
    expect(config.server.realm).toBe("office.example");
    expect(config.contexts.internal!.hints).toMatchObject({ "1002": "PJSIP/carol", "1234": "Custom:trunk" });
    expect(config.listen.map(({ name, bind }) => `${name} ${bind}`)).toEqual([
      "lan 0.0.0.0:5060",
      "lan-tcp 0.0.0.0:5060",
      "v6 [::]:5060",
    ]);
  });

  test("freepbx: included files, additions and pruned includes", async () => {
    const { config } = await importFixture("freepbx");
    expect(Object.keys(config.endpoints)).toEqual(["100", "101", "102", "Provider"]);
    expect(config.endpoints["102"]!.device_state_busy_at).toBe(1);
    expect(config.contexts["from-internal"]!.include).toEqual(["from-internal-xfer"]);
    expect(config.contexts["from-internal-custom"]!.hints).toEqual({
      "900": "Custom:night-mode(Night)",
      "901": "Custom:door(Door)",
    });
    expect(config.contexts["ext-local"]!.hints["100"]).toBe("PJSIP/100&Custom:DND100,CustomPresence:100");
  });
});

describe("endpoints", () => {
  test("defaults of Asterisk that are not hintd's are written", async () => {
    const { config } = await pjsip("[x]\ntype=endpoint\naors=x\n[x]\ntype=aor");
    expect(config.endpoints.x).toMatchObject({
      max_contacts: 0,
      remove_existing: false,
      qualify_frequency: 0,
      rewrite_contact: false,
    });
  });

  test("what all of them share stands once", async () => {
    const { text, config } = await pjsip(
      "[t](!)\ntype=endpoint\ncontext=office\nallow=ulaw\n[a](t)\nsub_min_expiry=30\n[b](t)\n[c](t)\ncontext=lobby\n",
    );
    expect(text).toContain("[defaults.endpoint]");
    expect(Object.values(config.endpoints).map((each) => each.context)).toEqual(["office", "office", "lobby"]);
    expect(comments(text)).toContain("# No counterpart, of all endpoints: allow = ulaw");
  });

  test("an AOR that endpoints share, or of another name, or with mailboxes, stands alone", async () => {
    const { config } = await pjsip(
      "[a]\ntype=endpoint\naors=a,shared\n[b]\ntype=endpoint\naors=shared\n[c]\ntype=endpoint\naors=c\n" +
        "[a]\ntype=aor\nmax_contacts=1\n[shared]\ntype=aor\nmax_contacts=3\n[c]\ntype=aor\nmailboxes=7@default",
    );
    expect(Object.keys(config.aors)).toEqual(["a", "shared", "c"]);
    expect(Object.values(config.endpoints).map((each) => each.aors)).toEqual([["a", "shared"], ["shared"], ["c"]]);
    expect(config.aors).toMatchObject({ shared: { max_contacts: 3 }, c: { mailboxes: ["7@default"] } });
  });

  const values: [lines: string, expected: Partial<EndpointConfig>][] = [
    ["mailboxes=1@a,2@b\nmailboxes=3@c", { mailboxes: ["1@a", "2@b", "3@c"] }],
    ["allow_subscribe=no", { allow_subscribe: false }],
    ["allow_subscribe=On", { allow_subscribe: true }],
    ["Sub_Min_Expiry=5\nsub_min_expiry=7", { sub_min_expiry: 7 }],
    ["device_state_busy_at=4000000", { device_state_busy_at: 1_000 }],
    ["device_state_busy_at=many", { device_state_busy_at: 0 }],
    ["identify_by=username,header,auth_username", { identify_by: ["username", "auth_username"] }],
    ["aors=nobody", { aors: [], max_contacts: 0 }],
    ["transport=nowhere", { transport: "" }],
  ];
  for (const [lines, expected] of values) {
    test(lines.replaceAll("\n", ", "), async () => expect(await endpoint(lines)).toMatchObject(expected));
  }

  test("who is identified by address: networks stay, names and ports are told of", async () => {
    const { match, text } = await endpoint(
      "",
      "[i]\ntype=identify\nendpoint=x\nmatch=10.0.0.0/8,[fd00::1]\nmatch=a.example,10.1.1.1:5060",
    );
    expect(match).toEqual(["10.0.0.0/8", "fd00::1"]);
    expect(comments(text).filter((line) => line.startsWith("# match"))).toEqual([
      "# match = a.example (pjsip.conf:8): hintd takes addresses only, without a port.",
      "# match = 10.1.1.1:5060 (pjsip.conf:8): hintd takes addresses only, without a port.",
    ]);
  });

  test("two that share a user name cannot both be known by it", async () => {
    const { config } = await pjsip(
      "[t](!)\ntype=endpoint\nauth=k\nidentify_by=auth_username,ip\n[a](t)\n[b](t)\n[k]\ntype=auth\nusername=u\npassword=p",
    );
    expect(Object.values(config.endpoints).map((each) => each.identify_by)).toEqual([["auth_username", "ip"], ["ip"]]);
  });

  test("an inbound publication lets its endpoint publish", async () => {
    const { publish, text } = await endpoint(
      "",
      "[x]\ntype=inbound-publication\nendpoint=x\nevent_asterisk-devicestate=p\n" +
        "[p]\ntype=asterisk-publication\ndevice_state=yes\ndevice_state_filter=^PJSIP/",
    );
    expect(publish).toEqual(["*"]);
    expect(text).toContain("device_state_filter = ^PJSIP/");
  });
});

describe("passwords", () => {
  const hex32 = "0123456789abcdef0123456789abcdef";
  const hex64 = hex32 + hex32;
  const cases: [title: string, auth: string, expected: EndpointConfig["auth"]][] = [
    ["a password", "username=u\npassword=p\"\\'", {
      username: "u",
      password: "p\"\\'",
      supported_algorithms_uas: ["MD5"],
    }],
    ["md5_cred", `auth_type=md5\nusername=u\nmd5_cred=${hex32.toUpperCase()}`, {
      username: "u",
      password_digest: [`MD5:${hex32}`],
      supported_algorithms_uas: ["MD5"],
    }],
    [
      "password_digest",
      `auth_type=digest\nusername=u\npassword_digest=MD5:${hex32}\npassword_digest=SHA-256:${hex64}`,
      {
        username: "u",
        password_digest: [`MD5:${hex32}`, `SHA-256:${hex64}`],
        supported_algorithms_uas: ["MD5"],
      },
    ],
    ["the algorithms that were offered", "username=u\npassword=p\nsupported_algorithms_uas=md5,sha-256", {
      username: "u",
      password: "p",
      supported_algorithms_uas: ["SHA-256", "MD5"],
    }],
    ["no user name: the endpoint's", "password=p", { username: "x", password: "p", supported_algorithms_uas: ["MD5"] }],
  ];
  for (const [title, auth, expected] of cases) {
    test(title, async () => {
      expect((await endpoint("auth=k", `[k]\ntype=auth\n${auth}`)).auth).toEqual(expected!);
    });
  }

  const shut: [title: string, auth: string][] = [
    ["there is no such section", ""],
    ["it is empty", "[k]\ntype=auth\nusername=u\npassword="],
    ["its digest is none", "[k]\ntype=auth\nusername=u\nmd5_cred=abc"],
    ["it is a provider's token", "[k]\ntype=auth\nauth_type=google_oauth\nusername=u\nrefresh_token=abc"],
  ];
  for (const [title, auth] of shut) {
    test(`an endpoint whose password cannot be carried over is shut, not open: ${title}`, async () => {
      const found = await endpoint("auth=k\npermit=10.0.0.0/8", auth);
      expect({ auth: found.auth, deny: found.deny, permit: found.permit }).toEqual({
        auth: undefined,
        deny: ["0.0.0.0/0", "::/0"],
        permit: [],
      });
      expect(found.text).toContain("# Shut, because its password could not be carried over");
    });
  }

  test("digests decide the realm; those of another realm are told of", async () => {
    const digest = (name: string, realm: string) =>
      `[${name}]\ntype=endpoint\nauth=${name}\n[${name}]\ntype=auth\nusername=${name}\nrealm=${realm}\nmd5_cred=${hex32}\n`;
    expect((await pjsip(digest("a", "one") + digest("b", "one"))).config.server.realm).toBe("one");
    const { config, text } = await pjsip(
      `[g]\ntype=global\ndefault_realm=two\n${digest("a", "one")}${digest("b", "two")}`,
    );
    expect(config.server.realm).toBe("two");
    expect(text).toContain('these digests were made for realm "one", not "two": set the password.');
    expect((await pjsip("")).config.server.realm).toBe("asterisk");
  });

  test("are in no comment", async () => {
    const { text } = await pjsip(
      "[r]\ntype=registration\noutbound_auth=r\n[r]\ntype=auth\nusername=u\npassword=hunter2\nmd5_cred=hunter3\noauth_secret=hunter4",
    );
    expect(text).not.toContain("hunter");
    expect(text).toContain("password = (not repeated here)");
  });
});

describe("access lists", () => {
  const cases: [title: string, lines: string, deny: string[], permit: string[]][] = [
    ["none", "", [], []],
    ["deny, then permit", "deny=0.0.0.0/0\npermit=10.0.0.0/255.0.0.0,fd00::/8", ["0.0.0.0/0"], [
      "10.0.0.0/8",
      "fd00::/8",
    ]],
    ["! turns a rule round", "deny=0.0.0.0/0,!10.0.0.1", ["0.0.0.0/0"], ["10.0.0.1"]],
    ["a deny behind a permit", "deny=0.0.0.0/0,::/0\npermit=10.0.0.0/31\ndeny=10.0.0.1", ["0.0.0.0/0", "::/0"], [
      "10.0.0.0",
    ]],
    ["a list of acl.conf", "acl=lan", ["0.0.0.0/0"], ["192.168.0.0/16"]],
    ["own rules and a list", "deny=0.0.0.0/0\npermit=192.168.7.0/24\nacl=lan", ["0.0.0.0/0", "::/0"], [
      "192.168.7.0/24",
      "::/0",
    ]],
    ["a list that is not there", "acl=nothing", ["0.0.0.0/0", "::/0"], []],
    ["a rule that is none", "permit=phone.example", ["0.0.0.0/0", "::/0"], []],
  ];
  for (const [title, lines, deny, permit] of cases) {
    test(title, async () => {
      const { config } = await pjsip(`[x]\ntype=endpoint\n${lines}`, {
        "acl.conf": "[lan]\ndeny=0.0.0.0/0\npermit=192.168.0.0/16",
      });
      expect({ deny: config.endpoints.x!.deny, permit: config.endpoints.x!.permit }).toEqual({ deny, permit });
    });
  }

  test("of everybody count for every endpoint, contacts apart", async () => {
    const { config } = await pjsip(
      "[a]\ntype=acl\ndeny=0.0.0.0/0,::/0\npermit=10.0.0.0/8\ncontact_deny=10.9.0.0/16\n" +
        "[x]\ntype=endpoint\n[y]\ntype=endpoint\ndeny=10.0.0.0/9",
    );
    expect(config.endpoints.x).toMatchObject({
      deny: ["0.0.0.0/0", "::/0"],
      permit: ["10.0.0.0/8"],
      contact_deny: ["10.9.0.0/16"],
    });
    expect(config.endpoints.y).toMatchObject({ deny: ["0.0.0.0/0", "::/0"], permit: ["10.128.0.0/9"] });
  });
});

describe("hints", () => {
  const cases: [title: string, lines: string, hints: Record<string, string>][] = [
    ["exten", "exten => 1,hint,PJSIP/a", { "1": "PJSIP/a" }],
    ["same, with a label", "exten => 1,1,NoOp\n same => hint(lamp),PJSIP/a", { "1": "PJSIP/a" }],
    ["in any case", "EXTEN => 1,HINT,PJSIP/a", { "1": "PJSIP/a" }],
    ["presence and name", "exten => 1,hint,PJSIP/a&Custom:b,CustomPresence:c(Ann (home))", {
      "1": "PJSIP/a&Custom:b,CustomPresence:c(Ann (home))",
    }],
    ["patterns, commas in sets", "exten => _[1,3]X.,hint,PJSIP/${EXTEN:1}", { "_[1,3]X.": "PJSIP/${EXTEN:1}" }],
    ["global variables", "exten => ${N},hint,${D}/${GLOBAL(N)}&Custom:${N:1}-${N:0:2}-${N:-1}", {
      "4711": "PJSIP/4711&Custom:711-47-1",
    }],
    ["variables of variables", "exten => 1,hint,PJSIP/${A}", { "1": "PJSIP/4711-x" }],
    ["the first of two counts", "exten => 1,hint,PJSIP/a\nexten => 1,hint,PJSIP/b", { "1": "PJSIP/a" }],
    ["devices that nobody provides go", "exten => 1,hint,PJSIP/a&DAHDI/1(Ann)", { "1": "PJSIP/a(Ann)" }],
    ["a hint of only those goes", "exten => 1,hint,Queue:a", {}],
    ["one for a caller goes", "exten => 1/2,hint,PJSIP/a", {}],
    ["one with a function goes", "exten => 1,hint,Custom:${DB(a/b)}", {}],
    ["one with an expression goes", "exten => 1,hint,Custom:$[1 + 2]", {}],
    ["one with a variable that nobody sets goes", "exten => 1,hint,Custom:${NOBODY}", {}],
    ["one without anything goes", "exten => 1,hint", {}],
    ["a broken pattern goes", "exten => _[1,hint,PJSIP/a", {}],
    ["names that TOML quotes", 'exten => *97#,hint,Custom:"q"\\s(Ä "b")', { "*97#": 'Custom:"q"\\s(Ä "b")' }],
  ];
  for (const [title, lines, hints] of cases) {
    test(title, async () => {
      const { config } = await dialplan(
        `[globals]\nD=PJSIP\nN => 4711\nA=\${N}-x\n[c]\nexten => z,hint,Custom:z\n${lines}`,
      );
      const { z: _z, ...found } = config.contexts.c!.hints;
      expect(found).toEqual(hints);
    });
  }

  test("every one that goes stays as a comment with its place and why", async () => {
    const { text } = await dialplan("[c]\nexten => 1,hint,PJSIP/a\nexten => 2,hint,Park:2@p");
    expect(text).toContain(
      "# extensions.conf:3: nobody provides Park:2@p here; a Custom: device that somebody sets can stand for it\n" +
        '# 2 = "Park:2@p"\n',
    );
  });

  test("contexts of one name are one; includes lead only to hints", async () => {
    const { config, text } = await dialplan(
      "[a]\ninclude => b\ninclude => calls\ninclude => gone\ninclude => c,9:00-17:00,*,*,*\n[b]\ninclude => a\n" +
        "[c]\nautohints=yes\n[calls]\nexten => 1,1,Dial(x)\n[b]\nexten => 1,hint,PJSIP/a",
    );
    expect(Object.keys(config.contexts)).toEqual(["a", "b", "c"]);
    expect(config.contexts.a!.include).toEqual(["b", "c"]);
    expect(config.contexts.b).toMatchObject({ include: ["a"], hints: { "1": "PJSIP/a" } });
    expect(config.contexts.c!.autohints).toBe(true);
    expect(text).toContain("# Included too, without hints: calls, gone.");
    expect(text).toContain("hintd includes it at all times");
    expect(text).toContain("# A context without hints (1 line for calls), no counterpart: calls.");
  });

  test("variables that make each other longer come to an end", async () => {
    const doubling = Array.from({ length: 64 }, (_, i) => `V${i + 1} = \${V${i}}\${V${i}}`).join("\n");
    const { config } = await dialplan(
      `[globals]\nV0 = x\n${doubling}\n[c]\nexten => 1,hint,Custom:\${V3}\nexten => 2,hint,Custom:\${V64}`,
    );
    expect(config.contexts.c!.hints["1"]).toBe("Custom:xxxxxxxx");
    expect(config.contexts.c!.hints["2"]!.length).toBeLessThan(5_000);
  });
});

describe("the wizard", () => {
  test("makes endpoint, AOR, credentials and hint", async () => {
    const { config } = await importFiles({
      "pjsip_wizard.conf":
        "[x]\ntype=wizard\naccepts_auth=yes\naccepts_registrations=yes\nhas_hint=yes\nhint_exten=7\n" +
        "inbound_auth/password=p\nendpoint/context=office\naor/max_contacts=4\ntransport=lan",
      "pjsip.conf": "[lan]\ntype=transport\nprotocol=tcp\nbind=127.0.0.1:5070",
    });
    expect(config.endpoints.x).toMatchObject({
      auth: { username: "x", password: "p" },
      context: "office",
      max_contacts: 4,
      transport: "lan",
    });
    expect(config.contexts.office!.hints).toEqual({ "7": "PJSIP/x" });
  });

  test("makes contacts and addresses of remote hosts", async () => {
    const { config, text } = await importFiles({
      "pjsip_wizard.conf": "[x]\ntype=wizard\nremote_hosts=10.0.0.1:5062,10.0.0.2\nsends_registrations=yes\n" +
        "contact_pattern=sip:pbx@${REMOTE_HOST}\nserver_uri_pattern=sip:${REMOTE_HOST}\nnonsense=1",
    });
    expect(config.endpoints.x).toMatchObject({
      match: ["10.0.0.1", "10.0.0.2"],
      contact: ["sip:pbx@10.0.0.1:5062", "sip:pbx@10.0.0.2"],
    });
    expect(text).toContain("type = registration, hintd registers nowhere: server_uri_pattern");
    expect(text).toContain('"nonsense" is no option of the wizard');
  });
});

describe("the rest", () => {
  const binds: [transport: string, bind: string | undefined][] = [
    ["", "udp 0.0.0.0:5060"],
    ["bind=10.0.0.1", "udp 10.0.0.1:5060"],
    ["protocol=tcp\nbind=10.0.0.1:5070", "tcp 10.0.0.1:5070"],
    ["bind=fd00::1", "udp [fd00::1]:5060"],
    ["bind=[::]", "udp [::]:5060"],
    ["bind=[::1]:5080", "udp [::1]:5080"],
    ["bind=pbx.example", undefined],
    ["protocol=wss", undefined],
    ["protocol=flow", undefined],
  ];
  for (const [lines, bind] of binds) {
    test(`a transport with ${lines.replaceAll("\n", ", ") || "nothing"} listens on ${bind ?? "nothing yet"}`, async () => {
      const { config, text } = await pjsip(`[t]\ntype=transport\n${lines}`);
      const [found] = config.listen;
      if (bind !== undefined) expect(`${found!.transport} ${found!.bind}`).toBe(bind);
      else {
        expect(text).toContain("# Not in force: ");
        expect(text).toContain('# name = "t"');
        expect(config.listen.map((each) => each.bind)).toEqual(["0.0.0.0:5060"]);
      }
    });
  }

  test("options of [global] and [system]", async () => {
    const { config } = await pjsip(
      "[g]\ntype=global\nignore_uri_user_options=yes\nmwi_disable_initial_unsolicited=yes\nmax_initial_qualify_time=9\n" +
        "default_auth_algorithms_uas=SHA-256\n[s]\ntype=system\ntimer_t1=50\ntimer_b=9000000\n" +
        "[x]\ntype=endpoint\nauth=x\n[x]\ntype=auth\nusername=x\npassword=p",
    );
    expect(config.server).toMatchObject({
      ignore_uri_user_options: true,
      mwi_disable_initial_unsolicited: true,
      max_initial_qualify_time: 9,
    });
    expect(config.timers).toEqual({ t1_ms: 100, timer_b_ms: 120_000 });
    expect(config.endpoints.x!.auth!.supported_algorithms_uas).toEqual(["SHA-256"]);
  });

  test("resource lists and publications that lack something are not in force", async () => {
    const { config, text } = await pjsip(
      "[a]\ntype=resource_list\nevent=dialog\nlist_item=1,a,1\n[b]\ntype=resource_list\nevent=weather\nlist_item=1\n" +
        "[p]\ntype=outbound-publish\nserver_uri=sip:p.example\nevent=asterisk-mwi\n[q]\ntype=outbound-publish\nevent=dialog",
    );
    expect(config.lists).toMatchObject({ a: { list_item: ["1"] } });
    expect(Object.keys(config.lists)).toEqual(["a"]);
    expect(Object.keys(config.outbound_publish)).toEqual(["p"]);
    expect(text).toContain("# [lists.b]");
    expect(text).toContain("# [outbound_publish.q]");
  });

  test("a type that nobody knows is told of, of two objects the later holds", async () => {
    const { text, remarks, config } = await pjsip(
      "[a]\ntype=weather\nsun=yes\n[x]\ntype=endpoint\ncontext=one\n[x]\ntype=endpoint\ncontext=two\n[y]\na=1",
    );
    expect(text).toContain("[a] type = weather, no counterpart: sun = yes");
    expect(config.endpoints.x!.context).toBe("two");
    expect(remarks).toEqual([
      "pjsip.conf:4: [x] of type endpoint is there again at pjsip.conf:7, which holds",
      "pjsip.conf:10: [y] has no type: Asterisk does not read it",
    ]);
  });

  test("files that are not read are told of", async () => {
    const { remarks } = await importFiles({ "pjsip.conf": "", "extensions.ael": "x", "sip.conf": "y" });
    expect(remarks.map((remark) => remark.split(":")[0])).toEqual(["extensions.ael", "sip.conf"]);
  });

  test("control characters cannot leave a comment or a value", async () => {
    const { text, config } = await pjsip(
      "[x]\ntype=endpoint\ncontext=a\u0007\u001b[2J\u007fb\nallow=\u0000\rinjected = 1",
    );
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(config.endpoints.x!.context).toBe("a\u0007\u001b[2J\u007fb");
  });

  test("errors of all files come at once", () => {
    expect(errorsOf({ "pjsip.conf": "[a", "extensions.conf": "#include x", "acl.conf": "[b" })).toEqual([
      'pjsip.conf:1: "[a" has no "]"',
      'acl.conf:1: "[b" has no "]"',
      'extensions.conf:1: there is no file "x"',
    ]);
    expect(errorsOf({ "voicemail.conf": "" })).toEqual(["memory: there is neither pjsip.conf nor extensions.conf"]);
  });

  test("the same files give the same text", () => {
    const text = () => importAsterisk(diskDirectory(fixture("freepbx")), "freepbx");
    expect(text()).toEqual(text());
    expect(importAsterisk(memoryDirectory({ "pjsip.conf": "" }), "x")).not.toHaveProperty("errors");
  });
});

test("what is read in part, or not at all, is told of", async () => {
  const { text } = await pjsip(
    "[g]\ntype=global\nuser_agent=one\n[h]\ntype=global\nuser_agent=two\n[x]\ntype=endpoint\nauth=k\n" +
      "[k]\ntype=auth\nusername=u\npassword=p\nnonce_lifetime=64\nrealm=r\n[l]\ntype=acl\ndeny=10.0.0.1\nspeed=9",
    { "acl.conf": "[lan]\ndeny=0.0.0.0/0", "extensions.conf": "[c]\nswitch => IAX2/x" },
  );
  expect(comments(text)).toEqual(expect.arrayContaining([
    "# No counterpart (pjsip.conf:10): nonce_lifetime = 64; realm = r",
    "# pjsip.conf:1: [g] type = global, the last section of this type counts: user_agent = one",
    "# pjsip.conf:16: [l] type = acl, no counterpart: speed = 9",
    "# acl.conf:1: [lan], no endpoint obeys this list",
    "# A context without hints (1 line for calls), no counterpart: c.",
  ]));
});
