/** Builds what the tests of authentication share: requests as phones send them, clients that answer challenges, a clock by hand. */
import { createHash } from "node:crypto";
import { type AuthConfig, authCounters, Authenticator, type Verdict } from "../../lib/auth/authenticator.ts";
import { FailureLog } from "../../lib/auth/failures.ts";
import type { EndpointOptions } from "../../lib/auth/identify.ts";
import type { NonceSnapshot } from "../../lib/auth/nonces.ts";
import { type Entropy, entropyFrom } from "../../lib/runtime/entropy.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { parseChallenge, writeCredentials } from "../../lib/sip/authorization.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";

/** Time that moves when told to. */
export class HandClock {
  /** Monotonic milliseconds. */
  at = 1_000;
  /** Wall time of monotonic zero. */
  epochAt = Date.UTC(2026, 0, 1);
  now(): number {
    return this.at;
  }
  wall(): number {
    return this.epochAt + this.at;
  }
}

/** Entropy that repeats itself from run to run. */
export function scriptedEntropy(seed = 1): Entropy {
  let state = seed;
  return entropyFrom((target) => {
    for (let i = 0; i < target.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      target[i] = state >>> 24;
    }
  });
}

/** The secret of the tests. */
export const secret: Uint8Array = new Uint8Array(32).fill(7);

/** An endpoint's options as the configuration has them after defaults. */
export function endpoint(options: Partial<EndpointOptions> = {}): EndpointOptions {
  return { identify_by: ["username", "ip"], match: [], permit: [], deny: [], ...options };
}

/** A configuration of these endpoints. */
export function config(
  endpoints: Record<string, EndpointOptions>,
  server: Partial<AuthConfig["server"]> = {},
): AuthConfig {
  return { server: { realm: "hintd", ignore_uri_user_options: false, ...server }, endpoints };
}

/** A log that keeps its lines as "message key=value". */
export function memoryLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const write: Log["info"] = (_area, message, fields = {}) => {
    lines.push([message, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(" "));
  };
  return { log: { debug: write, info: write, warn: write, error: write, isDebugging: () => true }, lines };
}

/** An authenticator with all its surroundings. */
export function bench(
  endpoints: Record<string, EndpointOptions>,
  options: {
    server?: Partial<AuthConfig["server"]>;
    resumed?: NonceSnapshot;
    acceptsMissingQop?: boolean;
    clock?: HandClock;
    seed?: number;
  } = {},
) {
  const clock = options.clock ?? new HandClock();
  const { log, lines } = memoryLog();
  const failures = new FailureLog({ clock, log });
  const counters = authCounters();
  const authenticator = new Authenticator({
    config: config(endpoints, options.server),
    secret,
    clock,
    entropy: scriptedEntropy(options.seed),
    failures,
    counters,
    resumedNonces: options.resumed,
    acceptsMissingQop: options.acceptsMissingQop ?? true,
  });
  return { authenticator, clock, failures, counters, lines };
}

/** What a request of the tests consists of. */
export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly from?: string;
  readonly to?: string;
  /** Values of Authorization headers. */
  readonly authorization?: readonly string[];
}

/** The text of a SUBSCRIBE as a desk phone sends it. */
export function requestText(parts: RequestParts = {}): string {
  const { method = "SUBSCRIBE", uri = "sip:1000@192.168.1.1", from = "sip:alice@192.168.1.1", to = uri } = parts;
  return [
    `${method} ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bK776asdhds;rport",
    "Max-Forwards: 70",
    `From: <${from}>;tag=1928301774`,
    `To: <${to}>`,
    "Call-ID: a84b4c76e66710@192.168.1.20",
    `CSeq: 1 ${method}`,
    "Contact: <sip:alice@192.168.1.20:5060>",
    "Event: dialog",
    "Accept: application/dialog-info+xml",
    "Expires: 3600",
    ...(parts.authorization ?? []).map((value) => `Authorization: ${value}`),
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

/** Parses a request by the real parser. */
export function parseRequest(text: string): Message {
  const bytes = new TextEncoder().encode(text);
  const message = new Message();
  const failure = parseMessage(bytes, 0, bytes.length, message);
  if (failure) throw failure;
  return message;
}

/** A parsed SUBSCRIBE. */
export function request(parts: RequestParts = {}): Message {
  return parseRequest(requestText(parts));
}

/** How a client answers a challenge; every member can be bent. */
export interface AnswerParts {
  readonly username?: string;
  readonly password?: string;
  readonly method?: string;
  readonly uri?: string;
  readonly count?: string;
  readonly cnonce?: string;
  /** Empty for clients of RFC 2069. */
  readonly qop?: string;
  readonly realm?: string;
  readonly nonce?: string;
  readonly algorithm?: string;
}

const NODE_HASHES: Record<string, string> = { "MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" };

/** The value of Authorization by which a client answers a challenge; computed apart from the code under test. */
export function answer(challengeText: string, parts: AnswerParts = {}): string {
  const challenge = parseChallenge(challengeText)!;
  const { username = "alice", password = "secret", method = "SUBSCRIBE", uri = "sip:1000@192.168.1.1" } = parts;
  const { count = "00000001", cnonce = "0a4f113b", qop = "auth", realm = challenge.realm, nonce = challenge.nonce } =
    parts;
  const { algorithm = challenge.algorithm } = parts;
  const hash = (text: string) => createHash(NODE_HASHES[algorithm.toUpperCase()] ?? "md5").update(text).digest("hex");
  const middle = qop === "" ? nonce : `${nonce}:${count}:${cnonce}:${qop}`;
  const response = hash(`${hash(`${username}:${realm}:${password}`)}:${middle}:${hash(`${method}:${uri}`)}`);
  return writeCredentials({
    username,
    isUserHashed: false,
    realm,
    nonce,
    uri,
    response,
    algorithm,
    cnonce: qop === "" ? "" : cnonce,
    opaque: "",
    qop,
    nonceCount: qop === "" ? "" : count,
  });
}

/** The challenge of one algorithm in a verdict; throws when there is none. */
export function challengeOf(verdict: Verdict, algorithm = "MD5"): string {
  if (verdict.outcome !== "challenge") throw new Error("Request was accepted");
  const header = verdict.headers.find(([, value]) => value.includes(`algorithm=${algorithm},`));
  if (!header) throw new Error(`No challenge for ${algorithm}`);
  return header[1];
}

/** The headers of a challenge with the nonce masked, for comparison. */
export function maskedHeaders(verdict: Verdict): string {
  if (verdict.outcome !== "challenge") throw new Error("Request was accepted");
  return verdict.headers.map(([name, value]) => `${name}: ${value.replace(/nonce="[^"]*"/, 'nonce="*"')}`).join("\n");
}
