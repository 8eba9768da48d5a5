/**
 * Owns application/reginfo+xml (RFC 3680): the contacts of one address-of-record.
 *
 * Full state, always: no partial document can be shared by watchers that were told different things.
 */
import { append, appendText, createDocument, type Element, safeId, serialize } from "./document.ts";
import { RenderedBody } from "./rendered.ts";
import { documentText, holeMark } from "./text.ts";

/** Media type of the body. Source: RFC 3680 §5. */
export const regInfoType = "application/reginfo+xml";

/** What brings a contact into its state; `probation` needs a retry-after, which nobody here has. Source: RFC 3680 §4.7.1. */
export type RegContactEvent =
  | "registered"
  | "created"
  | "refreshed"
  | "shortened"
  | "expired"
  | "deactivated"
  | "probation"
  | "unregistered"
  | "rejected";

/** One contact, in the order of its attributes. Source: RFC 3680 §5.1. */
export interface RegContactSubject {
  /** Unique; the same over refreshes. */
  readonly id: string;
  /** Whether it is bound. */
  readonly state: "active" | "terminated";
  readonly event: RegContactEvent;
  /** Seconds since it was first bound. */
  readonly durationRegisteredSeconds: number;
  /** Seconds left; undefined for a permanent contact and one that is gone. */
  readonly expiresSeconds: number | undefined;
  /** Preference, 0 to 1. */
  readonly q: number;
  /** Undefined for a permanent contact. */
  readonly callId: string | undefined;
  /** Undefined for a permanent contact. */
  readonly cseq: number | undefined;
  readonly uri: string;
  /** Empty when there is none. */
  readonly displayName: string;
  /** Contact parameters that RFC 3261 does not know. */
  readonly unknownParams: readonly { readonly name: string; readonly value: string | undefined }[];
}

/** One address-of-record. Source: RFC 3680 §5.1. */
export interface RegistrationSubject {
  /** Its name; the document tells the URI that the watcher asked for, and an id made of this. */
  readonly aor: string;
  /** `terminated` in documents that tell of the last contact's end. */
  readonly state: "init" | "active" | "terminated";
  readonly contacts: readonly RegContactSubject[];
}

/**
 * Makes the body; a preference of 1 is not told, since it is what a contact without one has.
 *
 * Source: RFC 3680 §5.1, §5.4.
 */
export function regInfo(subject: RegistrationSubject): RenderedBody {
  const root = createDocument("reginfo", {
    xmlns: "urn:ietf:params:xml:ns:reginfo",
    version: holeMark.version,
    state: "full",
  });
  const registration = append(root, "registration", {
    aor: holeMark.entity,
    id: safeId("r", subject.aor),
    state: subject.state,
  });
  for (const contact of subject.contacts) appendContact(registration, contact);
  return new RenderedBody(regInfoType, serialize(root));
}

function appendContact(registration: Element, contact: RegContactSubject): void {
  const element = append(registration, "contact", {
    id: documentText(contact.id),
    state: contact.state,
    event: contact.event,
    "duration-registered": String(contact.durationRegisteredSeconds),
    expires: contact.expiresSeconds === undefined ? undefined : String(contact.expiresSeconds),
    q: contact.q === 1 ? undefined : String(contact.q),
    callid: contact.callId === undefined ? undefined : documentText(contact.callId),
    cseq: contact.cseq === undefined ? undefined : String(contact.cseq),
  });
  appendText(element, "uri", documentText(contact.uri));
  if (contact.displayName !== "") appendText(element, "display-name", documentText(contact.displayName));
  for (const { name, value = "" } of contact.unknownParams) {
    appendText(element, "unknown-param", documentText(value), { name: documentText(name) });
  }
}
