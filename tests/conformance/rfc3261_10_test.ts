/** RFC 3261 §10.3, step by step: what a registrar does with a REGISTER. */
import { describe, expect, test } from "bun:test";
import { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { aorOptions, bench, config, contactsIn, endpoint, lines, type RegisterParts } from "../registrar/support.ts";

const contact = "<sip:alice@192.0.2.1>";

describe("RFC 3261 §10.3 step 1, Request-URI", () => {
  test("any domain is ours", () => {
    expect(bench().register({ uri: "sip:elsewhere.example", contact }).status).toBe(200);
  });
  test("a scheme that is not SIP is refused with 416 (§8.2.2.1)", () => {
    expect(bench().register({ uri: "tel:+1", contact }).status).toBe(416);
  });
});

describe("RFC 3261 §10.3 steps 4 and 5, right and address-of-record", () => {
  const shared = config({
    endpoints: {
      alice: endpoint({ aors: ["alice", "hotline", "carol@example.org", "gone"] }),
      bob: endpoint(),
      mute: endpoint({ max_contacts: 0 }),
      lobby: endpoint({ identify_by: ["auth_username"], auth: { username: "u123" } }),
    },
    aors: { alice: aorOptions(), hotline: aorOptions(), "carol@example.org": aorOptions() },
  });
  const cases: [string, string, string, number][] = [
    ["its own", "alice", "sip:alice@example.org", 200],
    ["its own over sips", "alice", "sips:alice@example.org", 200],
    ["a shared one", "alice", "sip:hotline@example.org", 200],
    ["one named with a domain", "alice", "sip:carol@EXAMPLE.org", 200],
    ["one named with another domain", "alice", "sip:carol@example.net", 404],
    ["one that is not configured", "alice", "sip:gone@example.org", 404],
    ["another endpoint's", "bob", "sip:alice@example.org", 404],
    ["none", "bob", "sip:nobody@example.org", 404],
    ["no user at all", "bob", "sip:example.org", 404],
    ["one that takes no contacts", "mute", "sip:mute@example.org", 403],
    ["a scheme that is not SIP", "bob", "tel:+4930", 416],
    ["an escaped user, which is unescaped", "bob", "sip:%62ob@example.org", 200],
    ["URI parameters, which are ignored", "bob", "sip:bob@example.org;user=phone", 200],
    ["another case: users differ by case", "bob", "sip:Bob@example.org", 404],
    ["the user of its credentials (auth_username)", "lobby", "sip:u123@example.org", 200],
    ["nobody, by an endpoint that reload has removed", "ghost", "sip:ghost@example.org", 403],
  ];
  test.each(cases)("To names %s", (_what, name, to, status) => {
    expect(bench({ config: shared }).register({ to, contact }, { endpoint: name }).status).toBe(status);
  });
  test("user options are cut where the configuration says so", () => {
    const to = "sip:alice;phone-context=x@example.org";
    expect(bench().register({ to, contact }).status).toBe(404);
    const ignoring = config({ server: { ignore_uri_user_options: true } });
    expect(bench({ config: ignoring }).register({ to, contact }).status).toBe(200);
  });
});

describe("RFC 3261 §10.3 step 6, query and removal of all", () => {
  test("a REGISTER without Contact changes nothing and gets all bindings", () => {
    const { register, port } = bench();
    register({ contact: [contact, "<sip:alice@192.0.2.2>"] });
    const changeCount = port.changes.length;
    expect(contactsIn(register({ callId: "other" }))).toEqual([
      "<sip:alice@192.0.2.1>;expires=3600",
      "<sip:alice@192.0.2.2>;expires=3600",
    ]);
    expect(port.changes.length).toBe(changeCount);
  });
  test("* with Expires: 0 removes all", () => {
    const { register, registrar, port } = bench();
    register({ contact: [contact, "<sip:alice@192.0.2.2>"] });
    expect(contactsIn(register({ contact: "*", expires: 0, cseq: 2 }))).toEqual([]);
    expect(registrar.snapshot()).toEqual([]);
    expect(port.records.size).toBe(0);
  });
  const bad: [string, RegisterParts][] = [
    ["another lifetime", { contact: "*", expires: 60 }],
    ["no Expires", { contact: "*" }],
  ];
  test.each(bad)("* with %s is refused with 400", (_what, parts) => {
    const { register } = bench();
    register({ contact });
    expect(register({ ...parts, cseq: 2 }).status).toBe(400);
    expect(contactsIn(register({ cseq: 3 }))).toHaveLength(1);
  });
  test.each([[["*", contact]], [[contact, "*"]]])("* among others is refused with 400", (contacts) => {
    expect(() => bench().register({ contact: contacts, expires: 0 })).toThrow(ParseFailure);
  });
  test("* from another Call-ID removes whatever the CSeq", () => {
    const { register } = bench();
    register({ contact, callId: "c1", cseq: 50 });
    expect(contactsIn(register({ contact: "*", expires: 0, callId: "c2", cseq: 1 }))).toEqual([]);
  });
  test("* with a CSeq that is not higher fails, and leaves bindings of other Call-IDs too", () => {
    const { register } = bench();
    register({ contact, callId: "c1", cseq: 5 });
    register({ contact: "<sip:alice@192.0.2.2>", callId: "c2", cseq: 1 });
    for (const cseq of [4, 5]) {
      expect(lines(register({ contact: "*", expires: 0, callId: "c1", cseq }))).toEqual(["500 Request Out Of Order"]);
    }
    expect(contactsIn(register({ callId: "c3" }))).toHaveLength(2);
  });
});

describe("RFC 3261 §10.3 step 7, lifetime", () => {
  const cases: [string, string, number | undefined, number][] = [
    ["the expires parameter before the Expires header", `${contact};expires=100`, 200, 100],
    ["the Expires header without a parameter", contact, 200, 200],
    ["the configured default without either", contact, undefined, 3600],
    ["at least the minimum: 423 is never sent", contact, 5, 60],
    ["at most the maximum", contact, 86_400, 7200],
    ["at most the maximum, for 2^32 and more", `${contact};expires=99999999999`, undefined, 7200],
    ["3600 for a malformed parameter (§20.10)", `${contact};expires=soon`, 200, 3600],
  ];
  test.each(cases)("it is %s", (_what, value, expires, granted) => {
    const outcome = bench().register({ contact: value, ...(expires === undefined ? {} : { expires }) });
    expect(contactsIn(outcome)).toEqual([`<sip:alice@192.0.2.1>;expires=${granted}`]);
  });
  test("each contact has its own", () => {
    const outcome = bench().register({ contact: [`${contact};expires=100, <sip:alice@192.0.2.2>`], expires: 300 });
    expect(contactsIn(outcome)).toEqual(["<sip:alice@192.0.2.1>;expires=100", "<sip:alice@192.0.2.2>;expires=300"]);
  });
  test("a binding ends when it is over, and not before", () => {
    const { register, clock, registrar } = bench();
    register({ contact, expires: 100 });
    clock.advance(99_999);
    expect(registrar.snapshot()).toHaveLength(1);
    clock.advance(11);
    expect(registrar.snapshot()).toEqual([]);
  });
  test("an Expires header that is no number is refused with 400", () => {
    expect(() => bench().register({ contact, expires: "soon" })).toThrow(ParseFailure);
  });
});

describe("RFC 3261 §10.3 step 7, URI comparison", () => {
  const cases: [string, string, string, number][] = [
    ["the same", "<sip:alice@192.0.2.1>", "<sip:alice@192.0.2.1>", 1],
    ["host in another case", "<sip:alice@phone.example>", "<sip:alice@PHONE.example>", 1],
    ["a parameter in one only", "<sip:alice@192.0.2.1>", "<sip:alice@192.0.2.1;ob>", 1],
    ["an escaped character", "<sip:alice@192.0.2.1>", "<sip:%61lice@192.0.2.1>", 1],
    ["another display name and q", '"A" <sip:alice@192.0.2.1>;q=0.1', '"B" <sip:alice@192.0.2.1>;q=1', 1],
    ["another user", "<sip:alice@192.0.2.1>", "<sip:Alice@192.0.2.1>", 2],
    ["another port", "<sip:alice@192.0.2.1>", "<sip:alice@192.0.2.1:5060>", 2],
    ["another transport", "<sip:alice@192.0.2.1>", "<sip:alice@192.0.2.1;transport=tcp>", 2],
    ["another scheme", "<sip:alice@192.0.2.1>", "<sips:alice@192.0.2.1>", 2],
  ];
  test.each(cases)("%s", (_what, first, second, count) => {
    const { register } = bench();
    register({ contact: first });
    expect(contactsIn(register({ contact: second, cseq: 2 }))).toHaveLength(count);
  });
});

describe("RFC 3261 §10.3 step 7, Call-ID and CSeq", () => {
  const cases: [string, string, number, number, number][] = [
    ["a higher CSeq in the same Call-ID refreshes", "c1", 6, 100, 200],
    ["a higher CSeq in the same Call-ID removes", "c1", 6, 0, 200],
    ["the same CSeq in the same Call-ID fails", "c1", 5, 100, 500],
    ["a lower CSeq in the same Call-ID fails", "c1", 4, 100, 500],
    ["a lower CSeq in the same Call-ID does not remove either", "c1", 4, 0, 500],
    ["another Call-ID refreshes whatever its CSeq", "c2", 1, 100, 200],
    ["another Call-ID removes whatever its CSeq", "c2", 1, 0, 200],
  ];
  test.each(cases)("%s", (_what, callId, cseq, expires, status) => {
    const { register } = bench();
    register({ contact, callId: "c1", cseq: 5, expires: 3600 });
    expect(register({ contact, callId, cseq, expires }).status).toBe(status);
    const left = status === 500 ? [`${contact};expires=3600`] : expires === 0 ? [] : [`${contact};expires=${expires}`];
    expect(contactsIn(register({ callId: "query" }))).toEqual(left);
  });
  test("each binding records the Call-ID and CSeq of the request that wrote it", () => {
    const { register } = bench();
    register({ contact, callId: "c1", cseq: 5 });
    register({ contact, callId: "c2", cseq: 2 });
    expect(register({ contact, callId: "c2", cseq: 2 }).status).toBe(500);
    expect(register({ contact, callId: "c1", cseq: 1 }).status).toBe(200);
  });
  test("the removal of what is not bound is granted", () => {
    expect(lines(bench().register({ contact, expires: 0 }))).toEqual(["200", "Expires: 0"]);
  });
});

describe("RFC 3261 §10.3 step 7, all or nothing", () => {
  test("one contact that fails leaves all as they were", () => {
    const { register } = bench();
    register({ contact, callId: "c1", cseq: 5 });
    const outcome = register({ contact: ["<sip:alice@192.0.2.9>", contact], callId: "c1", cseq: 5 });
    expect(outcome.status).toBe(500);
    expect(contactsIn(register({ callId: "query" }))).toEqual([`${contact};expires=3600`]);
  });
  test("what cannot be stored is not done, and answered with a server error that says when to retry", () => {
    const { register, port, registrar, told } = bench();
    register({ contact });
    told.length = 0;
    port.isFull = true;
    const attempts: RegisterParts[] = [
      { contact: "<sip:alice@192.0.2.2>", cseq: 2 },
      { contact, expires: 0, cseq: 2 },
      { contact: "*", expires: 0, cseq: 2 },
    ];
    for (const parts of attempts) expect(lines(register(parts))).toEqual(["503", "Retry-After: 60"]);
    expect(told).toEqual([]);
    expect(registrar.snapshot().map(({ uri }) => uri)).toEqual(["sip:alice@192.0.2.1"]);
    port.isFull = false;
    expect(register({ contact, cseq: 2 }).status).toBe(200);
  });
});

describe("RFC 3261 §10.3 step 8, the 200", () => {
  test("it lists every binding with its remaining lifetime, rounded up", () => {
    const { register, clock } = bench();
    register({ contact, expires: 100 });
    clock.advance(30_500);
    expect(contactsIn(register({ contact: "<sip:alice@192.0.2.2>", expires: 200, cseq: 2 }))).toEqual([
      "<sip:alice@192.0.2.1>;expires=70",
      "<sip:alice@192.0.2.2>;expires=200",
    ]);
  });
  test("it has a Date (§20.17)", () => {
    const { headers = [] } = bench().register({ contact });
    expect(headers.find(([name]) => name === "Date")?.[1]).toBe("Thu, 01 Jan 2026 00:00:00 GMT");
  });
  test("it repeats the Contact's display name and parameters as they were registered", () => {
    const value =
      '"Alice \\"A\\"" <sip:alice@192.0.2.1;ob>;q=0.5;+sip.instance="<urn:uuid:1>";methods="INVITE,ACK";audio';
    expect(contactsIn(bench().register({ contact: value }))).toEqual([
      '"Alice \\"A\\"" <sip:alice@192.0.2.1;ob>;expires=3600;q=0.5;+sip.instance="<urn:uuid:1>";methods="INVITE,ACK";audio',
    ]);
  });
  test("it has neither Record-Route nor Service-Route", () => {
    const outcome = bench().register({ contact, headers: ["Record-Route: <sip:192.0.2.8;lr>"] });
    expect(lines(outcome)).toEqual(["200", `Contact: ${contact};expires=3600`, "Expires: 3600"]);
  });
});
