/**
 * Owns the check of the firewall of this machine; of one that stands elsewhere nothing can be told from here.
 */
import { isLoopback } from "../transport/listener_options.ts";
import { type Finding, ok, warning } from "./finding.ts";
import type { Machine, Place } from "./machine.ts";
import { iptablesVerdict, nftVerdict, portsInclude, type Verdict } from "./packet_filter.ts";
import { listenersOf, type Subject } from "./subject.ts";

/** A firewall that was found. */
interface Firewall {
  readonly name: string;
  readonly verdict: (place: Place) => Verdict;
  /** What opens it. */
  readonly opening: (place: Place) => string;
}

/** Whether the firewall may keep phones out. */
export async function checkFirewall({ machine, config }: Pick<Subject, "machine" | "config">): Promise<Finding[]> {
  const places = listenersOf({ config }).filter(({ address }) => !isLoopback(address));
  if (places.length === 0) return [];
  const firewall = await firewallOf(machine);
  if (firewall === undefined) {
    return [
      ok(
        "firewall",
        machine.userId === 0 ? "cannot be told: no tool that lists its rules" : "`sudo hintd doctor` can look at it",
      ),
    ];
  }
  const unclear: Place[] = [];
  const findings = places.flatMap((place): Finding[] => {
    const verdict = firewall.verdict(place);
    if (verdict === "cannot be told") unclear.push(place);
    return verdict !== "may be shut" ? [] : [
      warning(
        "firewall",
        `${firewall.name} may keep phones from ${place.transport} port ${place.port}: no rule lets them in`,
        firewall.opening(place),
      ),
    ];
  });
  if (findings.length > 0) return findings;
  return [
    ok(
      "firewall",
      unclear.length > 0
        ? `${firewall.name} has rules that may let phones in; whether they do cannot be told`
        : `${firewall.name} lets phones in, as far as can be told`,
    ),
  ];
}

/** Whether the kernel's SIP helper, which rewrites what passes a NAT on this machine, is loaded. */
export function checkSipHelper(machine: Machine): Finding[] {
  return !/^nf_(conntrack|nat)_sip /m.test(machine.read("/proc/modules") ?? "") ? [] : [
    warning(
      "firewall",
      "The kernel's SIP helper (nf_conntrack_sip) is loaded: it may rewrite what phones say",
      "Unless something needs it: sudo modprobe -r nf_nat_sip nf_conntrack_sip, and to keep it so\n" +
        "echo 'install nf_conntrack_sip /bin/false' | sudo tee /etc/modprobe.d/no-sip-helper.conf",
    ),
  ];
}

/** The firewall as whoever manages it tells of it, else as the kernel does. */
async function firewallOf(machine: Machine): Promise<Firewall | undefined> {
  const [ufw, zone, nft, iptables] = await Promise.all([
    machine.run("ufw", "status", "verbose"),
    machine.run("firewall-cmd", "--list-all"),
    machine.run("nft", "list", "ruleset"),
    machine.run("iptables-save"),
  ]);
  if (ufw !== undefined && /^Status: active/m.test(ufw)) {
    return {
      name: "ufw",
      verdict: (place) => ufwVerdict(ufw, place),
      opening: ({ transport, port }) => `sudo ufw allow ${port}/${transport}`,
    };
  }
  if (zone !== undefined) {
    return {
      name: "firewalld",
      verdict: (place) => zoneVerdict(zone, place),
      opening: ({ transport, port }) =>
        `sudo firewall-cmd --permanent --add-port=${port}/${transport}; sudo firewall-cmd --reload`,
    };
  }
  const rules = nft?.trim() ? nft : iptables ?? nft;
  return rules === undefined ? undefined : {
    name: "The firewall",
    verdict: (place) => (rules === nft ? nftVerdict : iptablesVerdict)(rules, place),
    opening: ({ transport, port }) =>
      rules === nft
        ? `A rule such as: ${transport} dport ${port} accept`
        : `A rule such as: sudo iptables -I INPUT -p ${transport} --dport ${port} -j ACCEPT`,
  };
}

/** What `ufw status verbose` makes of a port: the first rule that names it counts. */
function ufwVerdict(status: string, { transport, port }: Place): Verdict {
  const rules = [...status.matchAll(/^(\S.*?) +(ALLOW|LIMIT|DENY|REJECT)(?: IN)? +\S/gm)].map(([, to, action]) => ({
    to: to!.replace(/ \(v6\)$/, "").split(" ").at(-1)!,
    isOpening: action === "ALLOW" || action === "LIMIT",
  }));
  for (const { to, isOpening } of rules) {
    const [ports = "", named = transport] = to.split("/");
    if (to === "Anywhere" && isOpening) return "cannot be told";
    if (named === transport && portsInclude(ports, port)) return isOpening ? "open" : "may be shut";
  }
  if (/^Default: allow \(incoming\)/m.test(status)) return "open";
  // A profile of an application, which has a name instead of ports.
  return rules.some(({ to, isOpening }) => isOpening && !/^[\d,:]+(\/|$)/.test(to)) ? "cannot be told" : "may be shut";
}

/** What `firewall-cmd --list-all`, the default zone, makes of a port. */
function zoneVerdict(zone: string, { transport, port }: Place): Verdict {
  const value = (name: string) => new RegExp(`^ *${name}: *(.*)$`, "m").exec(zone)?.[1] ?? "";
  const ports = value("ports").split(/\s+/).map((each) => each.split("/"));
  if (value("target") === "ACCEPT") return "open";
  if (ports.some(([list = "", named]) => named === transport && portsInclude(list, port))) return "open";
  if (value("services").split(/\s+/).includes("sip") && port === 5060) return "open";
  const hasMore = value("interfaces") === "" || value("services").includes("asterisk") || /^\s*rule /m.test(zone);
  return hasMore ? "cannot be told" : "may be shut";
}
