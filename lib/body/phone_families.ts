/**
 * Owns what is known of phones by their User-Agent: what each family needs beside what every phone gets.
 *
 * A row is here because a document without it was seen to go wrong; it names where that is written. Families that are well served by
 * what everybody gets have no row: Snom (Call-ID, tags and both ends are there), Grandstream (prefixes are the phone's own),
 * Fanvil, Poly, Digium and Sangoma (their tuple goes by User-Agent already), Linphone, Zoiper, baresip, Twinkle.
 */
import type { Variant } from "./variant.ts";

/** What one family needs. */
export interface PhoneFamily {
  /** Glob over User-Agent, any case. */
  readonly userAgent: string;
  /** The phones, in words. */
  readonly phones: string;
  /** What their documents are like. */
  readonly needs: Partial<Pick<Variant, "profile" | "maxDialogs">>;
  /** What goes wrong without it. */
  readonly why: string;
  /** Where that is written. */
  readonly source: string;
}

const needsIdleDialog = "goes dark, or keeps its last colour, when a document has no <dialog>";

/** All families; the first match counts. */
export const phoneFamilies: readonly PhoneFamily[] = [
  {
    userAgent: "Yealink*",
    phones: "Yealink T, W and VP series",
    needs: { profile: "asterisk" },
    why: needsIdleDialog,
    source: "https://github.com/OpenSIPS/opensips/pull/1193; Yealink's administrator guide, idle body",
  },
  {
    userAgent: "Aastra*",
    phones: "Aastra 67xx, 68xx",
    needs: { profile: "asterisk" },
    why: needsIdleDialog,
    source: "https://github.com/kamailio/kamailio/pull/55",
  },
  {
    userAgent: "Mitel*",
    phones: "Mitel 68xx, 69xx",
    needs: { profile: "asterisk" },
    why: needsIdleDialog,
    source: "https://github.com/kamailio/kamailio/pull/55",
  },
  {
    userAgent: "Cisco/SPA*",
    phones: "Cisco SPA3xx, SPA5xx",
    needs: { maxDialogs: 1 },
    why: "crashes on a document with several <dialog>s",
    source: "https://github.com/OpenSIPS/opensips/issues/380",
  },
  {
    userAgent: "Linksys/SPA*",
    phones: "Linksys SPA9xx",
    needs: { maxDialogs: 1 },
    why: "crashes on a document with several <dialog>s",
    source: "https://github.com/OpenSIPS/opensips/issues/380",
  },
  {
    userAgent: "Cisco-CP*",
    phones: "Cisco 78xx and 88xx with enterprise firmware",
    needs: { profile: "rfc" },
    why: "reads person and activities of PIDF where the RFCs put them",
    source: "https://github.com/usecallmanagernz/patches/issues/39",
  },
  {
    userAgent: "MicroSIP*",
    phones: "MicroSIP",
    needs: { maxDialogs: 1 },
    why: "reads one <dialog> only",
    source: "https://github.com/pjsip/pjproject/pull/3754",
  },
  {
    userAgent: "*pjsua*",
    phones: "pjsua and what is built on it",
    needs: { maxDialogs: 1 },
    why: "reads one <dialog> only",
    source: "https://github.com/pjsip/pjproject/pull/3754",
  },
];
