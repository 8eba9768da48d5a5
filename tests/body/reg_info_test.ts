/** application/reginfo+xml (RFC 3680 §5). */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { regInfo, type RegistrationSubject } from "../../lib/body/reg_info.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { sanitizeText } from "../../lib/body/text.ts";
import { hostileText } from "./hostile_text.ts";
import { findAll, findElement, readInfoset, textOf } from "./infoset.ts";
import { completeContact, sampleContact } from "./registrations.ts";

const fillOf = (version = 0, entity = "sip:joe@example.com") =>
  holeFill({ entity, remote: "sip:app.example.com", guid: "g", version });

/** What a document says, whatever its layout. */
const told = (registration: RegistrationSubject, version = 0) =>
  readInfoset(regInfo(registration).text(fillOf(version)));

describe("the documents of the RFC", () => {
  test("nobody is registered (RFC 3680 §6)", () => {
    const text = regInfo({ aor: "joe", state: "init", contacts: [] }).text(fillOf());
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">
 <registration aor="sip:joe@example.com" id="rjoe" state="init" />
</reginfo>
`);
  });

  test("somebody registers (RFC 3680 §6), told in full state", () => {
    const text = regInfo({ aor: "joe", state: "active", contacts: [sampleContact()] }).text(fillOf(1));
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="1" state="full">
 <registration aor="sip:joe@example.com" id="rjoe" state="active">
  <contact id="76" state="active" event="registered" duration-registered="0">
   <uri>sip:joe@pc34.example.com</uri>
  </contact>
 </registration>
</reginfo>
`);
  });

  test("one contact is there and one has expired (RFC 3680 §5.3)", () => {
    const text = regInfo({
      aor: "user",
      state: "active",
      contacts: [
        sampleContact({ durationRegisteredSeconds: 7_322, q: 0.8, uri: "sip:user@pc887.example.com" }),
        sampleContact({
          id: "77",
          state: "terminated",
          event: "expired",
          durationRegisteredSeconds: 3_600,
          q: 0.5,
          uri: "sip:user@university.edu",
        }),
      ],
    }).text(fillOf(0, "sip:user@example.com"));
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">
 <registration aor="sip:user@example.com" id="ruser" state="active">
  <contact id="76" state="active" event="registered" duration-registered="7322" q="0.8">
   <uri>sip:user@pc887.example.com</uri>
  </contact>
  <contact id="77" state="terminated" event="expired" duration-registered="3600" q="0.5">
   <uri>sip:user@university.edu</uri>
  </contact>
 </registration>
</reginfo>
`);
  });
});

describe("the structure (RFC 3680 §5.1)", () => {
  test("a contact tells lifetime, preference, Call-ID, CSeq, display name and the parameters that RFC 3261 does not know", () => {
    const contact = findElement(told({ aor: "joe", state: "active", contacts: [completeContact] }), "contact");
    expect(contact.attributes).toEqual({
      id: "c0ffee",
      state: "active",
      event: "refreshed",
      "duration-registered": "7322",
      expires: "90",
      q: "0.8",
      callid: "88askjda9@pc34.example.com",
      cseq: "9976",
    });
    const [uri, displayName] = [findElement(contact, "uri"), findElement(contact, "display-name")];
    expect([textOf(uri), textOf(displayName)]).toEqual([completeContact.uri, 'Joe "the phone" <Öztürk>']);
    expect(findAll(contact, "unknown-param").map((param) => [param.attributes.name, textOf(param)])).toEqual([
      ["+sip.instance", "<urn:uuid:1>"],
      ["audio", ""],
    ]);
  });

  test("the id of a registration is that of its address-of-record, however its watchers spell it", () => {
    const ids = ["joe", "Joe", "joe@example.com", "joe_40_example.com"].map((aor) =>
      findElement(told({ aor, state: "init", contacts: [] }), "registration").attributes.id
    );
    expect(new Set(ids).size).toBe(ids.length);
    const body = regInfo({ aor: "joe", state: "init", contacts: [] });
    const spellings = ["sip:joe@a;x=1", "sips:joe@b"].map((entity) => body.text(fillOf(0, entity)));
    expect(spellings.map((text) => findElement(readInfoset(text), "registration").attributes)).toEqual([
      { aor: "sip:joe@a;x=1", id: "rjoe", state: "init" },
      { aor: "sips:joe@b", id: "rjoe", state: "init" },
    ]);
  });

  test("versions are the watcher's own", () => {
    const body = regInfo({ aor: "joe", state: "init", contacts: [] });
    expect([0, 7, 4_294_967_295].map((version) => readInfoset(body.text(fillOf(version))).attributes.version)).toEqual(
      ["0", "7", "4294967295"],
    );
  });
});

test("whatever a phone registers comes back as it was, sanitised", () => {
  fc.assert(fc.property(hostileText, hostileText, hostileText, (uri, displayName, value) => {
    const contact = findElement(
      told({
        aor: displayName,
        state: "active",
        contacts: [sampleContact({ id: value, callId: uri, uri, displayName, unknownParams: [{ name: uri, value }] })],
      }),
      "contact",
    );
    expect([contact.attributes.id, contact.attributes.callid]).toEqual([sanitizeText(value), sanitizeText(uri)]);
    expect(textOf(findElement(contact, "uri"))).toBe(sanitizeText(uri));
    if (displayName !== "") expect(textOf(findElement(contact, "display-name"))).toBe(sanitizeText(displayName));
    const param = findElement(contact, "unknown-param");
    expect([param.attributes.name, textOf(param)]).toEqual([sanitizeText(uri), sanitizeText(value)]);
  }));
});
