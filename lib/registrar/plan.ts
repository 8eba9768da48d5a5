/**
 * Owns what a REGISTER would change, computed before anything is changed: so it is done completely or not at all.
 */
import { limits } from "../runtime/limits.ts";
import type { Reject } from "../runtime/result.ts";
import { equalUri } from "../sip/uri.ts";
import type { Aor } from "./aor.ts";
import type { Binding } from "./binding.ts";
import type { RequestedContact } from "./contact.ts";
import { isReject, refusals } from "./refusals.ts";

/** One contact to be written. */
export interface PlannedUpdate {
  /** The binding that it refreshes; undefined: a new one. */
  readonly binding: Binding | undefined;
  /** What is to be written. */
  readonly contact: RequestedContact;
}

/** The changes of one REGISTER. */
export interface Plan {
  /** Contacts to be written. */
  readonly updates: readonly PlannedUpdate[];
  /** Bindings that go: asked for, or pushed out. */
  readonly removals: readonly Binding[];
}

/** What bindings remember of the request that writes them, and are compared by. */
export interface Origin {
  /** Call-ID of the request. */
  readonly callId: string;
  /** Its CSeq number. */
  readonly sequence: number;
  /** Address it came from, where that and not the Contact says where the phone is; else undefined. */
  readonly rewrittenTo: string | undefined;
}

/**
 * Plans `Contact: *`: all registered contacts go.
 *
 * @returns A Reject when any of them was written by the same Call-ID with a CSeq that is not lower.
 * Source: RFC 3261 §10.3 step 6.
 */
export function planClearing(aor: Aor, origin: Origin): Plan | Reject {
  const removals = aor.registered;
  if (removals.some((binding) => isOutdated(binding, origin))) return refusals.oldSequence;
  return { updates: [], removals };
}

/**
 * Plans contacts one by one, then makes room for new ones.
 *
 * Contacts to be removed are looked at first, so that a phone which moves may name its old and its new contact in any
 * order, even when both are the same.
 *
 * @returns A Reject: 500 for an old CSeq, 403 for more contacts than the address-of-record takes.
 * Source: RFC 3261 §10.3 step 7.
 */
export function planContacts(aor: Aor, contacts: readonly RequestedContact[], origin: Origin): Plan | Reject {
  const registered = aor.registered;
  const removals = new Set<Binding>();
  const updates: PlannedUpdate[] = [];
  for (const contact of contacts.toSorted((a, b) => Number(a.expiresSeconds > 0) - Number(b.expiresSeconds > 0))) {
    const binding = registered.find((each) => isBindingOf(each, contact, origin));
    if (binding !== undefined && isOutdated(binding, origin)) return refusals.oldSequence;
    if (contact.expiresSeconds === 0) {
      if (binding !== undefined) removals.add(binding);
      continue;
    }
    if (binding !== undefined) removals.delete(binding);
    const twin = updates.findIndex((update) => isSame(update, binding, contact));
    updates.splice(twin < 0 ? updates.length : twin, 1, { binding, contact });
  }
  const kept = registered.filter((each) => !removals.has(each) && !updates.some(({ binding }) => binding === each));
  const crowded = pushOut(aor, updates, kept);
  if (isReject(crowded)) return crowded;
  return { updates, removals: [...removals, ...crowded] };
}

/** Contacts that must go so that `updates` find room; 403 when none may. */
function pushOut(aor: Aor, updates: readonly PlannedUpdate[], kept: readonly Binding[]): Binding[] | Reject {
  const countMax = Math.min(aor.options.max_contacts, limits.contactsPerAor);
  const excess = updates.length + kept.length - countMax;
  if (excess <= 0 || updates.length === 0) return [];
  const leaving = dispensable(aor, kept);
  const hasNew = updates.some(({ binding }) => binding === undefined);
  // A refresh is granted even where a reload has narrowed max_contacts.
  if (hasNew && leaving.length < excess) return refusals.tooMany(aor.name, countMax);
  return leaving.slice(0, excess);
}

/** Contacts that may be pushed out, those to go first in front. */
function dispensable({ options }: Aor, kept: readonly Binding[]): Binding[] {
  const { remove_existing: mayRemoveAny, remove_unavailable: removesUnreachable } = options;
  const rank = (binding: Binding) => Number(!removesUnreachable || binding.status !== "unreachable");
  return kept
    .filter((binding) => mayRemoveAny || rank(binding) === 0)
    .sort((a, b) => rank(a) - rank(b) || a.expiresAt - b.expiresAt);
}

/** RFC 3261 §10.3: within one Call-ID, what is not newer is out of order. */
function isOutdated({ record }: Binding, origin: Origin): boolean {
  return record.callId === origin.callId && origin.sequence <= record.sequence;
}

/**
 * Whether a contact means a binding: an outbound one by instance and reg-id, any other by its URI.
 *
 * Behind NAT two phones may have the same private URI. Where contacts are rewritten, another source address and another
 * Call-ID therefore make another phone.
 * Source: RFC 5626 §6, RFC 3261 §10.3 step 7, §19.1.4.
 */
function isBindingOf(binding: Binding, contact: RequestedContact, origin: Origin): boolean {
  const { record } = binding;
  if (record.regId !== 0 || contact.regId !== 0) {
    return record.regId === contact.regId && record.instance === contact.instance;
  }
  if (!equalUri(binding.uri, contact.uri)) return false;
  return origin.rewrittenTo === undefined || record.callId === origin.callId ||
    record.source?.address === origin.rewrittenTo;
}

/** Whether a contact repeats one that the same request has already named. */
function isSame(update: PlannedUpdate, binding: Binding | undefined, contact: RequestedContact): boolean {
  if (binding !== undefined || update.binding !== undefined) return update.binding === binding;
  const other = update.contact;
  if (other.regId !== 0 || contact.regId !== 0) {
    return other.regId === contact.regId && other.instance === contact.instance;
  }
  return equalUri(other.uri, contact.uri);
}
