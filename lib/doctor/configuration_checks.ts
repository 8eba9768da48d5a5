/**
 * Owns the checks of the configuration and of the hintd that runs on it.
 */
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Running, Subject } from "./subject.ts";

/** What is wrong in config.toml, as `hintd check` has it, and what is right but hardly meant so. */
export function checkConfiguration({ configFile, errors, warnings }: Subject): Finding[] {
  const findings = [
    ...errors.map((text) => problem("config", text)),
    ...warnings.map((text) => warning("config", text)),
  ];
  return findings.length > 0 ? findings : [ok("config", `${configFile} is right`)];
}

/** Whether hintd runs, is this one, runs on what is in config.toml, and what it complains of. */
export function checkHintd(subject: Subject): Finding[] {
  const { hintd, service } = subject;
  switch (hintd.state) {
    case "runs":
      return checkRunning(subject, hintd.running);
    case "closed":
      return [warning("hintd", hintd.why, "sudo hintd doctor")];
    case "silent":
      return [problem("hintd", hintd.why, "journalctl -u hintd tells what it does; sudo systemctl restart hintd")];
    case "stopped":
      return service === undefined
        ? [warning("hintd", "It is not running", "hintd run; or as a service: sudo hintd service install")]
        : [
          problem(
            "hintd",
            "The service is not running",
            "journalctl -u hintd -n 20 says why; sudo systemctl start hintd",
          ),
        ];
  }
}

function checkRunning({ machine, configFile, version }: Subject, running: Running): Finding[] {
  const findings = [
    running.version === version ? ok("hintd", `${version} has been running for ${running.upFor}`) : warning(
      "hintd",
      `${running.version} is running, but this program is ${version}`,
      "After an upgrade: sudo hintd service install, or sudo systemctl restart hintd",
    ),
  ];
  const changedAt = machine.factsOf(configFile)?.changedAt;
  if (changedAt !== undefined && changedAt > running.configLoadedAt) {
    findings.push(warning("hintd", `${configFile} was changed since hintd read it`, "hintd reload"));
  }
  // What it says of its configuration stands above.
  const problems = running.problems.filter(({ area }) => area !== "config");
  for (const { severity, message, remedy } of problems) {
    findings.push((severity === "error" ? problem : warning)("hintd", message, remedy));
  }
  return findings;
}
