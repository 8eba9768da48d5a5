/**
 * Owns what a body is about: the part of a resource that documents show.
 */
import type { EpochMillis } from "../runtime/clock.ts";
import type { ResourceState } from "../state/resource.ts";

/** A resource at one instant. */
export interface Subject {
  /** Extension, the user part of the watched URI. */
  readonly exten: string;
  /** Devices, presence and calls; replaced, never changed, when something changes. */
  readonly state: ResourceState;
  /** When `state` became true. */
  readonly changedAt: EpochMillis;
}
