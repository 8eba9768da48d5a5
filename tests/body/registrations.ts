/** Registrations as reginfo documents tell them. */
import type { RegContactEvent, RegContactSubject, RegistrationSubject } from "../../lib/body/reg_info.ts";

/** Events that a contact is active after, and those that end it; `probation` is never told. Source: RFC 3680 §4.7.1. */
export const contactEvents = {
  active: ["registered", "created", "refreshed", "shortened"],
  terminated: ["expired", "deactivated", "unregistered", "rejected"],
} as const satisfies Record<RegContactSubject["state"], readonly RegContactEvent[]>;

/** A contact that has just been registered, with no more than it must have. */
export function sampleContact(parts: Partial<RegContactSubject> = {}): RegContactSubject {
  return {
    id: "76",
    state: "active",
    event: "registered",
    durationRegisteredSeconds: 0,
    expiresSeconds: undefined,
    q: 1,
    callId: undefined,
    cseq: undefined,
    uri: "sip:joe@pc34.example.com",
    displayName: "",
    unknownParams: [],
    ...parts,
  };
}

/** A contact with everything that a document can tell. */
export const completeContact = sampleContact({
  id: "c0ffee",
  event: "refreshed",
  durationRegisteredSeconds: 7_322,
  expiresSeconds: 90,
  q: 0.8,
  callId: "88askjda9@pc34.example.com",
  cseq: 9_976,
  uri: "sips:joe@pc34.example.com:5061;transport=tcp?a=1&b=2",
  displayName: 'Joe "the phone" <Öztürk>',
  unknownParams: [{ name: "+sip.instance", value: "<urn:uuid:1>" }, { name: "audio", value: undefined }],
});

/** Every state of a registration, with every event of its contacts. */
export const sampleRegistrations: readonly RegistrationSubject[] = [
  { aor: "joe", state: "init", contacts: [] },
  { aor: "joe@example.com", state: "active", contacts: [sampleContact(), completeContact] },
  ...(["active", "terminated"] as const).map((state) => ({
    aor: "_joe & co",
    state,
    contacts: contactEvents[state].map((event, i) => sampleContact({ ...completeContact, id: `${i}`, state, event })),
  })),
];
