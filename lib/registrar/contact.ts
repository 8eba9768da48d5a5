/**
 * Owns the reading and writing of the Contacts of REGISTER: what a phone asks for, and what it is told.
 */
import type { Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { Reject } from "../runtime/result.ts";
import { contactExpires, type NameAddress } from "../sip/address.ts";
import { quote } from "../sip/cursor.ts";
import { type Param, paramOf, writeParams } from "../sip/params.ts";
import { decimalOfText } from "../sip/slice.ts";
import type { Uri } from "../sip/uri.ts";
import type { AorOptions } from "./aor.ts";
import type { Binding, BindingRecord } from "./binding.ts";
import { refusals } from "./refusals.ts";

/** One Contact of a REGISTER, read and judged. */
export interface RequestedContact {
  /** The URI. */
  readonly uri: Uri;
  /** The URI as it was written. */
  readonly uriText: string;
  /** Display name; empty when there is none. */
  readonly display: string;
  /** Parameters without `expires`. */
  readonly params: readonly Param[];
  /** Preference, 0 to 1. */
  readonly q: number;
  /** `+sip.instance` in lower case; empty when there is none. */
  readonly instance: string;
  /** `reg-id` with an instance beside it; 0 when there is none, or it does not count. */
  readonly regId: number;
  /** Granted lifetime; 0: the contact is to be removed. */
  readonly expiresSeconds: number;
}

const REG_ID_MAX = 2 ** 31 - 1;

/**
 * Reads one Contact.
 *
 * @param headerExpires Expires of the request, seconds.
 * @returns A Reject: 400 for another scheme than sip and sips, or a `q` or `reg-id` that is no such thing.
 * Source: RFC 3261 §10.3 step 7; RFC 5626 §6 for a `reg-id` without instance, which does not count.
 */
export function readContact(
  address: NameAddress,
  headerExpires: number | undefined,
  options: AorOptions,
): RequestedContact | Reject {
  const { uri, params } = address;
  if (uri.scheme !== "sip" && uri.scheme !== "sips") return refusals.contactScheme(uri.scheme);
  const q = readQ(paramOf(params, "q"));
  if (q === undefined) return refusals.badParameter("q");
  const instance = (paramOf(params, "+sip.instance") ?? "").toLowerCase();
  const regIdText = paramOf(params, "reg-id");
  const regId = regIdText === undefined ? 0 : decimalOfText(regIdText);
  if (regIdText !== undefined && (regId < 1 || regId > REG_ID_MAX)) return refusals.badParameter("reg-id");
  const askedSeconds = contactExpires(address) ?? headerExpires ?? options.default_expiration;
  return {
    uri,
    uriText: address.uriText,
    display: address.display,
    params: params.filter(({ name }) => name !== "expires"),
    q,
    instance,
    regId: instance === "" ? 0 : regId,
    expiresSeconds: grantedSeconds(askedSeconds, options),
  };
}

/** Lifetimes are bent into the range, never refused with 423: what phones have come to expect. RFC 3261 §10.3 step 7. */
function grantedSeconds(askedSeconds: number, { minimum_expiration, maximum_expiration }: AorOptions): number {
  if (askedSeconds === 0) return 0;
  return Math.min(Math.max(askedSeconds, minimum_expiration), maximum_expiration);
}

/** A qvalue: 0 to 1 with at most three decimals; 1 when absent. Source: RFC 3261 §20.10, §25.1 qvalue. */
function readQ(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  const dot = text.indexOf(".");
  const whole = decimalOfText(dot < 0 ? text : text.slice(0, dot));
  const decimals = dot < 0 ? "" : text.slice(dot + 1);
  const isWritten = decimals === "" || (decimals.length <= 3 && decimalOfText(decimals) >= 0);
  const q = whole + Number(`0.${decimals}0`);
  return isWritten && whole >= 0 && q <= 1 ? q : undefined;
}

/** Whether a binding of this contact is small enough to be kept. */
export function isKeepable(contact: RequestedContact, callId: string, path: readonly string[]): boolean {
  let chars = contact.uriText.length + contact.display.length + callId.length;
  for (const { name, value } of contact.params) chars += name.length + (value?.length ?? 0);
  for (const value of path) chars += value.length;
  return chars <= limits.bindingTextChars;
}

/** Media feature tags without a plus, whose values are quoted too. Source: RFC 3840 §10. */
const FEATURE_TAGS = [
  "actor",
  "application",
  "audio",
  "automata",
  "class",
  "control",
  "data",
  "description",
  "duplex",
  "events",
  "extensions",
  "isfocus",
  "language",
  "methods",
  "mobility",
  "priority",
  "schemes",
  "text",
  "type",
  "video",
];

/** Writes a binding as the Contact value of a 200. Source: RFC 3261 §10.3 step 8, RFC 3840 §9 for the quotes. */
function writeContact(record: BindingRecord, expiresSeconds: number): string {
  const display = record.display === "" ? "" : `${quote(record.display)} `;
  let text = `${display}<${record.uri}>;expires=${expiresSeconds}`;
  for (const param of record.params) {
    const isFeature = param.name.startsWith("+") || FEATURE_TAGS.includes(param.name);
    text += isFeature && param.value !== undefined ? `;${param.name}=${quote(param.value)}` : writeParams([param]);
  }
  return text;
}

/** Contact values of all bindings that live. */
export function writeContacts(bindings: readonly Binding[], now: Millis): string[] {
  return bindings.map((binding) => writeContact(binding.record, binding.secondsLeft(now)));
}
