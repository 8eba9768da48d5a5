/**
 * Owns which options are secret.
 */

/**
 * Options whose values are told to nobody: what is wrong with a configuration is logged and shown on the page, and a password
 * that stands there without quotes must not be.
 */
export const secretKeys: readonly string[] = [
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

/** Whether an option of that name is secret. */
export function isSecret(key: string): boolean {
  return secretKeys.includes(key);
}
