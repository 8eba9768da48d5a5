/**
 * Owns access lists: `permit`, `deny` and `acl` of pjsip.conf, and the lists of acl.conf, as `deny` and `permit` of an endpoint.
 */
import { common, networkText, parseNetwork, permitted, type Rule } from "./networks.ts";
import { listOf, type PjsipObject } from "./options.ts";
import type { Entry, Section } from "./reader.ts";
import { placeText } from "./report.ts";

/** Rules that are worked out; more are not an office's. */
const RULES_MAX = 500;

/** The `deny` and `permit` of hintd; both empty when everybody is let through. */
export interface AccessList {
  readonly deny: readonly string[];
  readonly permit: readonly string[];
  /** What somebody should know of it. */
  readonly notes: readonly string[];
}

const denyAll: readonly Rule[] = ["0.0.0.0/0", "::/0"].map((text) => ({
  isPermit: false,
  network: parseNetwork(text)!,
}));

/** Lets nobody through. */
export const closed: AccessList = { deny: ["0.0.0.0/0", "::/0"], permit: [], notes: [] };

/** Access lists with names, and those of `type = acl`, which hold for everybody. */
export class AccessLists {
  readonly #named: ReadonlyMap<string, Section>;
  readonly #general: readonly PjsipObject[];
  readonly #used = new Set<Section>();

  /** `named` are the sections of acl.conf, `general` the objects of `type = acl`. */
  constructor(named: readonly Section[], general: readonly PjsipObject[]) {
    this.#named = new Map(named.map((section) => [section.name, section]));
    this.#general = general;
  }

  /** Lists of acl.conf that no endpoint obeys. */
  get unused(): readonly Section[] {
    return [...this.#named.values()].filter((section) => !this.#used.has(section));
  }

  /** What an endpoint may be reached from; `prefix` is "contact_" for the addresses in its contacts. */
  of(endpoint: PjsipObject, prefix: "" | "contact_"): AccessList {
    const notes: string[] = [];
    const lists = [...this.#general, endpoint].flatMap((object) => this.#listsOf(object, prefix, notes));
    if (lists.length === 0) return { deny: [], permit: [], notes };
    const [only] = lists;
    if (lists.length === 1 && !hasLateDeny(only!)) {
      const texts = (isPermit: boolean) =>
        only!.filter((rule) => rule.isPermit === isPermit).map((rule) => networkText(rule.network));
      return { deny: texts(false), permit: texts(true), notes };
    }
    if (lists.flat().length > RULES_MAX) {
      return {
        ...closed,
        notes: [...notes, `More than ${RULES_MAX} rules: shut until deny and permit are set by hand.`],
      };
    }
    const allowed = lists.map(permitted).reduce(common);
    const named = prefix === "" ? "permit and deny" : "contact_permit and contact_deny";
    notes.push(`Worked out from all rules of ${named}, in their order: a permit of hintd counts before its deny.`);
    return { deny: closed.deny, permit: allowed.map(networkText), notes };
  }

  /** The lists of one object: its own rules, then each that it names. All must let an address through. */
  #listsOf(object: PjsipObject, prefix: string, notes: string[]): (readonly Rule[])[] {
    const entries = object.among([`${prefix}permit`, `${prefix}deny`]);
    const own = entries.length === 0 ? [] : [rulesOf(entries, prefix, notes)];
    const named = object.list(`${prefix}acl`).map((name) => {
      const section = this.#named.get(name);
      if (section !== undefined) {
        this.#used.add(section);
        return rulesOf(section.entries, "", notes);
      }
      notes.push(`Shut: acl.conf has no [${name}], which it is to obey.`);
      return denyAll;
    });
    return [...own, ...named];
  }
}

/** Reads rules; one that cannot be read shuts everybody out, as in Asterisk. */
function rulesOf(entries: readonly Entry[], prefix: string, notes: string[]): readonly Rule[] {
  return entries.flatMap((entry) => {
    const kind = entry.name.toLowerCase().slice(prefix.length);
    if (kind !== "permit" && kind !== "deny") return [];
    return listOf(entry.value).flatMap((text): readonly Rule[] => {
      const isNegated = text.startsWith("!");
      const network = parseNetwork(isNegated ? text.slice(1) : text);
      if (network !== undefined) return [{ isPermit: (kind === "permit") !== isNegated, network }];
      notes.push(`Shut: "${entry.name} = ${text}" (${placeText(entry.place)}) is no address or network.`);
      return denyAll;
    });
  });
}

function hasLateDeny(rules: readonly Rule[]): boolean {
  const firstPermit = rules.findIndex((rule) => rule.isPermit);
  return firstPermit >= 0 && rules.slice(firstPermit).some((rule) => !rule.isPermit);
}
