/**
 * Owns the thin layer between publications and the bodies that watchers get: the same renderings, without a watcher.
 */
import type { Generators } from "../body/generators.ts";
import type { RenderedBodies } from "../body/rendered_bodies.ts";
import { defaultVariant, type Profile } from "../body/variant.ts";
import type { DocumentSource } from "./extension_content.ts";

/**
 * Makes the source of documents. In profile asterisk they never name the other party of a call, as Asterisk's do not; in profile
 * rfc they tell all of it.
 *
 * @param profile `[bodies].profile`, as it is now.
 */
export function renderedDocuments(
  { bodies, generators, profile }: {
    readonly bodies: RenderedBodies;
    readonly generators: Generators;
    profile(): Profile;
  },
): DocumentSource {
  return {
    bodyOf: (resource, mediaType) => {
      const isRfc = profile() === "rfc";
      const variant = {
        ...defaultVariant,
        profile: profile(),
        remoteParty: isRfc ? "always" as const : "never" as const,
        dialogIds: isRfc,
      };
      return bodies.bodyOf(resource, generators.rendering(mediaType, variant));
    },
  };
}
