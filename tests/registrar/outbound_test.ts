/** Path (RFC 3327) and outbound flows (RFC 5626) at the registrar. */
import { describe, expect, test } from "bun:test";
import { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { bench, config, contactsIn, endpoint, flow, lines, type RegisterParts } from "./support.ts";

const contact = "<sip:alice@192.0.2.1>";
const instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"';
const viaProxy = ["SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK2", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1"];
const pathing = config({
  endpoints: { alice: endpoint({ max_contacts: 10, support_path: true, rewrite_contact: true }) },
});
const has = (outcome: ReturnType<ReturnType<typeof bench>["register"]>, line: string) => lines(outcome).includes(line);

describe("RFC 3327 §5.3", () => {
  const path = ["Path: <sip:p1@192.0.2.8;lr>, <sip:192.0.2.9;lr>", "Path: <sip:p3.example.org;lr>"];
  test("Path is stored in order and echoed in the 200", () => {
    const { register, registrar } = bench({ config: pathing });
    const outcome = register({ contact, vias: viaProxy, headers: ["Supported: path", ...path] });
    expect(lines(outcome)).toEqual([
      "200",
      `Contact: ${contact};expires=3600`,
      "Expires: 3600",
      "Path: <sip:p1@192.0.2.8;lr>",
      "Path: <sip:192.0.2.9;lr>",
      "Path: <sip:p3.example.org;lr>",
      "Supported: path, outbound",
    ]);
    expect(registrar.snapshot()[0]?.path).toEqual([
      "<sip:p1@192.0.2.8;lr>",
      "<sip:192.0.2.9;lr>",
      "<sip:p3.example.org;lr>",
    ]);
  });
  test("the path is the way back, not the source, even with rewrite_contact", () => {
    const { register, registrar } = bench({ config: pathing });
    register({ contact, vias: viaProxy, headers: ["Supported: path", ...path] }, { flow: flow({ transport: "tcp" }) });
    const [binding] = registrar.contactsOf("alice");
    expect([binding?.record.isSourceBound, binding?.flow]).toEqual([false, undefined]);
  });
  test("a refresh without Path forgets it", () => {
    const { register, registrar } = bench({ config: pathing });
    register({ contact, vias: viaProxy, headers: ["Supported: path", ...path] });
    register({ contact, cseq: 2 });
    expect(registrar.snapshot()[0]?.path).toEqual([]);
  });
  test("without the phone's support it is refused with 420 that names it", () => {
    const { register, registrar } = bench({ config: pathing });
    expect(lines(register({ contact, vias: viaProxy, headers: path }))).toEqual(["420", "Unsupported: path"]);
    expect(registrar.contactCount).toBe(0);
  });
  test("without support_path it is refused with 420 that names it", () => {
    const outcome = bench().register({ contact, vias: viaProxy, headers: ["Supported: path", ...path] });
    expect(lines(outcome)).toEqual(["420", "Unsupported: path"]);
  });
  test("one that is no address is refused with 400", () => {
    const { register } = bench({ config: pathing });
    expect(() => register({ contact, headers: ["Supported: path", "Path: <nonsense"] })).toThrow(ParseFailure);
  });
});

describe("RFC 5626 §6, the first hop", () => {
  const supported = "Supported: path, outbound";
  const flowContact = `${contact};reg-id=1;${instance}`;
  const cases: [string, RegisterParts, string, number, boolean][] = [
    ["the phone's own connection", { headers: [supported] }, "tcp", 200, true],
    ["the phone's own TLS connection", { headers: [supported] }, "tls", 200, true],
    ["the phone's own WebSocket (RFC 7118 §6)", { headers: [supported] }, "ws", 200, true],
    ["the phone's own datagrams: no STUN, no flow", { headers: [supported] }, "udp", 200, false],
    ["a phone that does not support outbound", { headers: [] }, "tcp", 200, false],
    ["a proxy with ob", { vias: viaProxy, headers: [supported, "Path: <sip:e@192.0.2.8;lr;ob>"] }, "udp", 200, true],
    ["a proxy without ob", { vias: viaProxy, headers: [supported, "Path: <sip:e@192.0.2.8;lr>"] }, "udp", 439, false],
    [
      "ob on another than the first Path value",
      { vias: viaProxy, headers: [supported, "Path: <sip:192.0.2.9;lr>, <sip:e@192.0.2.8;lr;ob>"] },
      "udp",
      439,
      false,
    ],
    ["a proxy without Path", { vias: viaProxy, headers: [supported] }, "tcp", 439, false],
    ["a proxy without Path, a phone without outbound", { vias: viaProxy, headers: [] }, "tcp", 200, false],
  ];
  test.each(cases)("%s", (_what, parts, transport, status, isRequired) => {
    const outcome = bench({ config: pathing }).register({ contact: flowContact, ...parts }, {
      flow: flow({ transport }),
    });
    expect(outcome.status).toBe(status);
    expect(has(outcome, "Require: outbound")).toBe(isRequired);
  });
  test("439 has its name", () => {
    const outcome = bench({ config: pathing }).register({ contact: flowContact, vias: viaProxy, headers: [supported] });
    expect(lines(outcome)).toEqual(["439"]);
  });
});

describe("RFC 5626 §6, bindings by instance and reg-id", () => {
  const tcp = () => flow({ transport: "tcp" });
  const parts = (regId: number, rest: RegisterParts = {}): RegisterParts => ({
    contact: `<sip:alice@192.0.2.1:${40_000 + regId};transport=tcp>;reg-id=${regId};${instance}`,
    headers: ["Supported: outbound"],
    ...rest,
  });
  test("the URI does not matter for the comparison, and the flow is updated", () => {
    const { register, registrar } = bench({ config: pathing });
    register(parts(1), { flow: tcp() });
    const second = tcp();
    register(
      { ...parts(1), contact: `<sip:other@198.51.100.3>;reg-id=1;${instance.toLowerCase()}`, callId: "c2" },
      { flow: second },
    );
    expect(registrar.snapshot().map(({ uri }) => uri)).toEqual(["sip:other@198.51.100.3"]);
    expect(registrar.contactsOf("alice")[0]?.flow).toBe(second);
  });
  test("two flows of one phone are two bindings, even with one URI", () => {
    const { register, registrar } = bench({ config: pathing });
    for (const regId of [1, 2]) {
      register({ ...parts(1), contact: `${contact};reg-id=${regId};${instance}`, cseq: regId }, { flow: tcp() });
    }
    expect(registrar.contactCount).toBe(2);
  });
  test("a flow that closes takes its own binding only", () => {
    const { register, registrar } = bench({ config: pathing });
    const [first, second] = [tcp(), tcp()];
    register(parts(1), { flow: first });
    register(parts(2, { cseq: 2 }), { flow: second });
    registrar.flowClosed(first);
    expect(registrar.contactsOf("alice").map(({ record }) => record.regId)).toEqual([2]);
  });
  test("the flow is the way back even without rewrite_contact", () => {
    const { register, registrar } = bench();
    const first = tcp();
    register(parts(1), { flow: first });
    registrar.flowClosed(first);
    expect(registrar.contactCount).toBe(0);
  });
  test("reg-id without instance does not count", () => {
    const outcome = bench({ config: pathing }).register(
      { contact: `${contact};reg-id=1`, headers: ["Supported: outbound"] },
      { flow: tcp() },
    );
    expect([outcome.status, has(outcome, "Require: outbound")]).toEqual([200, false]);
  });
  test("an instance without reg-id is bound by its URI", () => {
    const { register, registrar } = bench({ config: pathing });
    register({ contact: `${contact};${instance}` });
    register({ contact: `<sip:alice@192.0.2.2>;${instance}`, cseq: 2 });
    expect(registrar.contactCount).toBe(2);
  });
  test("registrations with and without flow live side by side", () => {
    const { register } = bench({ config: pathing });
    register({ contact });
    expect(contactsIn(register({ contact: `${contact};reg-id=1;${instance}`, callId: "c2" }, { flow: tcp() }))).toEqual(
      [
        `${contact};expires=3600`,
        `${contact};expires=3600;reg-id=1;${instance}`,
      ],
    );
  });
  test("several living contacts, one of them a flow, are refused with 400", () => {
    const { register } = bench({ config: pathing });
    const both = [`${contact};reg-id=1;${instance}`, "<sip:alice@192.0.2.2>"];
    expect(register({ contact: both }, { flow: tcp() }).status).toBe(400);
    expect(register({ contact: [both[0]!, `${both[1]};expires=0`] }, { flow: tcp() }).status).toBe(200);
  });
  test("Call-ID and CSeq rules hold for flows too", () => {
    const { register } = bench({ config: pathing });
    register(parts(1, { cseq: 5 }), { flow: tcp() });
    expect(register(parts(1, { cseq: 5 }), { flow: tcp() }).status).toBe(500);
    expect(contactsIn(register(parts(1, { cseq: 6, expires: 0 }), { flow: tcp() }))).toEqual([]);
  });
});
