/**
 * Owns the check of names: those in the configuration, and the machine's own.
 */
import { splitHostPort } from "../transport/listener_options.ts";
import { familyOf } from "./addresses.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Machine, Resolved } from "./machine.ts";
import { sipTargetOf, type Subject } from "./subject.ts";

/** What takes longer than this keeps requests waiting. */
const SLOW_MILLIS = 1_000;

/** Whether the names in the configuration are known, and how fast. */
export async function checkNames({ machine, config }: Pick<Subject, "machine" | "config">): Promise<Finding[]> {
  const asked = new Map<string, () => Promise<Resolved | string>>();
  const uris = [
    ...Object.values(config.outbound_publish).map(({ server_uri }) => server_uri),
    ...[...Object.values(config.endpoints), ...Object.values(config.aors)].flatMap(({ contact }) => contact),
  ];
  for (const target of uris.map(sipTargetOf)) {
    if (target !== undefined) asked.set(target.host, () => machine.resolveSip(target));
  }
  const hosts = [
    ...config.listen.map(({ external_address: outside }) => splitHostPort(outside)?.host ?? outside),
    ...config.webhooks.map(({ url }) => new URL(url).hostname.replace(/^\[|\]$/g, "")),
  ];
  for (const host of hosts) if (!asked.has(host)) asked.set(host, () => machine.resolve(host));
  const names = [...asked].filter(([host]) => host !== "" && host !== "localhost" && familyOf(host) === 0);
  return await Promise.all(names.map(async ([name, resolve]) => findingOf(name, await resolve())));
}

function findingOf(name: string, found: Resolved | string): Finding {
  if (typeof found === "string") {
    return problem(
      "DNS",
      `"${name}" leads nowhere: ${found}`,
      "Is it spelled right? /etc/resolv.conf says whom this machine asks",
    );
  }
  const what = `"${name}" is ${found.addresses.join(", ")}`;
  return found.millis < SLOW_MILLIS
    ? ok("DNS", `${what} (${found.millis} ms)`)
    : warning("DNS", `${what}, which took ${found.millis} ms`, "A server in /etc/resolv.conf may not answer");
}

/** Whether the machine knows its own name; where it does not, sudo and others wait for an answer. */
export async function checkOwnName(machine: Machine): Promise<Finding[]> {
  const { hostName } = machine;
  const found = await machine.resolve(hostName);
  return [
    typeof found !== "string" ? ok("DNS", `this machine is "${hostName}"`) : warning(
      "DNS",
      `This machine does not know its own name, "${hostName}"`,
      `echo "127.0.1.1 ${hostName}" | sudo tee -a /etc/hosts`,
    ),
  ];
}
