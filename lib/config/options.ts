/**
 * Owns the kinds of options: a zod schema each, with its default, what is accepted, and one sentence for people.
 */
import { isIP } from "node:net";
import { z } from "zod";

// A configuration is judged once: compiling functions for it would take longer than the judging.
z.config({ jitless: true });

/** What the reference and the error messages say of an option. */
export interface OptionMeta {
  /** One sentence. */
  readonly description: string;
  /** What may stand there, after "expected". */
  readonly accepted: string;
}

function named<T extends z.ZodType>(schema: T, description: string, accepted: string): T {
  // `meta` would make every option twice, which a start can feel.
  z.globalRegistry.add(schema, { description, accepted } satisfies OptionMeta);
  return schema;
}

/** Any text. */
export function text(value: string, description: string) {
  return named(z.string(), description, "a text").default(value);
}

/** A text that cannot be empty. */
export function word(value: string, description: string) {
  return named(z.string().min(1), description, "a text that is not empty").default(value);
}

/** `true` or `false`. */
export function flag(value: boolean, description: string) {
  return named(z.boolean(), description, "true or false").default(value);
}

/** A whole number within bounds, both included. */
export function whole(value: number, [min, max]: readonly [number, number], description: string, unit = "") {
  const accepted = `a whole number from ${min} to ${max}${unit === "" ? "" : ` (${unit})`}`;
  return named(z.int().min(min).max(max), description, accepted).default(value);
}

/** Whole seconds within bounds. */
export function seconds(value: number, [min, max]: readonly [number, number], description: string) {
  return whole(value, [min, max], description, "seconds");
}

/** Seconds with a fraction. */
export function fractionalSeconds(value: number, [min, max]: readonly [number, number], description: string) {
  return named(z.number().min(min).max(max), description, `a number from ${min} to ${max} (seconds)`).default(value);
}

/** One of some words. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T, value: T[number], description: string) {
  return choice(words, description).default(value as z.util.NoUndefined<z.output<ReturnType<typeof choice<T>>>>);
}

/** One of some words, without a default. */
export function choice<const T extends readonly [string, ...string[]]>(words: T, description: string) {
  return named(z.enum(words), description, orList(words));
}

/** A list of texts. */
export function texts(description: string, value: string[] = []) {
  return named(z.array(z.string().min(1)), description, "a list of texts that are not empty").default(value);
}

/** A list of some words. */
export function someOf<const T extends readonly [string, ...string[]]>(
  words: T,
  value: T[number][],
  description: string,
) {
  return named(z.array(z.enum(words)), description, `a list of ${orList(words)}`).default(value as never);
}

/** A list of addresses and networks. */
export function networks(description: string) {
  const accepted = 'addresses or networks, such as "192.168.1.20", "192.168.1.0/24" or "fd00::/8"';
  return named(z.array(z.string().refine(isNetwork)), description, accepted).default([]);
}

/** An address or a name, with a port or without; empty for none. */
export function host(description: string) {
  const accepted = 'an address or a name, with a port or without, such as "203.0.113.7" or "pbx.example.com:5060"';
  return named(z.string().refine((value) => value === "" || isHost(value)), description, accepted).default("");
}

/** `address:port`, IPv6 in brackets. */
export function bind(value: string, description: string) {
  return bindOf(description).default(value);
}

/** `address:port` without a default. */
export function bindOf(description: string) {
  return named(z.string().refine(isBind), description, 'an address and port, such as "0.0.0.0:5060" or "[::]:5060"');
}

/** What `hintd hash-password` prints, of the kinds that can be verified; empty for none. */
export function passwordHash(description: string) {
  const schema = z.string().regex(/^$|^\$(argon2(id|i|d)|2[abxy])\$/);
  return named(schema, description, "what `hintd hash-password` prints").default("");
}

/** What `hintd hash-password --token` prints, or the slow hash of a token. */
export function tokenHash(description: string) {
  const schema = z.string().regex(/^SHA-256:[0-9a-f]{64}$|^\$(argon2(id|i|d)|2[abxy])\$/i);
  return named(schema, description, "what `hintd hash-password --token` prints");
}

/** Where a web server is. */
export function webUrl(description: string) {
  return named(z.string().refine(isWebUrl), description, 'a URL such as "https://crm.example.com/hintd"');
}

/** A regular expression; empty for anything. */
export function expression(description: string) {
  return named(z.string().refine(isExpression), description, "a regular expression").default("");
}

/** Whether `value` is an address, or a network as address/bits or address/netmask. */
export function isNetwork(value: string): boolean {
  const [address = "", bits, ...rest] = value.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (family === 4 && isIP(bits) === 4) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Whether `value` is a host name or address, IPv6 in brackets where a port follows. */
function isHost(value: string): boolean {
  if (isIP(value) !== 0) return true;
  const match = /^(?:\[([^\]]+)\]|([a-z\d](?:[a-z\d.-]*[a-z\d])?))(?::(\d{1,5}))?$/i.exec(value);
  if (match === null || Number(match[3] ?? 0) > 65_535) return false;
  const [, literal, name = ""] = match;
  // What is all digits and dots is meant to be an IPv4 address.
  return literal === undefined ? !/^[\d.]+$/.test(name) || isIP(name) === 4 : isIP(literal) === 6;
}

/** Splits `address:port`; undefined when it is none. The address must be numeric; `localhost` is taken for 127.0.0.1. */
export function splitBind(value: string): { address: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  if (match === null || Number(match[3]) > 65_535) return undefined;
  const address = match[1] ?? match[2]!;
  const isRight = match[1] !== undefined ? isIP(address) === 6 : isIP(address) === 4 || address === "localhost";
  return isRight ? { address, port: Number(match[3]) } : undefined;
}

function isBind(value: string): boolean {
  return splitBind(value) !== undefined;
}

function isWebUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function isExpression(value: string): boolean {
  try {
    new RegExp(value, "i");
    return true;
  } catch {
    return false;
  }
}

/** `"a", "b" or "c"`. */
export function orList(words: readonly string[]): string {
  const quoted = words.map((each) => `"${each}"`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
