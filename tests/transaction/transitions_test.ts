import { expect, test } from "bun:test";
import { type ClientInput, type ClientState, clientTransitions } from "../../lib/transaction/client_transitions.ts";
import {
  inviteServerTransitions,
  nonInviteServerTransitions,
  type ServerInput,
  type ServerState,
} from "../../lib/transaction/server_transitions.ts";

const clientStates: ClientState[] = ["trying", "proceeding", "completed", "terminated"];
const clientInputs: ClientInput[] = ["provisional", "final", "repeat", "expiry", "failure"];
const serverStates: ServerState[] = ["trying", "proceeding", "accepted", "completed", "confirmed", "terminated"];
const serverInputs: ServerInput[] = [
  "request",
  "provisional",
  "success",
  "refusal",
  "ack",
  "slow",
  "repeat",
  "expiry",
];

/** The figures of the RFCs written once more, as a reader copies them: state, input, next state and action. */
const cases = [
  {
    name: "non-INVITE client (RFC 3261 §17.1.2.2, figure 6)",
    table: clientTransitions,
    states: clientStates,
    inputs: clientInputs,
    expected: `
      trying      provisional proceeding handUp
      trying      final       completed  handUp
      trying      repeat      trying     resend
      trying      expiry      terminated reportTimeout
      trying      failure     terminated reportFailure
      proceeding  provisional proceeding handUp
      proceeding  final       completed  handUp
      proceeding  repeat      proceeding resend
      proceeding  expiry      terminated reportTimeout
      proceeding  failure     terminated reportFailure
      completed   provisional completed  absorb
      completed   final       completed  absorb
      completed   expiry      terminated forget`,
  },
  {
    name: "non-INVITE server (RFC 3261 §17.2.2, figure 8 but for what AnsweredRequests does, with RFC 4320 §4)",
    table: nonInviteServerTransitions,
    states: serverStates,
    inputs: serverInputs,
    expected: `
      trying      request     trying     absorb
      trying      provisional trying     suppress
      trying      success     completed  sendLast
      trying      refusal     completed  sendLast
      trying      slow        proceeding sendTrying
      trying      expiry      terminated forget
      proceeding  request     proceeding resend
      proceeding  provisional proceeding suppress
      proceeding  success     completed  sendLast
      proceeding  refusal     completed  sendLast
      proceeding  expiry      terminated forget
      completed   provisional completed  suppress
      completed   success     completed  suppress
      completed   refusal     completed  suppress
      terminated  provisional terminated suppress
      terminated  success     terminated suppress
      terminated  refusal     terminated suppress`,
  },
  {
    name: "INVITE server (RFC 3261 §17.2.1 as corrected by RFC 6026 §7.1)",
    table: inviteServerTransitions,
    states: serverStates,
    inputs: serverInputs,
    expected: `
      proceeding  request     proceeding resend
      proceeding  provisional proceeding send
      proceeding  success     accepted   send
      proceeding  refusal     completed  send
      proceeding  slow        proceeding sendTrying
      proceeding  expiry      terminated forget
      accepted    request     accepted   absorb
      accepted    provisional accepted   suppress
      accepted    success     accepted   send
      accepted    refusal     accepted   suppress
      accepted    ack         accepted   absorb
      accepted    expiry      terminated forget
      completed   request     completed  resend
      completed   provisional completed  suppress
      completed   success     completed  suppress
      completed   refusal     completed  suppress
      completed   ack         confirmed  absorb
      completed   repeat      completed  resend
      completed   expiry      terminated forget
      confirmed   request     confirmed  absorb
      confirmed   provisional confirmed  suppress
      confirmed   success     confirmed  suppress
      confirmed   refusal     confirmed  suppress
      confirmed   ack         confirmed  absorb
      confirmed   expiry      terminated forget
      terminated  provisional terminated suppress
      terminated  success     terminated suppress
      terminated  refusal     terminated suppress`,
  },
];

/** What a table says of each pair of state and input; pairs without a cell have no line. */
function linesOf(
  table: Readonly<Record<string, Readonly<Partial<Record<string, readonly [string, string]>>>>>,
  states: readonly string[],
  inputs: readonly string[],
): string[] {
  const lines: string[] = [];
  for (const state of states) {
    for (const input of inputs) {
      const cell = table[state]![input];
      if (cell !== undefined) lines.push(`${state} ${input} ${cell[0]} ${cell[1]}`);
    }
  }
  return lines;
}

for (const { name, table, states, inputs, expected } of cases) {
  test(`every pair of state and input of the ${name} is as in its figure`, () => {
    const wanted = expected.trim().split("\n").map((line) => line.trim().split(/\s+/).join(" "));
    expect(linesOf(table, states, inputs)).toEqual(wanted);
  });

  test(`the table of the ${name} has no other states and inputs, and cannot be changed`, () => {
    expect(Object.isFrozen(table)).toBe(true);
    for (const [state, row] of Object.entries(table)) {
      expect(states as string[]).toContain(state);
      for (const input of Object.keys(row)) expect(inputs as string[]).toContain(input);
    }
  });
}
