/**
 * Owns the table of server transactions: by key, by merge key, and bounded.
 */
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ServerMachine } from "./server_transaction.ts";

/** The transactions that are remembered. */
export class ServerTable {
  /** First transaction of each key; the others follow by `next`. */
  readonly #byKey = new Map<string, ServerMachine>();
  readonly #byMergeKey = new Map<string, ServerMachine>();
  #count = 0;

  /** Transactions in the table. */
  get count(): number {
    return this.#count;
  }

  /** The transaction a request belongs to. Source: RFC 3261 §17.2.3. */
  find(key: string, request: Message): ServerMachine | undefined {
    let found = this.#byKey.get(key);
    while (found !== undefined && !found.matches(request)) found = found.next;
    return found;
  }

  /** The transaction a CANCEL is meant for: any with its key that is neither CANCEL nor ACK. Source: RFC 3261 §9.2. */
  findCancelled(key: string): ServerMachine | undefined {
    let found = this.#byKey.get(key);
    while (found !== undefined && found.method === Method.cancel) found = found.next;
    return found;
  }

  /** The transaction of which a request with another branch is a copy. Source: RFC 3261 §8.2.2.2. */
  findMerged(mergeKey: string | undefined): ServerMachine | undefined {
    return mergeKey === undefined ? undefined : this.#byMergeKey.get(mergeKey);
  }

  /** Enters a transaction. */
  add(transaction: ServerMachine): void {
    this.#count++;
    transaction.next = this.#byKey.get(transaction.key);
    this.#byKey.set(transaction.key, transaction);
    if (transaction.mergeKey !== undefined) this.#byMergeKey.set(transaction.mergeKey, transaction);
  }

  /** Takes a transaction out. */
  remove(transaction: ServerMachine): void {
    const first = this.#byKey.get(transaction.key);
    if (first === transaction) {
      if (transaction.next === undefined) this.#byKey.delete(transaction.key);
      else this.#byKey.set(transaction.key, transaction.next);
      this.#count--;
    } else {
      let before = first;
      while (before !== undefined && before.next !== transaction) before = before.next;
      if (before === undefined) return;
      before.next = transaction.next;
      this.#count--;
    }
    transaction.next = undefined;
    this.forgetMerge(transaction);
  }

  /** Copies of this request are no longer refused. */
  forgetMerge(transaction: ServerMachine): void {
    const { mergeKey } = transaction;
    if (mergeKey !== undefined && this.#byMergeKey.get(mergeKey) === transaction) this.#byMergeKey.delete(mergeKey);
  }

  /** Ends all without a word. */
  clear(): void {
    for (const first of this.#byKey.values()) {
      for (let at: ServerMachine | undefined = first; at !== undefined; at = at.next) at.abandon();
    }
    this.#byKey.clear();
    this.#byMergeKey.clear();
    this.#count = 0;
  }
}
