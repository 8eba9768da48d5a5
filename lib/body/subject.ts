/**
 * Owns what a body is about: the part of a resource that documents show.
 */
import type { Resource } from "../state/resource.ts";

/** A resource as documents see it; its `state` is replaced, never changed. */
export type Subject = Pick<Resource, "exten" | "state" | "changedAt" | "presenceChangedAt">;
