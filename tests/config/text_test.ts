import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorsOf, judged, warningsOf } from "./judging.ts";

/** The text of a file of these bytes, as whoever loads a configuration reads it. */
function read(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

describe("a text that is no TOML", () => {
  test.each([
    ["[server", "1:2: incomplete key-value: cannot find end of key"],
    [
      '[server]\nrealm "hintd"',
      '2:7: illegal character in key; "=" follows a name, and one such as "*98" or "_[2-5]X" stands in quotes',
    ],
    ["= 5", "1:1: unexpected end of key"],
    ['[server]\nrealm = "hintd', "2:9: unfinished string"],
    ["[server]\nrealm = 'hintd\n'", "2:15: control characters are not allowed in strings"],
    ['[server]\nrealm = """hintd', "2:9: unfinished string"],
    ["[server]\nrealm =", '2:8: invalid value; a text stands in quotes, as in "PJSIP/alice"'],
    ["[server]\nrealm = hintd", '2:9: invalid value; a text stands in quotes, as in "PJSIP/alice"'],
    ["[server]\nmax_expiry = 1h", "2:15: illegal character in numeric literal"],
    ["[server]\nmax_expiry = 0100", "2:14: illegal leading zero"],
    ["[server]\nmax_expiry = 99999999999999999999", "2:14: integer value cannot be represented losslessly"],
    [
      '[server]\nrealm = "a" user_agent = "b"',
      "2:13: each key-value declaration must be followed by an end-of-line",
    ],
    [
      '[server]\nrealm = "a"\nrealm = "b"',
      "3:1: trying to redefine an already defined table or value; the same name stands further up",
    ],
    [
      "[server]\n[http]\n[server]",
      "3:2: trying to redefine an already defined table or value; the same name stands further up",
    ],
    [
      '[contexts.default.hints]\n*98 = "Custom:a"',
      '2:1: illegal character in key; "=" follows a name, and one such as "*98" or "_[2-5]X" stands in quotes',
    ],
    [
      '[contexts.default.hints]\n_[2-5]X = "Custom:a"',
      '2:2: illegal character in key; "=" follows a name, and one such as "*98" or "_[2-5]X" stands in quotes',
    ],
    ["[endpoints]\nalice = { context = 'a'", "2:24: expected comma or end of structure"],
    [`x = ${"[".repeat(100_000)}`, "1:1005: document contains excessively nested structures. aborting."],
    ['[server]\nrealm = "a\u0000b"', "2:11: control characters are not allowed in strings"],
  ])("%#: it is refused where it breaks", async (file, error) => {
    expect(await errorsOf(file)).toEqual([`config.toml:${error}`]);
  });
});

describe("bytes", () => {
  test("what is not UTF-8 is refused where it begins", async () => {
    const latin1 = new Uint8Array([...'[server]\nrealm = "B\u00fcro"'].map((char) => char.charCodeAt(0)));
    expect(await errorsOf(read(latin1))).toEqual(["config.toml:2:11: the file is not UTF-8 here; save it as UTF-8"]);
    const utf16 = new Uint8Array([0xff, 0xfe, ...[..."[server]"].flatMap((char) => [char.charCodeAt(0), 0])]);
    expect(await errorsOf(read(utf16))).toEqual(["config.toml:1:1: the file is not UTF-8 here; save it as UTF-8"]);
  });

  test("a byte order mark and Windows line ends are none of the operator's faults", async () => {
    const file = '\uFEFF[server]\r\nrealm = "Büro ☎"\r\nreelm = "a"\r\n';
    expect(await errorsOf(read(new TextEncoder().encode(file)))).toEqual([
      'config.toml:3:1: server.reelm: there is no such option; did you mean "realm"?',
    ]);
  });

  test("columns count characters, not bytes", async () => {
    expect(await errorsOf('[endpoints."Zoë"]\nauth = { username = "Zoë", password = "☎", max_contacts = 1 }')).toEqual([
      'config.toml:2:44: endpoints."Zoë".auth.max_contacts: there is no such option',
    ]);
  });

  test("a file that is too large is not read", async () => {
    expect(await errorsOf(`# ${"x".repeat(8 * 1024 * 1024)}`)).toEqual([
      "config.toml:1:1: the file is larger than 8388608 characters",
    ]);
  });
});

describe("size", () => {
  const hints = (hint: (i: number) => string) =>
    `[contexts.default.hints]\n${Array.from({ length: 10_000 }, (_, i) => `${i} = ${hint(i)}`).join("\n")}\n`;

  test("ten thousand hints are a configuration", async () => {
    expect(await errorsOf(hints((i) => `"Custom:d${i}"`))).toEqual([]);
  });

  test("ten thousand mistakes are told, each in its place", async () => {
    const errors = await errorsOf(hints(() => "5"));
    expect(errors.length).toBe(10_000);
    expect(errors[9_999]).toStartWith("config.toml:10001:8: contexts.default.hints.9999: found 5; expected a text");
  });

  test("ten thousand names that may be one of a thousand others are told, the first ones with what was meant", async () => {
    const endpoints = Array.from({ length: 1_000 }, (_, i) => `[endpoints.phone${i}]\nmatch = ["::1"]\n`).join("");
    const warnings = (await warningsOf(hints((i) => `"PJSIP/fone${i}"`) + endpoints))
      .filter((warning) => warning.includes("there is no endpoint"));
    expect(warnings.length).toBe(10_000);
    expect(warnings[7]).toEndWith('there is no endpoint "fone7": its lamp stays unavailable; did you mean "phone7"?');
    expect(warnings[9_999]).toEndWith("its lamp stays unavailable");
  });

  test("a key of fifty thousand parts is one unknown option", async () => {
    expect(await errorsOf(`${"a.".repeat(50_000)}a = 1`)).toEqual(["config.toml:1:1: a: there is no such option"]);
  });
});

describe("several mistakes", () => {
  test("are told at once, in the order of the file, whatever finds them", async () => {
    const file = `
[server]
realm = 7
max_expiry = 30
reelm = "a"

[[listen]]
transport = "udb"
bind = "0.0.0.0:5060"

[http]
bind = "0.0.0.0:8080"

[endpoints.alice]
auth = { username = "alice" }
match = ["192.168.1.300", "10.0.0.0/8", 7]
contact = ["alice"]

[contexts.default.hints]
1000 = "PJSPI/alice"
1001 = 5

[lists.sales]
event = "presense"
`;
    expect(await errorsOf(file)).toEqual([
      "config.toml:2:2: server.min_expiry: found 60; it cannot be above max_expiry (30)",
      "config.toml:3:9: server.realm: found 7; expected a text that is not empty",
      'config.toml:5:1: server.reelm: there is no such option; did you mean "realm"?',
      'config.toml:8:13: listen[0].transport: found "udb"; expected "udp", "tcp", "tls", "ws" or "wss"; ' +
      'did you mean "udp"?',
      'config.toml:12:8: http.bind: "0.0.0.0:8080" can be reached from outside: password_hash is needed ' +
      "(hintd hash-password)",
      "config.toml:15:8: endpoints.alice.auth: needs either password or password_digest",
      'config.toml:16:10: endpoints.alice.match[0]: found "192.168.1.300"; expected addresses or networks, ' +
      'such as "192.168.1.20", "192.168.1.0/24" or "fd00::/8"',
      "config.toml:16:41: endpoints.alice.match[2]: found 7; expected addresses or networks, " +
      'such as "192.168.1.20", "192.168.1.0/24" or "fd00::/8"',
      'config.toml:17:12: endpoints.alice.contact[0]: "alice" is no SIP URI (URI scheme expected); ' +
      'accepted are such as "sip:alice@192.168.1.20:5060"',
      'config.toml:20:8: contexts.default.hints.1000: nobody provides the device "PJSPI/alice"; accepted are ' +
      'PJSIP/name, SIP/name, Custom:name, MWI:box@context; did you mean "PJSIP/alice"?',
      "config.toml:21:8: contexts.default.hints.1001: found 5; expected a text such as " +
      '"PJSIP/alice&Custom:door,CustomPresence:alice(Alice)"',
      'config.toml:23:2: lists.sales.list_item: is missing; expected a list such as ["1000", "1001"]',
      'config.toml:24:9: lists.sales.event: found "presense"; expected "presence", "dialog" or "message-summary"; ' +
      'did you mean "presence"?',
    ]);
  });

  test("of what endpoints share are told once, where they were made", async () => {
    const file = `
[defaults.endpoint]
max_contacts = -1
auth = { password = "geheim" }
[endpoints.alice]
[endpoints.bob]
max_contacts = 500
`;
    expect(await errorsOf(file)).toEqual([
      "config.toml:3:16: defaults.endpoint.max_contacts: found -1; expected a whole number from 0 to 100",
      "config.toml:4:1: defaults.endpoint.auth.username: is missing; expected a text that is not empty",
      "config.toml:7:16: endpoints.bob.max_contacts: found 500; expected a whole number from 0 to 100",
    ]);
  });
});

describe("what is shared and what is left out", () => {
  test("an endpoint has what [defaults.endpoint] says, what it says itself goes before", async () => {
    const loaded = await judged(`
[defaults.endpoint]
context = "office"
max_contacts = 3
deny = ["0.0.0.0/0"]
[endpoints.alice]
[endpoints.bob]
max_contacts = 1
deny = []
`);
    expect("config" in loaded ? loaded.config.endpoints : {}).toMatchObject({
      alice: { context: "office", max_contacts: 3, deny: ["0.0.0.0/0"], sub_min_expiry: 60 },
      bob: { context: "office", max_contacts: 1, deny: [], sub_min_expiry: 60 },
    });
  });

  test("a listener without a name is called by its transport and socket", async () => {
    const loaded = await judged('[[listen]]\ntransport = "tcp"\nbind = "[::1]:5060"');
    expect("config" in loaded ? loaded.config.listen.map(({ name }) => name) : []).toEqual(["tcp [::1]:5060"]);
  });

  test("an empty file is a configuration", async () => {
    const loaded = await judged("");
    expect("config" in loaded ? Object.keys(loaded.config).length : 0).toBeGreaterThan(8);
  });

  test("names are only there when they were written", async () => {
    const loaded = await judged("[endpoints.toString]\n[contexts.default]");
    if (!("config" in loaded)) throw new Error("It has no errors");
    expect("toString" in loaded.config.endpoints).toBe(true);
    expect("constructor" in loaded.config.endpoints).toBe(false);
    expect("toString" in loaded.config.contexts).toBe(false);
  });
});

test("no value that stands where a secret does is ever told", async () => {
  const shapes = [
    "'geheim'",
    "4711",
    "['geheim']",
    "[4711]",
    "{ geheim = 4711 }",
    "[{ value = 'geheim' }]",
    "[['geheim']]",
  ];
  const keys = [
    ...["[endpoints]\nalice", "[endpoints.alice]\nauth", "[endpoints.alice]\npassword", "[endpoints.alice]\nauth.pass"],
    ...["[endpoints.alice.auth]\npassword", "[endpoints.alice.auth]\npassword_digest", "[defaults]\nendpoint"],
    ...["[defaults.endpoint]\nauth", "[http]\npassword_hash", "[http]\ntokens", "[outbound_publish.trunk]\nauth"],
    ...["[[webhooks]]\nsecret", "[[webhooks]]\nurl"],
    ...["[outbound_publish.trunk.auth]\npassword", "[[http.tokens]]\nhash", "[outbound_publish]\ntrunk", "endpoints"],
  ];
  for (const key of keys) {
    for (const shape of shapes) {
      const said = [...await errorsOf(`${key} = ${shape}`), ...await warningsOf(`${key} = ${shape}`)].join("\n");
      expect({ key, shape, said: /defaults|endpoints|http|webhooks|outbound_publish/.test(said) }).toEqual({
        key,
        shape,
        said: true,
      });
      // The name of an option is told, and "geheim" is one in a table.
      expect(said).not.toMatch(/4711|'geheim'|"geheim"/);
    }
  }
});

test("the shipped config.toml has no errors, and warns of its passwords", async () => {
  const file = readFileSync(join(import.meta.dir, "../../config.toml"), "utf8");
  expect(await errorsOf(file)).toEqual([]);
  expect((await warningsOf(file)).filter((warning) => !warning.includes("is the demo password"))).toEqual([]);
});
