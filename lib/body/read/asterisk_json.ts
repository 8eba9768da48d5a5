/**
 * Owns the reading of the JSON that Asterisk publishes: states of its devices and mailboxes.
 */
import { limits } from "../../runtime/limits.ts";
import { type DeviceState, parseDeviceState } from "../../state/device_state.ts";
import { DocumentFault, faultOr, utf8Text } from "./document_fault.ts";

/** State of one device. */
export interface AsteriskDeviceState {
  readonly type: "devicestate";
  /** As Asterisk names it, such as `PJSIP/alice`. */
  readonly device: string;
  readonly state: DeviceState;
  /** Entity identifier of the Asterisk whose device it is, in lower case. */
  readonly eid: string;
}

/** Message counts of one mailbox. */
export interface AsteriskMailboxState {
  readonly type: "mailboxstate";
  /** `box@context`. */
  readonly mailbox: string;
  readonly new: number;
  readonly old: number;
  /** As in `AsteriskDeviceState`. */
  readonly eid: string;
}

/** A request to publish everything once more. */
export interface AsteriskRefresh {
  readonly type: "refresh";
  /** Of whoever asks. */
  readonly eid: string;
}

/** Any document of the events `asterisk-devicestate` and `asterisk-mwi`. */
export type AsteriskDocument = AsteriskDeviceState | AsteriskMailboxState | AsteriskRefresh;

type Fields = Readonly<Record<string, unknown>>;

const COUNT_MAX = 0xffff_ffff;

/**
 * Reads a document. `cachable` plays no part: a state holds until the next one, or until the publication ends.
 *
 * @returns The document, or what is wrong with it: longer than 4,096 bytes, no UTF-8, no JSON object, another type, a member that is
 * missing or of another kind.
 */
export function readAsteriskJson(bytes: Uint8Array): AsteriskDocument | DocumentFault {
  return faultOr(() => {
    if (bytes.length > limits.asteriskDocumentBytes) throw new DocumentFault(1, "the document is too long");
    const fields = fieldsOf(utf8Text(bytes));
    const eid = eidOf(fields);
    switch (fields.type) {
      case "devicestate":
        return { type: "devicestate", device: nameOf(fields, "device"), state: stateOf(fields), eid };
      case "mailboxstate": {
        const mailbox = nameOf(fields, "uniqueid");
        return { type: "mailboxstate", mailbox, new: countOf(fields, "new"), old: countOf(fields, "old"), eid };
      }
      case "refresh":
        return { type: "refresh", eid };
      default:
        throw new DocumentFault(1, "type must be devicestate, mailboxstate or refresh");
    }
  });
}

function fieldsOf(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DocumentFault(1, "the document must be JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DocumentFault(1, "the document must be a JSON object");
  }
  return value as Fields;
}

function eidOf({ eid }: Fields): string {
  if (typeof eid === "string" && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(eid)) return eid.toLowerCase();
  throw new DocumentFault(1, "eid must be six pairs of hexadecimal digits with colons between them");
}

function stateOf({ state }: Fields): DeviceState {
  const known = typeof state === "string" ? parseDeviceState(state) : undefined;
  if (known === undefined) throw new DocumentFault(1, "state must be the name of a device state");
  return known;
}

function nameOf(fields: Fields, member: string): string {
  const name = fields[member];
  if (typeof name === "string" && name !== "" && name.length <= limits.asteriskNameChars) return name;
  throw new DocumentFault(1, `${member} must be a name`);
}

function countOf(fields: Fields, member: string): number {
  const count = fields[member];
  if (typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= COUNT_MAX) return count;
  throw new DocumentFault(1, `${member} must be a number of messages`);
}
