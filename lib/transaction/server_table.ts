/**
 * Owns the table of the server transactions whose machine is at work: those that await their answer, and INVITEs that await their ACK.
 */
import { limits } from "../runtime/limits.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import { equalKeys, type RequestKey, type TransactionKey } from "./key.ts";
import type { ServerMachine } from "./server_transaction.ts";

/** The transactions at work. */
export class ServerTable {
  /** First transaction of each index of a key; the others follow by `next`. */
  readonly #byKey = new Map<number, ServerMachine>();
  readonly #byMergeKey = new Map<number, ServerMachine>();
  /** Ends of the line in which all stand as they came. */
  #oldest: ServerMachine | undefined;
  #newest: ServerMachine | undefined;
  #count = 0;
  #heldBytes = 0;

  /** Transactions in the table. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that they keep, roughly. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The transaction a request belongs to. Source: RFC 3261 §17.2.3. */
  find(key: TransactionKey, request: Message): ServerMachine | undefined {
    let found = this.#byKey.get(key.index);
    while (found !== undefined && !(equalKeys(found.key, key) && found.matches(request, key))) found = found.next;
    return found;
  }

  /** The transaction a CANCEL is meant for: any with its key that is neither CANCEL nor ACK. Source: RFC 3261 §9.2. */
  findCancelled(key: RequestKey): ServerMachine | undefined {
    let found = this.#byKey.get(key.index);
    while (found !== undefined && (!equalKeys(found.key, key) || found.method === Method.cancel)) found = found.next;
    return found;
  }

  /** Whether a request of which one with another branch is a copy is among them. Source: RFC 3261 §8.2.2.2. */
  hasMerged(mergeKey: RequestKey): boolean {
    const found = this.#byMergeKey.get(mergeKey.index);
    return found !== undefined && equalKeys(found.mergeKey!, mergeKey);
  }

  /** Enters a transaction. */
  add(transaction: ServerMachine): void {
    this.#count++;
    this.#heldBytes += transaction.heldBytes;
    transaction.next = this.#byKey.get(transaction.key.index);
    this.#byKey.set(transaction.key.index, transaction);
    if (transaction.mergeKey !== undefined) this.#byMergeKey.set(transaction.mergeKey.index, transaction);
    transaction.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = transaction;
    else this.#newest.newer = transaction;
    this.#newest = transaction;
  }

  /** A transaction in the table keeps more. */
  grew(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Forgets the oldest whose answer has left before its time; false when none of the oldest has one. */
  forgetOldest(): boolean {
    const victim = this.#oldestAnswered();
    victim?.step("expiry");
    return victim !== undefined;
  }

  /** Takes a transaction out. */
  remove(transaction: ServerMachine): void {
    const { index } = transaction.key;
    const first = this.#byKey.get(index);
    if (first === transaction) {
      if (transaction.next === undefined) this.#byKey.delete(index);
      else this.#byKey.set(index, transaction.next);
    } else {
      let before = first;
      while (before !== undefined && before.next !== transaction) before = before.next;
      if (before === undefined) return;
      before.next = transaction.next;
    }
    this.#count--;
    this.#heldBytes -= transaction.heldBytes;
    transaction.next = undefined;
    this.#leaveLine(transaction);
    const { mergeKey } = transaction;
    if (mergeKey === undefined || this.#byMergeKey.get(mergeKey.index) !== transaction) return;
    this.#byMergeKey.delete(mergeKey.index);
  }

  /** Ends all without a word. */
  clear(): void {
    for (const first of this.#byKey.values()) {
      for (let at: ServerMachine | undefined = first; at !== undefined; at = at.next) at.abandon();
    }
    this.#byKey.clear();
    this.#byMergeKey.clear();
    this.#oldest = this.#newest = undefined;
    this.#count = 0;
    this.#heldBytes = 0;
  }

  #leaveLine(transaction: ServerMachine): void {
    const { older, newer } = transaction;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    transaction.older = transaction.newer = undefined;
  }

  #oldestAnswered(): ServerMachine | undefined {
    let transaction = this.#oldest;
    for (let looked = 0; transaction !== undefined && looked < limits.victimSearchCount; looked++) {
      if (transaction.isAnswered) return transaction;
      transaction = transaction.newer;
    }
    return undefined;
  }
}
