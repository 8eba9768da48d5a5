/** What watchers of the `reg` package are told (RFC 3680). */
import { describe, expect, test } from "bun:test";
import { bench, config, endpoint, flow } from "./support.ts";

const contact = '"Alice" <sip:alice@192.0.2.1>;q=0.5;+sip.instance="<urn:uuid:1>";audio';

describe("RFC 3680 §4.7.1", () => {
  test("an address-of-record without contacts is init; one that does not exist is nothing", () => {
    const { registrar } = bench();
    expect(registrar.regInfo("alice")).toEqual({ aor: "alice", state: "init", contacts: [] });
    expect(registrar.regInfo("nobody")).toBeUndefined();
  });
  test("a contact tells what brought it into its state", () => {
    const { register, regChanges, clock, registrar } = bench({
      config: config({ endpoints: { alice: endpoint({ max_contacts: 2 }) } }),
    });
    register({ contact: "<sip:a@192.0.2.1>", expires: 100 });
    register({ contact: "<sip:a@192.0.2.1>", expires: 100, cseq: 2 });
    register({ contact: ["<sip:b@192.0.2.1>;expires=200", "<sip:a@192.0.2.1>;expires=0"], cseq: 3 });
    register({ contact: ["<sip:c@192.0.2.1>;expires=300", "<sip:d@192.0.2.1>;expires=400"], cseq: 4 });
    const [third] = registrar.snapshot();
    registrar.removeContact("alice", third!.id, "rejected");
    clock.advance(400_010);
    const told = regChanges.map(({ state, contacts }) =>
      `${state}: ${contacts[0]!.uri.slice(4, 5)} ${contacts[0]!.state} ${contacts[0]!.event}`
    );
    expect(told).toEqual([
      "active: a active registered",
      "active: a active refreshed",
      "active: b active registered",
      "active: a terminated unregistered",
      "active: c active registered",
      "active: d active registered",
      "active: b terminated unregistered",
      "active: c terminated rejected",
      "terminated: d terminated expired",
    ]);
  });
  test("a permanent contact is created, and has neither lifetime nor Call-ID nor CSeq", () => {
    const { registrar } = bench({
      config: config({ endpoints: { alice: endpoint({ contact: ["sip:desk@192.0.2.7"] }) } }),
    });
    expect(registrar.regInfo("alice")?.contacts).toMatchObject([{
      event: "created",
      uri: "sip:desk@192.0.2.7",
      expiresSeconds: undefined,
      callId: undefined,
      cseq: undefined,
    }]);
  });
});

describe("RFC 3680 §5.1", () => {
  test("a contact has all that the document can tell", () => {
    const { register, registrar, clock } = bench();
    register({ contact, callId: "c1", cseq: 3, expires: 100 });
    clock.advance(10_500);
    const { id, ...rest } = registrar.regInfo("alice")!.contacts[0]!;
    expect(id).toMatch(/^\w{16}$/);
    expect(rest).toEqual({
      state: "active",
      event: "registered",
      uri: "sip:alice@192.0.2.1",
      displayName: "Alice",
      expiresSeconds: 90,
      durationRegisteredSeconds: 10,
      q: 0.5,
      callId: "c1",
      cseq: 3,
      unknownParams: [{ name: "+sip.instance", value: "<urn:uuid:1>" }, { name: "audio", value: undefined }],
    });
  });
  test("its id and its beginning stay over refreshes; Call-ID and CSeq are the last ones", () => {
    const { register, registrar, clock } = bench();
    register({ contact });
    const [before] = registrar.regInfo("alice")!.contacts;
    clock.advance(50_000);
    register({ contact, callId: "c2", cseq: 9 }, { flow: flow({ remotePort: 5099 }) });
    const [after] = registrar.regInfo("alice")!.contacts;
    expect(after).toEqual({ ...before!, event: "refreshed", durationRegisteredSeconds: 50, callId: "c2", cseq: 9 });
  });
  test("a contact that ended has no lifetime left to tell", () => {
    const { register, regChanges, clock } = bench();
    register({ contact, expires: 60 });
    clock.advance(60_010);
    expect(regChanges.at(-1)?.contacts[0]).toMatchObject({
      state: "terminated",
      event: "expired",
      expiresSeconds: undefined,
      durationRegisteredSeconds: 60,
    });
  });
});
