/**
 * Reads the recorded exchanges in tests/fixtures/captures: which body was sent to whom, after which SUBSCRIBE, in which state.
 *
 * A capture says its state in one of four ways: in its heading, in the separators between messages, by its directory, or in the table of
 * storylines below. A recorded body whose state is not known is an error, never skipped.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExtensionState } from "../../lib/state/device_state.ts";
import type { PresenceState } from "../../lib/state/presence_state.ts";

/** The SUBSCRIBE that opened a subscription. */
export interface Subscribe {
  requestUri: string;
  /** From URI without brackets. */
  from: string;
  userAgent: string;
  endpoint: string;
}

/** What was true when a body was sent. */
export interface RecordedState {
  extension: ExtensionState;
  presence: PresenceState;
  /** The ringing call was known. */
  isCallKnown: boolean;
}

/** One recorded body. */
export interface RecordedBody {
  /** Path below the captures directory and the CSeq of the NOTIFY, for messages. */
  where: string;
  path: string;
  mediaType: string;
  body: string;
  subscribe: Subscribe;
  state: RecordedState;
  /** Names of the supplements loaded, in their order. */
  supplements: readonly string[];
  /** Documents sent before in this subscription, retransmissions not counted. */
  ordinal: number;
  /** Call-ID: one subscription. */
  callId: string;
}

interface Message {
  startLine: string;
  headers: Map<string, string>;
  body: string;
}

interface Step {
  /** Text of a separator, or a message. */
  note: string;
  message: Message | undefined;
}

const directory = join(import.meta.dir, "../fixtures/captures");

const notSet: PresenceState = { state: "not_set", subtype: "", message: "" };

const extensionStates: Record<string, ExtensionState> = {
  "Idle": "NOT_INUSE",
  "InUse": "INUSE",
  "Busy": "BUSY",
  "Unavailable": "UNAVAILABLE",
  "Ringing": "RINGING",
  "InUse&Ringing": "RINGINUSE",
  "Hold": "ONHOLD",
};

/** Custom device state → state of an extension that shows just this device. */
const stateOfDevice: Record<string, ExtensionState> = {
  NOT_INUSE: "NOT_INUSE",
  INUSE: "INUSE",
  BUSY: "BUSY",
  RINGING: "RINGING",
  RINGINUSE: "RINGINUSE",
  ONHOLD: "ONHOLD",
  UNAVAILABLE: "UNAVAILABLE",
  INVALID: "UNAVAILABLE",
  UNKNOWN: "NOT_INUSE",
};

/** States of successive documents of each subscription where the capture itself does not tell; the last one stays. */
const storylines: readonly (readonly [RegExp, readonly ExtensionState[]])[] = [
  [/^errors\/hint-presence-only-no-device/, ["UNAVAILABLE"]],
  [/^errors\//, ["NOT_INUSE"]],
  [/^in-dialog\/refresh-event-(absent|dialog|id-added|unknown)/, ["NOT_INUSE", "INUSE", "NOT_INUSE"]],
  [/^in-dialog\//, ["NOT_INUSE"]],
  [/^lifecycle\/hint-removed/, ["INUSE", "REMOVED"]],
  [/^lifecycle\/(late-subscribe|record-route|tcp-closed)/, ["NOT_INUSE"]],
  [/^lifecycle\/(notify-answered|reloads)/, ["NOT_INUSE", "INUSE", "NOT_INUSE"]],
  [/^lifecycle\/notify-unanswered/, ["NOT_INUSE", "INUSE", "RINGING"]],
  [/^lifecycle\/restart-keep-db/, ["NOT_INUSE", "NOT_INUSE", "INUSE"]],
  [/^transitions\/burst-/, ["NOT_INUSE", "INUSE", "RINGING", "ONHOLD", "UNAVAILABLE", "NOT_INUSE"]],
  [
    /^real-call\/watcher/,
    ["UNAVAILABLE", "NOT_INUSE", "RINGING", "INUSE", "NOT_INUSE", "RINGING", "NOT_INUSE", "UNAVAILABLE"],
  ],
];

/** Every recorded body of every capture file. */
export function readRecordedBodies(): RecordedBody[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) =>
    // Lists and message waiting are replayed as a whole: asterisk_lists_test.ts, asterisk_mwi_test.ts.
    path.endsWith(".txt") && !/^lists\/|\/mwi/.test(path)
  )
    .sort();
  const captures = files.map((path) => ({ path, ...readCapture(readFileSync(join(directory, path), "utf8")) }));
  const subscribes = new Map<string, Subscribe>();
  for (const capture of captures) {
    for (const { message } of capture.steps) {
      const callId = message?.headers.get("call-id") ?? "";
      if (message?.startLine.startsWith("SUBSCRIBE ") && !subscribes.has(callId)) {
        subscribes.set(callId, toSubscribe(message));
      }
    }
  }
  return captures.flatMap((capture) => bodiesOf(capture.path, capture.heading, capture.steps, subscribes));
}

function readCapture(text: string): { heading: string; steps: Step[] } {
  const [heading = "", ...parts] = text.split(/^########/m);
  const steps = parts.map((part) => {
    const end = part.indexOf("\n");
    const note = part.slice(0, end).replace(/^ \+[\d.]+s /, "").trim();
    const isMessage = /^(SENT|RECV) /.test(note);
    return { note, message: isMessage ? readMessage(part.slice(end + 1)) : undefined };
  });
  return { heading, steps };
}

function readMessage(text: string): Message {
  const normal = text.replaceAll("\r\n", "\n");
  const end = normal.indexOf("\n\n");
  const [startLine = "", ...lines] = normal.slice(0, end).split("\n");
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  }));
  const length = Number(headers.get("content-length") ?? 0);
  const body = new TextDecoder().decode(new TextEncoder().encode(normal.slice(end + 2)).subarray(0, length));
  return { startLine, headers, body };
}

function toSubscribe(message: Message): Subscribe {
  const from = /<([^>]*)>/.exec(message.headers.get("from") ?? "")?.[1] ?? "";
  return {
    requestUri: message.startLine.split(" ")[1] ?? "",
    from,
    userAgent: message.headers.get("user-agent") ?? "",
    endpoint: /^sips?:([^@]*)@/.exec(from)?.[1] ?? "",
  };
}

function bodiesOf(path: string, heading: string, steps: Step[], subscribes: Map<string, Subscribe>): RecordedBody[] {
  const stateAt = storyOf(path, heading);
  const bodies: RecordedBody[] = [];
  /** Call-ID → CSeqs of its documents so far. */
  const sent = new Map<string, string[]>();
  let note = "";
  for (const step of steps) {
    if (!step.message) {
      note = step.note;
      continue;
    }
    const { message } = step;
    if (!message.startLine.startsWith("NOTIFY ") || !message.body.includes("<?xml")) continue;
    const callId = message.headers.get("call-id") ?? "";
    const cseq = message.headers.get("cseq") ?? "";
    const cseqs = sent.get(callId) ?? [];
    if (!cseqs.includes(cseq)) cseqs.push(cseq);
    sent.set(callId, cseqs);
    const ordinal = cseqs.indexOf(cseq);
    const subscribe = subscribes.get(callId);
    const where = `${path} (${cseq})`;
    if (!subscribe) throw new Error(`No SUBSCRIBE for ${where}`);
    bodies.push({
      where,
      path,
      callId,
      ordinal,
      subscribe,
      mediaType: message.headers.get("content-type") ?? "",
      body: message.body,
      state: stateAt(ordinal, note),
      supplements: supplementsOf(path),
    });
  }
  const count = readFileSync(join(directory, path), "utf8").split("<?xml").length - 1;
  if (count !== bodies.length) throw new Error(`${path} has ${count} bodies, ${bodies.length} were understood`);
  return bodies;
}

/** From the heading and path of a capture: the state at a document of a subscription, given the last separator before it. */
function storyOf(path: string, heading: string): (ordinal: number, note: string) => RecordedState {
  const plain = (extension: ExtensionState, presence = notSet): RecordedState => ({
    extension,
    presence,
    isCallKnown: path.startsWith("real-call/") && extension === "RINGING",
  });
  const title = heading.split("\n")[0] ?? "";

  const presenceText = /^# presencestate change \S+?:lamp0 (.*) \(device NOT_INUSE\)/.exec(title)?.[1] ??
    /^# presence (.*); User-Agent /.exec(title)?.[1] ?? /, presence (.*), supplements loaded: /.exec(title)?.[1];
  if (presenceText !== undefined) return announced(toPresence(presenceText), title.startsWith("# device state"));

  const hint = /hint state (\S+); pidf/.exec(title)?.[1] ?? /^# hint \d+: \('(\w+)', 'not_set'\)/.exec(title)?.[1];
  if (hint !== undefined) return () => plain(stateOf(hint));
  const device = /^# (\w+), endpoint \w+ \(early:/.exec(title)?.[1];
  if (device !== undefined) return () => plain(deviceState(device));

  const [, before, after] = /^# event \w+: device (\w+) -> (\w+),/.exec(title) ?? [];
  if (before && after) return (ordinal) => plain(deviceState(ordinal === 0 ? before : after));
  const [, presenceBefore, presenceAfter] = /^# presence (\S+) -> (\S+), (?:one|NO) NOTIFY/.exec(title) ?? [];
  if (presenceBefore && presenceAfter) {
    return (ordinal) => plain("NOT_INUSE", toPresence(ordinal === 0 ? presenceBefore : presenceAfter));
  }

  const states = storylines.find(([pattern]) => pattern.test(path))?.[1];
  if (!states) throw new Error(`${path} is not understood: "${title}"`);
  return (ordinal) => plain(states[Math.min(ordinal, states.length - 1)] as ExtensionState);
}

/**
 * The captures of device and presence states: a first subscription in the state that a separator announces, a second one that starts in
 * another state and then sees the change to it.
 */
function announced(
  presence: PresenceState,
  isDeviceChanging: boolean,
): (ordinal: number, note: string) => RecordedState {
  let target: ExtensionState | undefined;
  return (ordinal, note) => {
    const [, state = "", name = ""] = /State:(\S+) Presence:(\w+)/.exec(note) ?? [];
    const isBase = note.startsWith("second subscription") && ordinal === 0;
    if (note.includes("fresh SUBSCRIBE")) target = stateOf(state);
    if (target === undefined) throw new Error(`No state announced: "${note}"`);
    if (!isBase) return { extension: target, presence, isCallKnown: false };
    if (!isDeviceChanging) {
      return { extension: stateOf(state), presence: { ...notSet, state: toPresence(name).state }, isCallKnown: false };
    }
    return { extension: stateOf(state), presence, isCallKnown: false };
  };
}

function stateOf(hintText: string): ExtensionState {
  const state = extensionStates[hintText];
  if (!state) throw new Error(`Unknown hint state "${hintText}"`);
  return state;
}

function deviceState(name: string): ExtensionState {
  const state = stateOfDevice[name];
  if (!state) throw new Error(`Unknown device state "${name}"`);
  return state;
}

/** `state[,subtype[,message]]`, quotes of a Python literal around the message taken off, an option `e` dropped. */
function toPresence(text: string): PresenceState {
  const [state = "", subtype = "", ...rest] = text.split(",");
  const message = rest.join(",").replace(/,e$/, "").replace(/^'(.*)'$/, "$1");
  return { state: state as PresenceState["state"], subtype, message };
}

function supplementsOf(path: string): readonly string[] {
  // Asterisk's order is that of loading its modules; for these captures it was the other one.
  if (path.startsWith("transitions/presence-state/")) return ["eyebeam", "digium"];
  const loaded = /\/supplements-(\w+)\//.exec(path)?.[1] ?? "both";
  return { none: [], digium: ["digium"], eyebeam: ["eyebeam"], both: ["digium", "eyebeam"] }[loaded] ?? [];
}
