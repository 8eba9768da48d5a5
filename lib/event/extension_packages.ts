/**
 * Owns the packages `presence` and `dialog`: both show extensions, which have hints.
 */
import type { Generators, Rendering } from "../body/generators.ts";
import type { RenderedBodies } from "../body/rendered_bodies.ts";
import type { Variant } from "../body/variant.ts";
import type { Reject } from "../runtime/result.ts";
import type { MediaRange } from "../sip/media_type.ts";
import type { StateEngine } from "../state/engine.ts";
import type { Resource, ResourceChange } from "../state/resource.ts";
import type { EventPackage, WatchQuery } from "./event_package.ts";
import type { Refusals, SipProfile } from "./refusals.ts";

/** What both packages are made of. */
export interface ExtensionPackageParts {
  readonly engine: StateEngine;
  readonly generators: Generators;
  readonly bodies: RenderedBodies;
  /** The refusals of the profile in force. */
  refusals(): Refusals;
  /** The profile in force. */
  sipProfile(): SipProfile;
  /** How `endpoint` with this User-Agent wants to see states. */
  variantOf(endpoint: string, userAgent: string): Variant;
}

/** Presence of an extension: devices and chosen presence state. Source: RFC 3856 §6. */
export function presencePackage(parts: ExtensionPackageParts): EventPackage {
  return extensionPackage("presence", parts, () => true);
}

/** Calls of an extension; presence is no part of them. Source: RFC 4235 §3. */
export function dialogPackage(parts: ExtensionPackageParts): EventPackage {
  return extensionPackage("dialog", parts, (change) => change !== "presence");
}

function extensionPackage(
  name: string,
  parts: ExtensionPackageParts,
  wakesOn: (change: ResourceChange) => boolean,
): EventPackage {
  const { engine, generators, bodies } = parts;
  // What comes back as watched and as kind is what `find` and `kindFor` gave.
  return {
    name,
    wakesOn,
    find: ({ context, exten }: WatchQuery): Resource | Reject =>
      engine.lookup(context, exten) ?? parts.refusals().noHint(exten, context),
    absent: ({ context, exten }) => engine.absent(context, exten),
    choose: (accepts: readonly MediaRange[]) => generators.chooseMediaType(name, accepts, parts.sipProfile()),
    offered: () => generators.mediaTypes(name),
    kindFor: (mediaType, endpoint, userAgent) => generators.rendering(mediaType, parts.variantOf(endpoint, userAgent)),
    bodyOf: (watched, kind) => bodies.bodyOf(watched as Resource, kind as Rendering),
    nameOf: (watched) => (watched as Resource).name,
    retain: (watched) => engine.retain(watched as Resource),
    release: (watched) => engine.release(watched as Resource),
  };
}
