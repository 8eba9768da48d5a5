/**
 * Owns what the binary knows of its own making; the build writes it in.
 */

declare const HINTD_VERSION: string | undefined;
declare const HINTD_COMMIT: string | undefined;
declare const HINTD_DATE: string | undefined;

/** Version, commit and instant of the commit; "dev" and "unknown" when run from source. */
export const build: Readonly<{ version: string; commit: string; built: string }> = {
  version: typeof HINTD_VERSION === "string" ? HINTD_VERSION : "dev",
  commit: typeof HINTD_COMMIT === "string" ? HINTD_COMMIT : "unknown",
  built: typeof HINTD_DATE === "string" ? HINTD_DATE : "unknown",
};
