/**
 * Owns which options are secret, and what a configuration is without them.
 */
import { parse, stringify } from "smol-toml";

/**
 * Options whose values are told to nobody: what is wrong with a configuration is logged and shown on the page, and a password
 * that stands there without quotes must not be.
 */
const secretKeys: readonly string[] = [
  "auth",
  "password",
  "password_digest",
  "password_hash",
  "tokens",
  "hash",
  "secret",
  // That of a webhook may hold its key.
  "url",
];

/** What stands in place of a secret. */
const MASK = "(not told)";

/** Whether an option of that name is secret. */
export function isSecret(key: string): boolean {
  return secretKeys.includes(key);
}

/**
 * The text of a configuration without secrets, and without comments, which may hold any.
 *
 * @throws TomlError for a text that is no TOML.
 */
export function withoutSecrets(text: string): string {
  return stringify(masked(parse(text.replace(/^\uFEFF/, ""))) as Record<string, unknown>);
}

/** Whether it is a table rather than a date of TOML. */
function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, isSecret(key) ? MASK : masked(each)]));
}
