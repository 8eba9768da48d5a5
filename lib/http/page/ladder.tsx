/** @jsxImportSource hono/jsx */
/**
 * Owns the ladder of one dialog: a line per party, an arrow per message, the message itself one click away.
 */
import { type Instant, instantMillis } from "../../runtime/instant.ts";
import type { MessageRow } from "../messages.ts";

/** Lines on the phones' side; an address beyond them shares the last. */
const laneCount = 4;

/** What the ladder is made of. */
export interface LadderProps {
  /** At least one message, oldest first. */
  readonly messages: readonly MessageRow[];
  /** How the phone calls itself. */
  readonly userAgent: string;
}

/** The ladder; phones stand on the left, hintd on the right. */
export function Ladder({ messages, userAgent }: LadderProps) {
  const first = messages[0]!;
  const addresses = [...new Set(messages.map(({ remote }) => addressOf(remote)))];
  const lanes = Math.min(addresses.length, laneCount);
  const laneOf = (message: MessageRow) => Math.min(addresses.indexOf(addressOf(message.remote)) + 1, laneCount);
  return (
    <div class={`ladder lanes-${lanes}`}>
      <div class="rail rail-heads" aria-hidden="true">
        <span />
        <div class="rail-lanes">
          {addresses.slice(0, lanes).map((address, i) => (
            <span key={address} class={`lane-${i + 1} party`}>
              <b>{i === laneCount - 1 && addresses.length > laneCount ? "others" : address}</b>
              {i === 0 && <small>{userAgent}</small>}
            </span>
          ))}
          <span class="party party-self">
            <b>hintd</b>
            <small>{first.transport} {first.local}</small>
          </span>
        </div>
      </div>
      <ol>
        {messages.map((message) => (
          <Rung key={message.id} message={message} lane={laneOf(message)} startsAt={first.at} />
        ))}
      </ol>
    </div>
  );
}

function Rung({ message, lane, startsAt }: { message: MessageRow; lane: number; startsAt: Instant }) {
  const { id, at, is_sent: isSent, is_repeated: isRepeated, remote, status } = message;
  return (
    <li class={isRepeated ? "rung is-repeated" : "rung"} data-tone={toneOf(message)}>
      <details id={`message-${id}`}>
        <summary class="rail">
          <time datetime={at} title={at}>{offsetText(startsAt, at)}</time>
          <span class="rail-lanes">
            <span class={`lane-${lane} arrow`} data-to={isSent ? "phone" : "hintd"}>
              <span class="unseen">{isSent ? `hintd to ${remote}: ` : `${remote} to hintd: `}</span>
              <span class="arrow-words">
                <b>{status === null ? message.method || "No SIP" : `${status} ${message.reason}`}</b>
                {status === null && !isSent && message.request_user !== "" && ` ${message.request_user}`}
              </span>
            </span>
          </span>
          <span class="gist">
            {gistOf(message).map((part) => <span key={part}>{part}</span>)}
            {isRepeated && <span class="again">sent again</span>}
            {message.fault !== null && <span class="bad">{message.fault}</span>}
          </span>
        </summary>
        <div class="raw">
          <p>
            {at} · {message.transport} · {isSent ? message.local : remote} → {isSent ? remote : message.local} ·{" "}
            {message.wire_bytes} bytes{!message.is_whole && ", of which only the beginning was kept"}
          </p>
          <pre>{message.text.trimEnd()}</pre>
        </div>
      </details>
    </li>
  );
}

/** What the arrow's colour says; its words say it too. */
function toneOf({ status, fault }: MessageRow): "request" | "progress" | "success" | "challenge" | "refusal" {
  if (fault !== null) return "refusal";
  if (status === null) return "request";
  if (status < 200) return "progress";
  if (status < 300) return "success";
  return status === 401 || status === 407 ? "challenge" : "refusal";
}

/** What tells this message from others of its kind. */
function gistOf(message: MessageRow): string[] {
  const { status, cseq, method, event, expires, subscription_state: state, content_type: contentType } = message;
  return [
    ...(event === "" ? [] : [event]),
    ...(state === "" ? [] : [state.replaceAll(";", " ")]),
    ...(expires === "" ? [] : [`expires ${expires}`]),
    ...(contentType === "" ? [] : [shortType(contentType)]),
    ...(cseq === null ? [] : [`CSeq ${cseq}${status === null ? "" : ` ${method}`}`]),
  ];
}

/** `application/dialog-info+xml` → `dialog-info`. */
function shortType(contentType: string): string {
  return contentType.replace(/;.*$/, "").trim().replace(/^application\//, "").replace(/\+xml$/, "");
}

function addressOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(":"));
}

/** Time since the beginning: `0`, `+4.2 ms`, `+1.204 s`, `+2:03`, `+1:02:03`. */
export function offsetText(from: Instant, to: Instant): string {
  const micros = (instantMillis(to) - instantMillis(from)) * 1_000 + microsOf(to) - microsOf(from);
  const seconds = Math.floor(micros / 1_000_000);
  if (micros === 0) return "0";
  if (micros < 1_000_000) return `+${(micros / 1_000).toFixed(1)} ms`;
  if (seconds < 60) return `+${(micros / 1_000_000).toFixed(3)} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours === 0 ? `+${minutes}:${two(seconds % 60)}` : `+${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** Microseconds behind the last whole millisecond. */
function microsOf(at: Instant): number {
  return Number(/\.\d{3}(\d{3})Z$/.exec(at)?.[1] ?? 0);
}
