/** What the registrar does beyond RFC 3261 §10.3: room, NAT, lists of who may register what, restarts, reloads, lost connections. */
import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import {
  aorOptions,
  bench,
  config,
  contactsIn,
  endpoint,
  flow,
  lines,
  MemoryBindings,
  registerRequest,
} from "./support.ts";

const at = (host: number) => `<sip:alice@192.0.2.${host}>`;
const uris = (outcome: ReturnType<typeof contactsIn>) =>
  typeof outcome === "number" ? outcome : outcome.map((value) => value.slice(0, value.indexOf(";")));
const only = (options: Parameters<typeof endpoint>[0]) => config({ endpoints: { alice: endpoint(options) } });

describe("room in an address-of-record", () => {
  test("max_contacts without remove_existing refuses the next contact with 403, not the refresh of a former one", () => {
    const { register } = bench({ config: only({ max_contacts: 2, remove_existing: false }) });
    register({ contact: [at(1), at(2)] });
    expect(lines(register({ contact: at(3), cseq: 2 }))).toEqual(["403 Too Many Contacts"]);
    expect(uris(contactsIn(register({ contact: at(2), cseq: 2 })))).toEqual([at(1), at(2)]);
  });
  test("remove_existing pushes out what expires soonest, and only as many as need be", () => {
    const { register } = bench({ config: only({ max_contacts: 3, remove_existing: true }) });
    register({ contact: [`${at(1)};expires=300`, `${at(2)};expires=100`, `${at(3)};expires=200`] });
    expect(uris(contactsIn(register({ contact: at(4), cseq: 2 })))).toEqual([at(1), at(3), at(4)]);
  });
  test("remove_existing does not help when one request brings more than fit", () => {
    const { register } = bench({ config: only({ max_contacts: 2, remove_existing: true }) });
    register({ contact: at(9) });
    expect(register({ contact: [at(1), at(2), at(3)], cseq: 2 }).status).toBe(403);
    expect(uris(contactsIn(register({ callId: "query" })))).toEqual([at(9)]);
  });
  test("a contact that is removed by the same request makes room", () => {
    const { register } = bench({ config: only({ max_contacts: 1, remove_existing: false }) });
    register({ contact: at(1) });
    expect(uris(contactsIn(register({ contact: [at(2), `${at(1)};expires=0`], cseq: 2 })))).toEqual([at(2)]);
  });
  test("a phone that names its contact both as new and as old stays registered", () => {
    const { register } = bench();
    register({ contact: at(1) });
    expect(uris(contactsIn(register({ contact: [at(1), `${at(1)};expires=0`], cseq: 2 })))).toEqual([at(1)]);
    expect(contactsIn(register({ contact: [`${at(2)};q=0.1`, `${at(2)};q=0.2`], cseq: 3 }))).toEqual([
      `${at(1)};expires=3600`,
      `${at(2)};expires=3600;q=0.2`,
    ]);
  });
  test("a phone that replaces its only contact leaves no moment without one", () => {
    const { register, told } = bench({ config: only({ max_contacts: 1 }) });
    register({ contact: at(1) });
    told.length = 0;
    register({ contact: at(2), callId: "c2" });
    expect(told).toEqual(["added sip:alice@192.0.2.2 unqualified", "removed sip:alice@192.0.2.1 unqualified"]);
  });
  test("permanent contacts take no room and are not listed", () => {
    const { register, registrar } = bench({ config: only({ max_contacts: 1, contact: ["sip:desk@192.0.2.7"] }) });
    expect(uris(contactsIn(register({ contact: at(1) })))).toEqual([at(1)]);
    expect(registrar.snapshot().map(({ uri, isPermanent }) => [uri, isPermanent])).toEqual([
      ["sip:desk@192.0.2.7", true],
      ["sip:alice@192.0.2.1", false],
    ]);
  });
  test("* leaves permanent contacts alone", () => {
    const { register, registrar } = bench({ config: only({ max_contacts: 1, contact: ["sip:desk@192.0.2.7"] }) });
    register({ contact: "*", expires: 0 });
    expect(registrar.snapshot()).toHaveLength(1);
  });
  test("a narrowed max_contacts does not refuse refreshes", () => {
    const { register, registrar } = bench({ config: only({ max_contacts: 3, remove_existing: false }) });
    register({ contact: [at(1), at(2), at(3)] });
    registrar.replaceConfig(only({ max_contacts: 1, remove_existing: false }));
    expect(register({ contact: at(2), cseq: 2 }).status).toBe(200);
    expect(register({ contact: at(4), cseq: 2 }).status).toBe(403);
  });
});

describe("remove_unavailable", () => {
  /** Ten seconds into a test with three contacts of which 192.0.2.2 does not answer. */
  function probed(options: Parameters<typeof endpoint>[0]) {
    const all = bench({ config: only({ max_contacts: 3, qualify_frequency: 60, rewrite_contact: true, ...options }) });
    for (const host of [1, 2, 3]) {
      all.register(
        { contact: at(host), callId: `c${host}`, expires: 100 * host },
        { flow: flow({ remoteAddress: `192.0.2.${host}` }) },
      );
    }
    all.clock.advance(1_100);
    for (const probe of all.probes) if (probe.flow.remoteAddress !== "192.0.2.2") probe.answer();
    all.clock.advance(5_000);
    return all;
  }
  test("pushes out the unreachable one where nothing else may go", () => {
    const { register } = probed({ remove_existing: false, remove_unavailable: true });
    expect(uris(contactsIn(register({ contact: at(4), callId: "c4" })))).toEqual([at(1), at(3), at(4)]);
    expect(register({ contact: at(5), callId: "c5" }).status).toBe(403);
  });
  test("with remove_existing, unreachable ones go before those that expire soonest", () => {
    const { register } = probed({ remove_existing: true, remove_unavailable: true });
    expect(uris(contactsIn(register({ contact: at(4), callId: "c4" })))).toEqual([at(1), at(3), at(4)]);
    expect(uris(contactsIn(register({ contact: at(5), callId: "c5" })))).toEqual([at(3), at(4), at(5)]);
  });
  test("without it, the one that expires soonest goes", () => {
    const { register } = probed({ remove_existing: true, remove_unavailable: false });
    expect(uris(contactsIn(register({ contact: at(4), callId: "c4" })))).toEqual([at(2), at(3), at(4)]);
  });
});

describe("bounds", () => {
  test("a phone that registers 10,000 contacts meets its limit", () => {
    const { register, registrar } = bench({ config: only({ max_contacts: 100_000, remove_existing: false }) });
    const statuses = new Map<number, number>();
    for (let i = 0; i < 10_000; i++) {
      const { status } = register({ contact: `<sip:alice@192.0.2.1:${1_024 + i}>`, cseq: i + 1 });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([[200, limits.contactsPerAor], [403, 10_000 - limits.contactsPerAor]]);
    expect(registrar.contactCount).toBe(limits.contactsPerAor);
  });
  test("so does one that does it in one request", () => {
    const { register, registrar } = bench({ config: only({ max_contacts: 100_000 }) });
    const contacts = Array.from(
      { length: limits.contactsPerRegister + 1 },
      (_, i) => `<sip:alice@192.0.2.1:${5_000 + i}>`,
    );
    expect(register({ contact: contacts.join(", ") }).status).toBe(403);
    expect(registrar.contactCount).toBe(0);
    expect(register({ contact: contacts.slice(1).join(", ") }).status).toBe(200);
  });
  test("the appliance takes so many contacts and asks the next phone to come again", () => {
    const names = Array.from({ length: limits.bindingCount / limits.contactsPerRegister + 1 }, (_, i) => `p${i}`);
    const { registrar } = bench({
      config: config({
        endpoints: Object.fromEntries(names.map((name) => [name, endpoint({ max_contacts: 64 })])),
      }),
    });
    const contact = Array.from({ length: limits.contactsPerRegister }, (_, i) => `<sip:x@192.0.2.1:${5_000 + i}>`)
      .join();
    const statuses = names.map((name) =>
      registrar.register(registerRequest({ to: `sip:${name}@example.org`, contact }), { endpoint: name, flow: flow() })
        .status
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([503]);
    expect(registrar.contactCount).toBeLessThanOrEqual(limits.bindingCount);
  });
  test("a contact too long to be kept is refused with 400", () => {
    const { register } = bench();
    const long = "x".repeat(limits.bindingTextChars);
    expect(register({ contact: `<sip:alice@192.0.2.1;a=${long}>` }).status).toBe(400);
    expect(register({ contact: `${at(1)};a=${long}` }).status).toBe(400);
    expect(register({ contact: at(1), callId: long }).status).toBe(400);
    expect(register({ contact: at(1), userAgent: long }).status).toBe(200);
  });
});

describe("contacts that are no contacts", () => {
  const cases: [string, string, string][] = [
    ["tel", "<tel:+4930>", "400 Contact URI Is Neither sip Nor sips"],
    ["mailto", "<mailto:a@example.org>", "400 Contact URI Is Neither sip Nor sips"],
    ["q above 1", `${at(1)};q=1.5`, "400 Bad Contact header: q"],
    ["q with four decimals", `${at(1)};q=0.1234`, "400 Bad Contact header: q"],
    ["q that is a word", `${at(1)};q=high`, "400 Bad Contact header: q"],
    ["q without value", `${at(1)};q`, "400 Bad Contact header: q"],
    ["reg-id 0 (RFC 5626 §B)", `${at(1)};reg-id=0;+sip.instance="<urn:x>"`, "400 Bad Contact header: reg-id"],
    ["reg-id that is a word", `${at(1)};reg-id=one;+sip.instance="<urn:x>"`, "400 Bad Contact header: reg-id"],
  ];
  test.each(cases)("%s is refused", (_what, contact, expected) => {
    expect(lines(bench().register({ contact }))).toEqual([expected]);
  });
  test.each(["0", "1", "0.", "0.5", "0.125", "1.000"])("q=%s is taken", (q) => {
    expect(bench().register({ contact: `${at(1)};q=${q}` }).status).toBe(200);
  });
  test("a host that contact_deny names is refused with 403, whole request", () => {
    const { register, registrar, world } = bench();
    world.deniedHosts.push("192.0.2.66");
    expect(register({ contact: [at(1), at(66)] }).status).toBe(403);
    expect(registrar.contactCount).toBe(0);
  });
});

describe("phones behind NAT (rewrite_contact)", () => {
  const rewriting = only({ max_contacts: 5, rewrite_contact: true });
  const home = (port: number) => flow({ remoteAddress: "198.51.100.1", remotePort: port });
  const office = (port: number) => flow({ remoteAddress: "198.51.100.2", remotePort: port });

  test("requests go back to where the REGISTER came from; the 200 repeats the phone's own Contact", () => {
    const { register, registrar } = bench({ config: rewriting });
    const from = home(40_000);
    expect(contactsIn(register({ contact: at(1) }, { flow: from }))).toEqual([`${at(1)};expires=3600`]);
    const [binding] = registrar.contactsOf("alice");
    expect(binding?.flow).toBe(from);
    expect(binding?.record.source).toEqual({
      listener: "lan",
      transport: "udp",
      address: "198.51.100.1",
      port: 40_000,
    });
  });
  test("a phone whose NAT gives it another port stays one contact", () => {
    const { register, registrar } = bench({ config: rewriting });
    register({ contact: at(1), cseq: 1 }, { flow: home(40_000) });
    register({ contact: at(1), cseq: 2 }, { flow: home(40_001) });
    expect(registrar.snapshot().map(({ source }) => source)).toEqual(["udp 198.51.100.1:40001"]);
  });
  test("a phone that moves keeps its contact by its Call-ID", () => {
    const { register, registrar } = bench({ config: rewriting });
    register({ contact: at(1), cseq: 1 }, { flow: home(40_000) });
    register({ contact: at(1), cseq: 2 }, { flow: office(40_000) });
    expect(registrar.snapshot().map(({ source }) => source)).toEqual(["udp 198.51.100.2:40000"]);
  });
  test("two phones with one private URI behind two NATs are two contacts", () => {
    const { register, registrar } = bench({ config: rewriting });
    register({ contact: at(1), callId: "c1" }, { flow: home(40_000) });
    register({ contact: at(1), callId: "c2" }, { flow: office(40_000) });
    expect(registrar.contactCount).toBe(2);
    register({ contact: at(1), callId: "c2", cseq: 2, expires: 0 }, { flow: office(40_000) });
    expect(registrar.snapshot().map(({ source }) => source)).toEqual(["udp 198.51.100.1:40000"]);
  });
  test("without it, UDP contacts are reached by their URI", () => {
    const { register, registrar } = bench();
    register({ contact: at(1) }, { flow: home(40_000) });
    expect(registrar.contactsOf("alice")[0]?.flow).toBeUndefined();
  });
});

describe("connections", () => {
  const cases: [string, string, boolean, number][] = [
    ["TCP with rewrite_contact", "tcp", true, 0],
    ["TLS with rewrite_contact", "tls", true, 0],
    ["WebSocket", "ws", false, 0],
    ["WebSocket over TLS", "wss", false, 0],
    ["TCP whose Contact says where to connect", "tcp", false, 1],
  ];
  test.each(cases)("%s: the close of the connection decides", (_what, transport, rewrite_contact, left) => {
    const { register, registrar, port, counters } = bench({ config: only({ rewrite_contact }) });
    const connection = flow({ transport });
    register({ contact: at(1) }, { flow: connection });
    expect(registrar.contactsOf("alice")[0]?.flow).toBe(connection);
    connection.isOpen = false;
    registrar.flowClosed(connection);
    expect(registrar.contactCount).toBe(left);
    expect(port.records.size).toBe(left);
    expect(registrar.contactsOf("alice")[0]?.flow).toBeUndefined();
    expect(counters.disconnected).toBe(1 - left);
  });
  test("a phone that has come back by another connection is not touched by the close of the old one", () => {
    const { register, registrar } = bench({ config: only({ rewrite_contact: true }) });
    const [first, second] = [flow({ transport: "tcp" }), flow({ transport: "tcp" })];
    register({ contact: at(1) }, { flow: first });
    register({ contact: at(1), cseq: 2 }, { flow: second });
    registrar.flowClosed(first);
    expect(registrar.contactCount).toBe(1);
    registrar.flowClosed(second);
    expect(registrar.contactCount).toBe(0);
  });
  test("several contacts of one connection go together, and watchers are told why (RFC 3680 §5.1)", () => {
    const { register, registrar, regChanges } = bench({ config: only({ rewrite_contact: true, max_contacts: 3 }) });
    const connection = flow({ transport: "tcp" });
    register({ contact: [at(1), at(2)] }, { flow: connection });
    registrar.flowClosed(connection);
    expect(regChanges.slice(2).map(({ state, contacts }) => [state, contacts[0]?.event])).toEqual([
      ["active", "deactivated"],
      ["terminated", "deactivated"],
    ]);
  });
});

describe("restart", () => {
  function restarted(options: Parameters<typeof endpoint>[0], transport: string, awaySeconds = 10) {
    const port = new MemoryBindings();
    const first = bench({ config: only(options), port });
    first.register({ contact: `"A" ${at(1)};q=0.3;expires=100`, callId: "c1", cseq: 7 }, { flow: flow({ transport }) });
    first.registrar.stop();
    first.clock.advance(awaySeconds * 1_000 - 10);
    // The clock of the new process: monotonic time begins again, wall time goes on.
    const second = bench({ config: only(options), port: new MemoryBindings() });
    second.clock.setWall(first.clock.wall() + 10);
    for (const [id, record] of port.records) second.port.records.set(id, record);
    second.registrar.start(only(options));
    return second;
  }
  test("bindings are there again with the lifetime that is left, Call-ID and CSeq", () => {
    const { register, clock } = restarted({}, "udp");
    expect(contactsIn(register({ callId: "query" }))).toEqual([`"A" ${at(1)};expires=90;q=0.3`]);
    expect(register({ contact: at(1), callId: "c1", cseq: 7 }).status).toBe(500);
    clock.advance(90_010);
    expect(contactsIn(register({ callId: "query" }))).toEqual([]);
  });
  const cases: [string, Parameters<typeof endpoint>[0], string, number, number][] = [
    ["a datagram's source is reached again", { rewrite_contact: true }, "udp", 10, 1],
    ["a connection's is not", { rewrite_contact: true }, "tcp", 10, 0],
    ["a Contact over TCP is", { rewrite_contact: false }, "tcp", 10, 1],
    ["a WebSocket is not", { rewrite_contact: false }, "ws", 10, 0],
    ["what ended meanwhile stays ended", {}, "udp", 100, 0],
  ];
  test.each(cases)("%s", (_what, options, transport, awaySeconds, count) => {
    const { registrar, port } = restarted(options, transport, awaySeconds);
    expect(registrar.contactCount).toBe(count);
    expect(port.records.size).toBe(count);
    expect(registrar.isOnline("alice")).toBe(count === 1);
  });
});

describe("reload", () => {
  test("an address-of-record that is gone takes its contacts with it; others keep theirs", () => {
    const two = config({ endpoints: { alice: endpoint(), bob: endpoint() } });
    const { register, registrar, port } = bench({ config: two });
    register({ contact: at(1) });
    register({ contact: at(2), to: "sip:bob@example.org" }, { endpoint: "bob" });
    registrar.replaceConfig(config({ endpoints: { bob: endpoint() } }));
    expect(registrar.snapshot().map(({ aor }) => aor)).toEqual(["bob"]);
    expect([...port.records.values()].map(({ aor }) => aor)).toEqual(["bob"]);
    expect(registrar.isOnline("alice")).toBe(false);
    expect(registrar.isOnline("bob")).toBe(true);
  });
  test("an endpoint that loses a shared address-of-record loses its contacts in it", () => {
    const aors = { hotline: aorOptions({ max_contacts: 5 }) };
    const both = { alice: endpoint({ aors: ["hotline"] }), bob: endpoint({ aors: ["hotline"] }) };
    const { register, registrar } = bench({ config: config({ endpoints: both, aors }) });
    register({ contact: at(1), to: "sip:hotline@example.org" });
    register({ contact: at(2), to: "sip:hotline@example.org", callId: "c2" }, { endpoint: "bob" });
    expect([registrar.endpointsOf("hotline"), registrar.contactCount]).toEqual([["alice", "bob"], 2]);
    registrar.replaceConfig(config({ endpoints: { bob: endpoint({ aors: ["hotline"] }) }, aors }));
    expect(registrar.snapshot().map(({ uri }) => uri)).toEqual(["sip:alice@192.0.2.2"]);
  });
  test("permanent contacts follow the configuration, and those that stay keep their id", () => {
    const { registrar, told } = bench({ config: only({ contact: ["sip:a@192.0.2.7", "sip:b@192.0.2.7"] }) });
    const [, kept] = registrar.snapshot();
    told.length = 0;
    registrar.replaceConfig(only({ contact: ["sip:b@192.0.2.7", "sip:c@192.0.2.7", "no uri", "tel:+1"] }));
    expect(told).toEqual(["removed sip:a@192.0.2.7 unqualified", "added sip:c@192.0.2.7 unqualified"]);
    expect(registrar.snapshot().map(({ id, uri }) => [id === kept?.id, uri])).toEqual([
      [true, "sip:b@192.0.2.7"],
      [false, "sip:c@192.0.2.7"],
    ]);
  });
});

describe("what the appliance is told", () => {
  test("availability follows the first contact and the last", () => {
    const { register, told, clock } = bench();
    register({ contact: at(1), expires: 60 });
    register({ contact: at(2), expires: 120, cseq: 2 });
    register({ contact: at(1), expires: 60, cseq: 3 });
    clock.advance(60_010);
    clock.advance(60_010);
    expect(told).toEqual([
      "added sip:alice@192.0.2.1 unqualified",
      "alice is available",
      "added sip:alice@192.0.2.2 unqualified",
      "changed sip:alice@192.0.2.1 unqualified",
      "removed sip:alice@192.0.2.1 unqualified",
      "removed sip:alice@192.0.2.2 unqualified",
      "alice is unavailable",
    ]);
  });
  test("a shared address-of-record makes all its endpoints online", () => {
    const shared = config({
      endpoints: { alice: endpoint({ aors: ["hotline"] }), bob: endpoint({ aors: ["hotline", "bob"] }) },
      aors: { hotline: aorOptions(), bob: aorOptions() },
    });
    const { register, registrar } = bench({ config: shared });
    register({ contact: at(1), to: "sip:hotline@example.org" });
    expect([registrar.isOnline("alice"), registrar.isOnline("bob"), registrar.isOnline("carol")]).toEqual([
      true,
      true,
      false,
    ]);
  });
  test("a permanent contact without probing makes its endpoint online for ever", () => {
    const { registrar, clock } = bench({ config: only({ contact: ["sip:a@192.0.2.7"] }) });
    clock.advance(86_400_000);
    expect(registrar.isOnline("alice")).toBe(true);
  });
  test("the operator may take a contact away", () => {
    const { register, registrar, port } = bench();
    register({ contact: at(1) });
    const [contact] = registrar.snapshot();
    expect(registrar.removeContact("alice", "nonsense", "rejected")).toBe("absent");
    port.isFull = true;
    expect(registrar.removeContact("alice", contact!.id, "rejected")).toBe("unstored");
    expect(registrar.contactCount).toBe(1);
    port.isFull = false;
    expect(registrar.removeContact("alice", contact!.id, "rejected")).toBe("removed");
    expect([registrar.contactCount, port.records.size]).toEqual([0, 0]);
  });
  test("a snapshot says everything that page and API show", () => {
    const { register, registrar, clock } = bench();
    register({ contact: at(1), expires: 100, userAgent: "Yealink SIP-T46U 108.86.0.20" });
    clock.advance(10_000);
    const [{ id: _id, ...contact }] = registrar.snapshot() as [ReturnType<typeof registrar.snapshot>[0]];
    expect(contact).toEqual({
      aor: "alice",
      endpoints: ["alice"],
      uri: "sip:alice@192.0.2.1",
      isPermanent: false,
      status: "unqualified",
      roundTripMillis: undefined,
      userAgent: "Yealink SIP-T46U 108.86.0.20",
      source: "udp 192.0.2.1:5060",
      path: [],
      registeredAt: Date.UTC(2026, 0, 1),
      expiresAt: Date.UTC(2026, 0, 1) + 100_000,
      expiresSeconds: 90,
    });
  });
  test("contacts come best first: reachable, then by q, then the newest", () => {
    const { register, registrar, clock } = bench();
    register({ contact: [`${at(1)};q=0.5`, `${at(2)};q=0.9`] });
    clock.advance(1_000);
    register({ contact: `${at(3)};q=0.9`, callId: "c2" });
    expect(registrar.contactsOf("alice").map(({ record }) => record.uri.at(-1))).toEqual(["3", "2", "1"]);
  });
});
