/**
 * Owns what an event package must define for the notifier.
 */
import type { ResourceChange } from "../state/resource.ts";

/** Names of the packages served. */
export type EventPackageName = "presence" | "dialog";

/**
 * One event package.
 *
 * Source: RFC 6665 §5.4.
 */
export interface EventPackage {
  /** Token of the Event header; compared case-sensitively. Source: RFC 6665 §8.2.1. */
  readonly name: EventPackageName;
  /** Whether watchers of this package are told of such a change of their resource. */
  wakesOn(change: ResourceChange): boolean;
}

/** Presence of an extension: devices and chosen presence state. Source: RFC 3856 §6. */
const presence: EventPackage = { name: "presence", wakesOn: () => true };

/** Calls of an extension; presence is no part of them. Source: RFC 4235 §3. */
const dialog: EventPackage = { name: "dialog", wakesOn: (change) => change !== "presence" };

/** The packages in the order in which Allow-Events names them. */
export const eventPackages: readonly EventPackage[] = [presence, dialog];

/** Value of Allow-Events. Source: RFC 6665 §8.2.2. */
export const allowEvents = eventPackages.map((one) => one.name).join(", ");

/** The package of that name, exactly as written, or undefined. */
export function eventPackageOf(name: string): EventPackage | undefined {
  return eventPackages.find((one) => one.name === name);
}
