/**
 * Owns the refusal of the disk: known to whoever asks for durability and to whoever provides it.
 */

/** The disk refused; nothing was changed. The message is one line for the operator; `cause` is what SQLite said. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
