/**
 * Owns the checks of the way between phones and hintd: ports, firewall, names, NAT.
 */
import { type Finding, ok, problem, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { isLoopback, isPrivate, listenersOf, type Subject } from "./subject.ts";

/** Every listener: whether hintd answers there, or could. */
export async function checkPorts(subject: Subject): Promise<Finding[]> {
  const listeners = listenersOf(subject);
  if (listeners.length === 0) {
    return [problem("ports", "No [[listen]]: no phone can reach hintd", "Add one to config.toml")];
  }
  const findings = await Promise.all(listeners.map(async ({ transport, address, port }): Promise<Finding> => {
    const place = `${transport} ${address.includes(":") ? `[${address}]` : address}:${port}`;
    if (subject.running !== undefined) {
      const answer = await subject.machine.options(transport, reachable(address), port);
      return answer?.startsWith("SIP/2.0 200") === true
        ? ok("port", `${place} answers`)
        : problem("port", `${place} ${answer === undefined ? "does not answer" : `answers "${answer}"`}`);
    }
    const outcome = await subject.machine.tryBind(transport, address, port);
    switch (outcome) {
      case "free":
        return ok("port", `${place} is free`);
      case "taken":
        return problem(
          "port",
          `${place} is taken${byWhom(subject.machine, transport, port)}`,
          "End that program, or give hintd another port in [[listen]] and the phones with it",
        );
      case "denied":
        return problem(
          "port",
          `${place} is not permitted`,
          "Ports below 1024 need a right: `hintd service install` gives it",
        );
      case "no such address":
        return problem("port", `${place}: this machine has no such address`, 'bind = "0.0.0.0:5060" is all of them');
    }
  }));
  if (listeners.every(({ address }) => isLoopback(address))) {
    findings.push(
      warning(
        "ports",
        "hintd listens on this machine only: no phone can reach it",
        'bind = "0.0.0.0:5060" in [[listen]]',
      ),
    );
  }
  return findings;
}

/** Where to ask for what is bound to every address. */
function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

/** Who holds a port, as far as the kernel tells. */
function byWhom(machine: Machine, transport: string, port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = new Set(
    [transport, `${transport}6`].flatMap((table) =>
      (machine.read(`/proc/net/${table}`) ?? "").split("\n").map((line) => line.trim().split(/\s+/))
        .filter((fields) => fields[1]?.endsWith(`:${hex}`) === true).map((fields) => fields[9] ?? "")
    ),
  );
  for (const pid of machine.names("/proc").filter((name) => /^\d+$/.test(name))) {
    const isHolder = machine.names(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(machine.linkOf(`/proc/${pid}/fd/${fd}`) ?? "")?.[1];
      return inode !== undefined && inodes.has(inode);
    });
    if (isHolder) return ` by ${machine.read(`/proc/${pid}/comm`)?.trim() ?? "a program"} (pid ${pid})`;
  }
  return machine.userId === 0 ? "" : " (by whom, `sudo hintd doctor` tells)";
}

/** Whether a firewall lets phones through, as far as that can be told. */
export function checkFirewall(subject: Subject): Finding[] {
  const { machine } = subject;
  const ports = [
    ...new Set(listenersOf(subject).filter(({ address }) => !isLoopback(address)).map(({ port }) => port)),
  ];
  const findings: Finding[] = [];
  if (/^nf_conntrack_sip /m.test(machine.read("/proc/modules") ?? "")) {
    findings.push(
      warning(
        "firewall",
        "The kernel's SIP helper is loaded: it may rewrite what phones say",
        "Unless something needs it: sudo rmmod nf_nat_sip nf_conntrack_sip",
      ),
    );
  }
  if (ports.length === 0) return findings;
  const closed = ports.filter((port) => isClosed(machine, port));
  if (closed.length > 0) {
    findings.push(
      warning(
        "firewall",
        `The firewall of this machine has no rule that lets phones in at port ${closed.join(", ")}`,
        `Such as: sudo ufw allow ${closed[0]}; or: sudo firewall-cmd --add-port=${closed[0]}/udp --permanent`,
      ),
    );
  } else if (machine.userId !== 0) {
    findings.push(ok("firewall", "not examined; `sudo hintd doctor` can"));
  } else findings.push(ok("firewall", "lets phones in, as far as can be told"));
  return findings;
}

/** Whether what comes in is refused unless a rule names it, and none names the port. */
function isClosed(machine: Machine, port: number): boolean {
  const rules = machine.run("nft", ["list", "ruleset"])?.text || machine.run("iptables-save", [])?.text || "";
  const isStrict = /hook input[^;]*;\s*policy (drop|reject)/.test(rules) || /^:INPUT (DROP|REJECT)/m.test(rules);
  if (!isStrict) return false;
  const named = new RegExp(`(?:dports?|--dport|--dports)[^\\n]*\\b${port}\\b[^\\n]*(?:accept|ACCEPT)`);
  return !named.test(rules);
}

/** Whether the names in the configuration are known, and how fast. */
export async function checkNames({ machine, config }: Subject): Promise<Finding[]> {
  const uris = [
    ...Object.values(config.outbound_publish).map(({ server_uri }) => server_uri),
    ...[...Object.values(config.endpoints), ...Object.values(config.aors)].flatMap(({ contact }) => contact),
  ];
  const hosts = [
    ...uris.map((uri) => /^sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;?>]+)/.exec(uri)?.[1] ?? ""),
    ...config.webhooks.map(({ url }) => new URL(url).hostname),
  ];
  const names = [...new Set(hosts)].filter((host) =>
    /[a-z]/i.test(host) && !host.includes(":") && host !== "localhost"
  );
  return await Promise.all(names.map(async (name): Promise<Finding> => {
    const found = await machine.resolve(name);
    if (typeof found === "string") {
      return problem(
        "DNS",
        `"${name}" is not known: ${found}`,
        "Is it spelled right? `resolvectl status` shows whom this machine asks",
      );
    }
    const what = `"${name}" is ${found.addresses.join(", ")}`;
    return found.millis < 1_000 ? ok("DNS", what) : warning(
      "DNS",
      `${what}, which took ${found.millis} ms to learn`,
      "A resolver that does not answer may stand first",
    );
  }));
}

/** Whether what phones are told of hintd's address can be true where they are. */
export function checkNat({ machine, config, running }: Subject): Finding[] {
  const findings: Finding[] = [];
  for (const { external_address: outside, name } of config.listen) {
    if (outside !== "" && isPrivate(outside)) {
      findings.push(
        warning("NAT", `external_address "${outside}" of ${name} is a private address: phones outside cannot reach it`),
      );
    }
  }
  const hosts = (running?.contacts ?? []).map(({ uri, endpoint }) => ({
    endpoint,
    host: /^sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;?>]+)/.exec(uri)?.[1]?.replace(/^\[|\]$/g, "") ?? "",
  }));
  const outside = hosts.filter(({ host }) => /^[\d.]+$|:/.test(host) && !isPrivate(host));
  const isInside = machine.addresses().every(isPrivate);
  if (outside.length > 0 && isInside && config.listen.every(({ external_address }) => external_address === "")) {
    findings.push(
      warning(
        "NAT",
        `${outside[0]!.endpoint} is at ${outside[0]!.host}, outside, but this machine has private addresses only`,
        "Forward the port in the router, and tell its address as external_address in [[listen]]",
      ),
    );
  }
  const lost = outside.filter(({ endpoint }) => (config.endpoints[endpoint]?.qualify_frequency ?? 0) === 0);
  if (lost.length > 0) {
    findings.push(
      warning(
        "NAT",
        `${lost[0]!.endpoint} is outside, and nothing keeps the way to it open`,
        "qualify_frequency = 25 at that endpoint",
      ),
    );
  }
  return findings.length > 0 ? findings : [ok("NAT", "nothing stands in the way, as far as can be told")];
}
