/**
 * Owns the state machines of both server transactions as tables.
 *
 * Theory. Non-INVITE: RFC 3261 §17.2.2, figure 8. The transaction user answers at once or later, and with the final response
 * the machine is done. Over datagrams the response is kept for Timer J, 64·T1, and sent again whenever the request comes again: see
 * `answered_requests.ts`.
 * RFC 4320 allows no 408, no provisional but the 100, and no early 100: when no answer has come by the time the client's
 * Timer E has grown to T2, the layer sends the 100 itself (`slow`). A user who never answers is given up after 64·T1, when the client has gone.
 *
 * INVITE: RFC 3261 §17.2.1 as corrected by RFC 6026 §7.1 (figure 5). A refusal is repeated by Timer G until its ACK comes
 * or Timer H, 64·T1, ends it; `confirmed` absorbs repeated ACKs for Timer I, T4. `accepted` lets the user repeat its 2xx
 * for Timer L, 64·T1; hintd sends none, and ACKs to a 2xx have nowhere to go.
 *
 * An empty cell cannot happen, or has no effect.
 */

/** States of a server transaction. */
export type ServerState = "trying" | "proceeding" | "accepted" | "completed" | "confirmed" | "terminated";

/**
 * What can happen to one: `request` the same again, `provisional` 1xx, `success` 2xx and `refusal` 300–699 from the user,
 * `ack`, `slow` no answer in time, `repeat` Timer G, `expiry` Timers H, I and L.
 */
export type ServerInput = "request" | "provisional" | "success" | "refusal" | "ack" | "slow" | "repeat" | "expiry";

/** What is done about it: `send` keeps and sends the response, `resend` the kept one, if there is one; `sendLast` is done with it. */
export type ServerAction = "send" | "sendLast" | "sendTrying" | "resend" | "absorb" | "suppress" | "forget";

/** Next state and action. */
export type ServerCell = readonly [ServerState, ServerAction];

/** state → input → [next, action]. */
export type ServerTransitions = Readonly<Record<ServerState, Readonly<Partial<Record<ServerInput, ServerCell>>>>>;

/** Non-INVITE. Source: RFC 3261 §17.2.2, figure 8; RFC 4320 §4. */
export const nonInviteServerTransitions: ServerTransitions = Object.freeze({
  trying: {
    request: ["trying", "absorb"],
    provisional: ["trying", "suppress"],
    success: ["completed", "sendLast"],
    refusal: ["completed", "sendLast"],
    slow: ["proceeding", "sendTrying"],
    expiry: ["terminated", "forget"],
  },
  proceeding: {
    request: ["proceeding", "resend"],
    provisional: ["proceeding", "suppress"],
    success: ["completed", "sendLast"],
    refusal: ["completed", "sendLast"],
    expiry: ["terminated", "forget"],
  },
  accepted: {},
  completed: {
    provisional: ["completed", "suppress"],
    success: ["completed", "suppress"],
    refusal: ["completed", "suppress"],
  },
  confirmed: {},
  terminated: {
    provisional: ["terminated", "suppress"],
    success: ["terminated", "suppress"],
    refusal: ["terminated", "suppress"],
  },
});

/** INVITE. Source: RFC 3261 §17.2.1; RFC 6026 §7.1, figure 5. */
export const inviteServerTransitions: ServerTransitions = Object.freeze({
  trying: {},
  proceeding: {
    request: ["proceeding", "resend"],
    provisional: ["proceeding", "send"],
    success: ["accepted", "send"],
    refusal: ["completed", "send"],
    slow: ["proceeding", "sendTrying"],
    expiry: ["terminated", "forget"],
  },
  accepted: {
    request: ["accepted", "absorb"],
    provisional: ["accepted", "suppress"],
    success: ["accepted", "send"],
    refusal: ["accepted", "suppress"],
    ack: ["accepted", "absorb"],
    expiry: ["terminated", "forget"],
  },
  completed: {
    request: ["completed", "resend"],
    provisional: ["completed", "suppress"],
    success: ["completed", "suppress"],
    refusal: ["completed", "suppress"],
    ack: ["confirmed", "absorb"],
    repeat: ["completed", "resend"],
    expiry: ["terminated", "forget"],
  },
  confirmed: {
    request: ["confirmed", "absorb"],
    provisional: ["confirmed", "suppress"],
    success: ["confirmed", "suppress"],
    refusal: ["confirmed", "suppress"],
    ack: ["confirmed", "absorb"],
    expiry: ["terminated", "forget"],
  },
  terminated: {
    provisional: ["terminated", "suppress"],
    success: ["terminated", "suppress"],
    refusal: ["terminated", "suppress"],
  },
});
