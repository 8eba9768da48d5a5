/**
 * Owns what endpoints have in common: said once instead of with each.
 */
import { endpointSchema } from "../config/schema_endpoint.ts";
import { type Draft, entryText } from "./draft.ts";
import { aorOptions, endpointOptions } from "./phone_options.ts";
import type { TomlValue } from "./toml.ts";

/** Lines without counterpart and who has them. */
export interface CommonLeftOut {
  /** "all endpoints", or their names. */
  readonly whose: string;
  /** `name = value` each. */
  readonly lines: readonly string[];
}

/** Endpoints that are named; more are counted. */
const NAMES_MAX = 12;

/** Values that stand in every endpoint move out of them. Options of an AOR do not matter where the endpoint names others. */
export function takeCommon(endpoints: readonly Draft[]): Map<string, TomlValue> {
  const common = new Map<string, TomlValue>();
  const own = ["auth", "match", "contact", "aors", "deny", "permit", "contact_deny", "contact_permit", "publish"];
  for (const option of Object.keys(endpointSchema.shape)) {
    if (own.includes(option)) continue;
    const concerned = endpoints.filter(({ values }) =>
      values.has(option) || !(option in aorOptions && values.has("aors") && !(option in endpointOptions))
    );
    const value = concerned[0]?.values.get(option);
    if (value === undefined || concerned.length < 2) continue;
    if (!concerned.every(({ values }) => JSON.stringify(values.get(option)) === JSON.stringify(value))) continue;
    common.set(option, value);
    for (const { values } of concerned) values.delete(option);
  }
  return common;
}

/** Lines without counterpart that stand in half of the endpoints or more move out of them, by who has them. */
export function takeCommonLeftOut(endpoints: readonly Draft[]): CommonLeftOut[] {
  const told = endpoints.map(({ leftOut }) => new Set(leftOut.flatMap(({ entries }) => entries.map(entryText))));
  const owners = new Map<string, number[]>();
  told.forEach((lines, i) => {
    for (const line of lines) {
      const known = owners.get(line);
      if (known === undefined) owners.set(line, [i]);
      else known.push(i);
    }
  });
  const groups = new Map<string, { names: string[]; lines: string[] }>();
  const common = new Set<string>();
  for (const [line, owned] of owners) {
    if (owned.length < 2 || 2 * owned.length < endpoints.length) continue;
    common.add(line);
    const key = owned.join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: owned.map((i) => endpoints[i]!.path[1]!), lines: [line] });
    else group.lines.push(line);
  }
  for (const { leftOut } of endpoints) {
    const rest = leftOut
      .map(({ origin, entries }) => ({ origin, entries: entries.filter((entry) => !common.has(entryText(entry))) }))
      .filter(({ entries }) => entries.length > 0);
    leftOut.splice(0, leftOut.length, ...rest);
  }
  return [...groups.values()].map(({ names, lines }) => ({ whose: whose(names, endpoints.length), lines }));
}

function whose(names: readonly string[], endpointCount: number): string {
  if (names.length === endpointCount) return "all endpoints";
  return names.length <= NAMES_MAX ? names.join(", ") : `${names.length} of the ${endpointCount} endpoints`;
}
