/**
 * Owns the shapes of everything the API takes in, as zod schemas, so that checks, messages and documentation agree.
 */
import { z } from "zod";
import { limits } from "../runtime/limits.ts";
import type { DeviceStateName, PresenceStateName } from "./controls.ts";

/** Device states that may be set, in the order in which they are offered. */
export const deviceStateNames = [
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
  "UNAVAILABLE",
  "INVALID",
  "UNKNOWN",
] as const satisfies readonly DeviceStateName[];

/** Presence states that may be set, in the order in which they are offered. */
export const presenceStateNames = [
  "not_set",
  "available",
  "chat",
  "away",
  "xa",
  "dnd",
  "unavailable",
] as const satisfies readonly PresenceStateName[];

/**
 * Text that any body can carry: no control characters, no lone surrogates, no noncharacters, all of which XML 1.0 lacks
 * or the bodies use for themselves.
 */
const shownText = z.string().max(limits.stateTextChars).refine(
  (text) => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text),
  "Must be one line of printable text",
);

/** Body of PUT /device-states/{device}. */
export const deviceStateBody = z.strictObject({ state: z.enum(deviceStateNames).describe("State to show.") });

/** Body of PUT /presence-states/{provider}. */
export const presenceStateBody = z.strictObject({
  state: z.enum(presenceStateNames).describe("Availability."),
  subtype: shownText.default("").describe("What kind of it, in a word."),
  message: shownText.default("").describe("What to tell."),
});

/** A count of messages. Source: RFC 3842 §3.5. */
const messageCount = z.number().refine(
  (count) => Number.isSafeInteger(count) && count >= 0 && count <= 0xffff_ffff,
  "Must be a whole number from 0 to 4294967295",
).meta({ type: "integer", minimum: 0, maximum: 0xffff_ffff });

/** Body of PUT /mailboxes/{mailbox}. */
export const mailboxBody = z.strictObject({
  new: messageCount.describe("Messages nobody has heard."),
  old: messageCount.default(0).describe("Messages heard and kept."),
  new_urgent: messageCount.default(0).describe("Urgent ones among the new."),
  old_urgent: messageCount.default(0).describe("Urgent ones among the old."),
}).refine(({ new: fresh, new_urgent }) => new_urgent <= fresh, {
  path: ["new_urgent"],
  error: "Must not be more than the new ones",
}).refine(({ old, old_urgent }) => old_urgent <= old, {
  path: ["old_urgent"],
  error: "Must not be more than the old ones",
});

/** A mailbox that may be set: a name, and a context behind "@" or none. */
export const writableMailbox = z.string().regex(
  /^[^\s\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}&,()@]{1,80}(?:@[^\s\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}&,()@]{1,80})?$/u,
);

/** Name behind `Custom:` or `CustomPresence:`: what a hint in config.toml can spell. */
const customName = /^[^\s\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}&,()]{1,80}$/u;

/** A device that may be set: `Custom:` and a name. */
export const writableDevice = z.string().startsWith("Custom:").refine((device) => customName.test(device.slice(7)));

/** A presence provider that may be set: `CustomPresence:` and a name. */
export const writableProvider = z.string().startsWith("CustomPresence:").refine((provider) =>
  customName.test(provider.slice(15))
);

const queryText = z.string().max(limits.messageQueryChars).default("");

/** What GET /messages and its capture file may be asked for. */
export const messageQuery = z.strictObject({
  dialog: queryText.describe("Exactly this Call-ID."),
  call_id: queryText.describe("A part of the Call-ID."),
  extension: queryText.describe("User part of From, To or the Request-URI."),
  address: queryText.describe("A part of the peer's address and port."),
  method: queryText.describe("Method of a request in the dialog."),
});

/** The same, with a bound. */
export const boundedMessageQuery = messageQuery.extend({
  limit: z.coerce.number().int().min(1).max(limits.listedMessageCount).default(limits.shownMessageCount)
    .describe("Messages told at most, the newest."),
});

/** One fault of a request body. Source: RFC 9457 §3. */
export interface BodyFault {
  /** JSON pointer to the culprit. Source: RFC 6901 §6. */
  readonly pointer: string;
  /** What is wrong and what is accepted. */
  readonly detail: string;
}

/** The faults of `error` in the words of the API. */
export function faultsOf(error: z.ZodError): BodyFault[] {
  return error.issues.flatMap((issue): BodyFault[] => {
    const pointer = "#" +
      issue.path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ pointer: `${pointer}/${key}`, detail: `Unknown field "${key}"` }));
      case "invalid_value":
        return [{ pointer, detail: `Must be one of ${issue.values.map(String).join(", ")}` }];
      case "too_big":
        return [{ pointer, detail: `Must have at most ${issue.maximum} characters` }];
      case "invalid_type":
        return [{ pointer, detail: `Must be ${article(issue.expected)}` }];
      default:
        return [{ pointer, detail: issue.message }];
    }
  });
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
