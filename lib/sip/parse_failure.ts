/** Owns the value that says why bytes are not SIP: normal traffic for an open port, never a bug of ours. */
import { reasonPhrase } from "./status.ts";

/** What a `ParseFailure` is made of. */
export interface ParseFailureDetails {
  /** Header field, or `Request-Line`, `Status-Line`, `Request-URI`, `message`. */
  readonly header: string;
  /** What is wrong, as a phrase that follows the header's name; `missing` for an absent header. */
  readonly rule: string;
  /** Offset of the offending byte in the buffer that was parsed. */
  readonly at: number;
  /** The section broken, as `RFC 3261 §20.16`. */
  readonly source: string;
  /** Status of the answer; 400 unless told. */
  readonly status?: number;
}

/** Names in `ParseFailure.header` that are not header fields. */
const NOT_HEADERS = ["Request-Line", "Status-Line", "Request-URI", "message", "URI"];

/**
 * A rule of the grammar that received bytes break.
 *
 * `parseMessage` returns it; typed getters of `Message` throw it, for one boundary to catch.
 */
export class ParseFailure extends Error {
  /** Name of the class, for logs. */
  override readonly name = "ParseFailure";
  /** Header field, or `Request-Line`, `Status-Line`, `Request-URI`, `message`. */
  readonly header: string;
  /** What is wrong. */
  readonly rule: string;
  /** Offset of the offending byte in the buffer that was parsed. */
  readonly at: number;
  /** The section broken. */
  readonly source: string;
  /** Status of the answer that a request with this failure gets: 400, 414, 505 or 513. */
  readonly status: number;
  /**
   * Whether the message can be answered: a request other than ACK whose top Via, From, To, Call-ID and CSeq are there.
   * True for what getters throw, since the message itself was accepted.
   */
  isAnswerable = true;

  /** Fixes the message: the reason phrase. */
  constructor({ header, rule, at, source, status = 400 }: ParseFailureDetails) {
    super(phraseOf(header, rule, status));
    this.header = header;
    this.rule = rule;
    this.at = at;
    this.source = source;
    this.status = status;
  }

  /** Reason phrase for the answer: short printable ASCII that names the header. Source: RFC 3261 §8.2.6, §21.4.1. */
  get reasonPhrase(): string {
    return this.message;
  }
}

function phraseOf(header: string, rule: string, status: number): string {
  if (status !== 400) return reasonPhrase(status);
  if (rule === "missing") return `Missing ${header} header`;
  return NOT_HEADERS.includes(header) ? `Bad ${header}: ${rule}` : `Bad ${header} header: ${rule}`;
}
