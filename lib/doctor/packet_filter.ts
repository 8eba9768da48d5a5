/**
 * Owns what the kernel's packet filter makes of a port, as nft or iptables-save lists its rules.
 *
 * Theory. Only rules that a packet to this machine meets count: those of the chains at the input hook and of the chains that
 * they jump to. Where such a chain lets nothing in by itself, a rule that accepts the port opens it; a rule that accepts by
 * something else than a port, such as a network, leaves the answer open, for it may be the phones' network. This is a guess for
 * people: it never says that a port is open or shut, only that it may be.
 */
import type { Place } from "./machine.ts";

/** What can be said of a port. */
export type Verdict = "open" | "may be shut" | "cannot be told";

/** A chain of rules. */
interface Chain {
  /** Whether packets to this machine begin here. */
  isInput: boolean;
  /** Whether what no rule names is refused. */
  isStrict: boolean;
  readonly rules: string[];
}

/** How one tool writes its rules. */
interface Notation {
  /** A rule that refuses everything. */
  readonly refusal: RegExp;
  readonly acceptance: RegExp;
  /** What accepts packets with which no phone begins. */
  readonly harmless: RegExp;
  /** Chain that a rule leads to. */
  readonly jump: (rule: string) => string | undefined;
  /** Transport, or "th" for any, and ports that a rule names. */
  readonly ports: (rule: string) => readonly string[] | undefined;
}

/** Rules carry their table in front, within which they jump. */
const nftNotation: Notation = {
  refusal: /\| (counter( packets \d+ bytes \d+)? )?(drop|reject)\b/,
  acceptance: /\baccept\b/,
  harmless: /\bct (state|status)\b|\biif(name)? "?lo"?|icmp|\bfib\b/,
  jump: (rule) => {
    const [, table, target] = /^(.+?) \| .*\b(?:jump|goto) (\S+)/.exec(rule) ?? [];
    return target === undefined ? undefined : `${table} ${target}`;
  },
  ports: (rule) => /\b(udp|tcp|th) dport (\{[^}]*\}|\S+)/.exec(rule)?.slice(1, 3),
};

const iptablesNotation: Notation = {
  refusal: /^-j (DROP|REJECT)\b/,
  acceptance: /-j ACCEPT\b/,
  harmless: /--(ct)?(state|status)\b|-i lo\b|icmp|--dst-type\b/,
  jump: (rule) => /-[jg] (\S+)/.exec(rule)?.[1],
  ports: (rule) => {
    const ports = /--dports? (\S+)/.exec(rule)?.[1];
    return ports === undefined ? undefined : [/-p (\w+)/.exec(rule)?.[1] ?? "th", ports];
  },
};

/** What the rules of `nft list ruleset` make of a place. */
export function nftVerdict(ruleset: string, place: Place): Verdict {
  const chains = new Map<string, Chain>();
  const isOfFamily = new RegExp(`^(inet|${place.address.includes(":") ? "ip6" : "ip"}) `);
  let table = "";
  let chain: Chain | undefined;
  for (const line of ruleset.split("\n").map((each) => each.trim())) {
    const tableName = /^table (.+) \{$/.exec(line)?.[1];
    const chainName = /^chain (\S+) \{$/.exec(line)?.[1];
    if (tableName !== undefined) table = tableName;
    else if (chainName !== undefined) {
      chain = { isInput: false, isStrict: false, rules: [] };
      chains.set(`${table} ${chainName}`, chain);
    } else if (line === "}") chain = undefined;
    else if (chain !== undefined && line.startsWith("type ")) {
      chain.isInput = /^type filter hook input\b/.test(line) && isOfFamily.test(table);
      chain.isStrict = /policy (drop|reject)/.test(line);
    } else if (chain !== undefined && line !== "") chain.rules.push(`${table} | ${line}`);
  }
  return verdictOf(chains, nftNotation, place);
}

/** What the rules of `iptables-save`, which are those of IPv4, make of a place. */
export function iptablesVerdict(saved: string, place: Place): Verdict {
  if (place.address.includes(":")) return "cannot be told";
  const chains = new Map<string, Chain>();
  const filter = /^\*filter$([\s\S]*?)^COMMIT$/m.exec(saved)?.[1] ?? "";
  for (const line of filter.split("\n")) {
    const [, declared, policy = ""] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (declared !== undefined) {
      chains.set(declared, { isInput: declared === "INPUT", isStrict: /DROP|REJECT/.test(policy), rules: [] });
    }
    const [, name = "", rule = ""] = /^-A (\S+) ?(.*)/.exec(line) ?? [];
    chains.get(name)?.rules.push(rule);
  }
  return verdictOf(chains, iptablesNotation, place);
}

function verdictOf(chains: ReadonlyMap<string, Chain>, notation: Notation, place: Place): Verdict {
  let verdict: Verdict = "open";
  for (const entry of chains.values()) {
    const isStrict = entry.isStrict || notation.refusal.test(entry.rules.at(-1) ?? "");
    if (!entry.isInput || !isStrict) continue;
    const accepting = reached(entry, chains, notation).filter((rule) => notation.acceptance.test(rule));
    if (accepting.some((rule) => isFor(notation.ports(rule), place))) continue;
    const isOpenElsehow = accepting.some((rule) =>
      !notation.harmless.test(rule) && (notation.ports(rule)?.[1]?.includes("@") ?? true)
    );
    if (!isOpenElsehow) return "may be shut";
    verdict = "cannot be told";
  }
  return verdict;
}

/** All rules that a packet may meet that begins in `entry`. */
function reached(entry: Chain, chains: ReadonlyMap<string, Chain>, { jump }: Notation): string[] {
  const seen = new Set([entry]);
  for (const chain of seen) {
    for (const rule of chain.rules) {
      const next = chains.get(jump(rule) ?? "");
      if (next !== undefined) seen.add(next);
    }
  }
  return [...seen].flatMap(({ rules }) => rules);
}

/** Whether what a rule names is the transport and port of a place. */
function isFor(ports: readonly string[] | undefined, { transport, port }: Place): boolean {
  const [named = "", list = ""] = ports ?? [];
  return (named === "th" || named === transport) && portsInclude(list, port);
}

/** Whether a list of ports and ranges, as every tool writes them, has a port: `5060`, `{ 22, 5060-5070 }`, `5060:5070`. */
export function portsInclude(list: string, port: number): boolean {
  return list.split(/[\s,{}]+/).some((each) => {
    const [, from, to] = /^(\d+)(?:[-:](\d+))?$/.exec(each) ?? [];
    if (from === undefined) return each === "sip" && port === 5060;
    return port >= Number(from) && port <= Number(to ?? from);
  });
}
