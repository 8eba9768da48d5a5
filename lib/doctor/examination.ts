/**
 * Owns the examination: every check in the order in which they are told.
 */
import { checkClock } from "./clock_check.ts";
import { checkConfiguration, checkHintd } from "./configuration_checks.ts";
import { checkDatabase, checkDisk } from "./disk_checks.ts";
import type { Finding } from "./finding.ts";
import { checkFirewall, checkSipHelper } from "./firewall_check.ts";
import { checkLosses, checkReceiveBuffer } from "./kernel_checks.ts";
import type { Machine } from "./machine.ts";
import { checkNames, checkOwnName } from "./name_checks.ts";
import { checkNat } from "./nat_check.ts";
import { checkPermissions } from "./permission_checks.ts";
import { checkPorts } from "./port_checks.ts";
import type { Subject } from "./subject.ts";

/** Runs every check; those that wait for answers wait at the same time. */
export async function examine(subject: Subject): Promise<Finding[]> {
  const { machine, builtAt } = subject;
  const findings = await Promise.all([
    checkConfiguration(subject),
    checkHintd(subject),
    checkPorts(subject),
    checkFirewall(subject),
    checkSipHelper(machine),
    checkClock(machine, builtAt),
    checkNames(subject),
    checkOwnName(machine),
    checkNat(subject),
    checkDisk(subject),
    checkDatabase(subject),
    checkPermissions(subject),
    checkReceiveBuffer(machine),
    checkLosses(subject),
  ]);
  return findings.flat();
}

/** Runs the checks that need no configuration. */
export async function examineMachine(machine: Machine, builtAt: number | undefined): Promise<Finding[]> {
  const findings = await Promise.all([
    checkSipHelper(machine),
    checkClock(machine, builtAt),
    checkOwnName(machine),
    checkReceiveBuffer(machine),
  ]);
  return findings.flat();
}
