/**
 * Owns application/cpim-pidf+xml: the name PIDF had before it became an RFC. Profile asterisk answers it with an XPIDF document, as phones
 * that were tested against that expect; profile rfc with real PIDF, which Cisco phones read.
 */
import type { Generator } from "./generator.ts";
import { pidf } from "./pidf.ts";
import { xpidf } from "./xpidf.ts";

/** The generator of application/cpim-pidf+xml. */
export const cpimPidf: Generator = {
  mediaType: "application/cpim-pidf+xml",
  eventPackages: ["presence"],
  alsoFor: ["dialog"],
  variesOn: [...new Set(["profile" as const, ...pidf.variesOn, ...xpidf.variesOn])],
  generate: (subject, variant) => (variant.profile === "rfc" ? pidf : xpidf).generate(subject, variant),
};
