/**
 * Owns the checks of who may read and write what, and of what hintd itself may.
 */
import { join } from "node:path";
import { databaseFile } from "../store/database.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { FileFacts, Machine } from "./machine.ts";
import type { Subject } from "./subject.ts";

/** Files and directories, and the user that hintd runs as. */
export function checkPermissions(subject: Subject): Finding[] {
  const findings = [
    ...checkConfigFile(subject),
    ...checkData(subject),
    ...checkOwner(subject),
  ];
  return findings.length > 0 ? findings : [ok("permissions", "as they should be")];
}

function checkConfigFile({ machine, configFile, hasSecrets, service }: Subject): Finding[] {
  const file = machine.factsOf(configFile);
  if (file === undefined) return [];
  const findings: Finding[] = [];
  if ((file.mode & 0o004) !== 0 && hasSecrets) {
    const text = `Everybody on this machine can read the passwords in ${configFile}`;
    findings.push(warning("permissions", text, `chmod o-r ${configFile}`));
  }
  if (
    service?.userId !== undefined && service.groupId !== undefined && !mayRead(file, service.userId, service.groupId)
  ) {
    findings.push(
      problem(
        "permissions",
        `The service, user "${service.name}", cannot read ${configFile}`,
        `sudo chown root:${service.name} ${configFile}; sudo chmod 640 ${configFile}`,
      ),
    );
  }
  return findings;
}

function mayRead(file: FileFacts, userId: number, groupId: number): boolean {
  if (file.userId === userId) return (file.mode & 0o400) !== 0;
  return (file.mode & (file.groupId === groupId ? 0o040 : 0o004)) !== 0;
}

function checkData({ machine, dataDirectory }: Subject): Finding[] {
  const findings: Finding[] = [];
  if (((machine.factsOf(dataDirectory)?.mode ?? 0) & 0o007) !== 0) {
    const text = `Everybody on this machine can look into ${dataDirectory}`;
    findings.push(warning("permissions", text, `chmod o-rwx ${dataDirectory}`));
  }
  const socket = join(dataDirectory, "control.sock");
  if (((machine.factsOf(socket)?.mode ?? 0) & 0o077) !== 0) {
    const text = `Others than hintd's own user may command it by ${socket}`;
    findings.push(warning("permissions", text, `chmod 600 ${socket}`));
  }
  return findings;
}

/** Whether everything in the data directory is the own of whoever hintd runs as; a start as root leaves files of root. */
function checkOwner(subject: Subject): Finding[] {
  const { machine, dataDirectory, service, hintd } = subject;
  if (hintd.state === "closed" || hintd.state === "silent") return [];
  const socket = machine.factsOf(join(dataDirectory, "control.sock"));
  const isRunning = hintd.state === "runs";
  const userId = isRunning ? socket?.userId : service === undefined ? machine.userId : service.userId;
  const name = service?.name ?? nameOf(machine, userId);
  if (isRunning && userId === 0) {
    return [
      warning("permissions", "hintd runs as root, and needs not", "sudo hintd service install makes a user for it"),
    ];
  }
  const foreign = ["", databaseFile, `${databaseFile}-wal`].map((file) => join(dataDirectory, file))
    .map((path) => ({ path, owner: machine.factsOf(path)?.userId }))
    .find(({ owner }) => userId !== undefined && userId !== 0 && owner !== undefined && owner !== userId);
  return foreign === undefined ? [] : [
    problem(
      "permissions",
      `${foreign.path} belongs to "${nameOf(machine, foreign.owner)}", and hintd, as "${name}", cannot write it`,
      `sudo chown -R ${name} ${dataDirectory}`,
    ),
  ];
}

/** The name of a user; the number of one that has none. */
function nameOf(machine: Machine, userId: number | undefined): string {
  const line = (machine.read("/etc/passwd") ?? "").split("\n").find((each) => each.split(":")[2] === String(userId));
  return line?.split(":")[0] ?? String(userId);
}
