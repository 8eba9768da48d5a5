/**
 * Owns the state machine of the non-INVITE client transaction as a table.
 *
 * Theory. RFC 3261 §17.1.2, figure 6. The request is sent on entering `trying`. Over datagrams Timer E repeats it, after
 * T1, 2·T1, … up to T2 in `trying`, and every T2 in `proceeding`; Timer F, 64·T1, ends both. A final response leads to
 * `completed`, where Timer K, T4 over datagrams and nothing over streams, absorbs what the peer repeats. Nothing needs
 * to wake up for Timer K: `completed` costs a slot that keeps its branch, and the slot is taken again once T4 is over.
 * hintd sends no INVITE; that machine is not here. An empty cell cannot happen, and is ignored.
 */

/** States of a client transaction. */
export type ClientState = "trying" | "proceeding" | "completed" | "terminated";

/**
 * What can happen to one: `provisional` 1xx, `final` 200–699, `repeat` Timer E, `expiry` Timers F and K, `failure` the
 * flow broke.
 */
export type ClientInput = "provisional" | "final" | "repeat" | "expiry" | "failure";

/** What is done about it. */
export type ClientAction = "handUp" | "resend" | "absorb" | "reportTimeout" | "reportFailure" | "forget";

/** Next state and action. */
export type ClientCell = readonly [ClientState, ClientAction];

/** state → input → [next, action]. Source: RFC 3261 §17.1.2.2, figure 6. */
export const clientTransitions: Readonly<Record<ClientState, Readonly<Partial<Record<ClientInput, ClientCell>>>>> =
  Object.freeze({
    trying: {
      provisional: ["proceeding", "handUp"],
      final: ["completed", "handUp"],
      repeat: ["trying", "resend"],
      expiry: ["terminated", "reportTimeout"],
      failure: ["terminated", "reportFailure"],
    },
    proceeding: {
      provisional: ["proceeding", "handUp"],
      final: ["completed", "handUp"],
      repeat: ["proceeding", "resend"],
      expiry: ["terminated", "reportTimeout"],
      failure: ["terminated", "reportFailure"],
    },
    completed: {
      provisional: ["completed", "absorb"],
      final: ["completed", "absorb"],
      expiry: ["terminated", "forget"],
    },
    terminated: {},
  });
