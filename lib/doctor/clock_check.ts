/**
 * Owns the check of the clock: the lifetimes of subscriptions and registrations, and the nonces of passwords, hang on it.
 */
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";

const DAY_MILLIS = 86_400_000;
const setRight = "sudo timedatectl set-ntp true";

/** Whether the clock can be believed; no clock may stand before the day on which this program was made. */
export async function checkClock(machine: Machine, builtAt: number | undefined): Promise<Finding[]> {
  if (builtAt !== undefined && machine.now() < builtAt - DAY_MILLIS) {
    return [problem("clock", "The clock is wrong: it is older than this program", setRight)];
  }
  const told = (await machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value"))?.trim();
  const isKept = told === "yes" || machine.factsOf("/run/systemd/timesync/synchronized") !== undefined;
  if (isKept) return [ok("clock", "kept right by a time server")];
  return [
    told === "no" ? warning("clock", "No time server keeps the clock right", setRight) : ok(
      "clock",
      "plausible; whether a time server keeps it right cannot be told",
    ),
  ];
}
