/**
 * Owns the examination: every check in the order in which they are told.
 */
import { type Finding, ok, problem, warning } from "./finding.ts";
import { checkClock, checkDisk, checkKernel, checkPermissions } from "./host_checks.ts";
import { checkFirewall, checkNames, checkNat, checkPorts } from "./network_checks.ts";
import type { Subject } from "./subject.ts";

/** Runs every check. */
export async function examine(subject: Subject): Promise<Finding[]> {
  const [ports, names] = await Promise.all([checkPorts(subject), checkNames(subject)]);
  return [
    ...checkConfiguration(subject),
    ...checkRunning(subject),
    ...ports,
    ...checkFirewall(subject),
    ...checkClock(subject),
    ...names,
    ...checkNat(subject),
    ...checkDisk(subject),
    ...checkPermissions(subject),
    ...checkKernel(subject),
  ];
}

/** What is right, but hardly meant so. */
function checkConfiguration({ configFile, warnings }: Subject): Finding[] {
  return warnings.length === 0
    ? [ok("config", `${configFile} is right`)]
    : warnings.map((text) => warning("config", text));
}

/** Whether hintd runs, is this one, and what it complains of. */
function checkRunning({ running, version }: Subject): Finding[] {
  if (running === undefined) {
    return [warning("hintd", "It is not running", "hintd run, or: sudo systemctl start hintd")];
  }
  const minutes = Math.floor(running.uptimeSeconds / 60);
  return [
    running.version === version
      ? ok("hintd", `${version} runs since ${minutes} minutes ago`)
      : warning("hintd", `${running.version} runs, but this is ${version}`, "Restart it: sudo systemctl restart hintd"),
    // What it says of its configuration stands above.
    ...running.problems.filter(({ area }) => area !== "config").map(({ severity, message, remedy }) =>
      (severity === "error" ? problem : warning)("hintd", message, remedy)
    ),
  ];
}
