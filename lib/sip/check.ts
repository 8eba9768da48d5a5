/** Owns the full check of a message's syntax: everything the appliance reads of it is read once. */
import type { Message } from "./message.ts";
import { ParseFailure } from "./parse_failure.ts";
import { isPlainVia } from "./top_via.ts";

/**
 * Reads every typed value of a parsed message, so that a bad one is found before anything is done.
 *
 * Meant for new requests before they reach their handler; what is read stays cached.
 *
 * @returns The first rule broken, as the getter throws it; `undefined` when there is none.
 * Source: RFC 3261 §8.2, §21.4.1.
 */
export function checkSyntax(message: Message): ParseFailure | undefined {
  try {
    if (message.isRequest) void message.requestUri;
    if (!isPlainVia(message)) void message.vias;
    void message.from;
    void message.to;
    void message.contacts;
    void message.event;
    void message.expires;
    void message.minExpires;
    void message.accepts;
    void message.contentType;
    void message.authorizations;
    return undefined;
  } catch (error) {
    if (error instanceof ParseFailure) return error;
    throw error;
  }
}
