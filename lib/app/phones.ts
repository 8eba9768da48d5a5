/**
 * Owns how a User-Agent becomes what a phone is told: rows of `[[phones]]` first, then the families that ship with hintd.
 */
import { phoneFamilies, type PhoneFamily } from "../body/phone_families.ts";
import { defaultVariant, isDigiumUserAgent, type Variant } from "../body/variant.ts";
import type { Config, EndpointConfig } from "../config/config.ts";
import { matchesGlob } from "../runtime/glob.ts";
import { limits } from "../runtime/limits.ts";

type PhoneConfig = Config["phones"][number];

/** What matched a User-Agent. */
interface Match {
  readonly configured: PhoneConfig | undefined;
  readonly family: PhoneFamily | undefined;
  /** Made so far, one for each kind of endpoint: equal ones are the same object. */
  readonly variants: Variant[];
}

/** The phones of one configuration. */
export class Phones {
  readonly #config: Config;
  /** Phones of an office have few User-Agents, and ask again and again. */
  readonly #matches = new Map<string, Match>();

  constructor(config: Config) {
    this.#config = config;
  }

  /**
   * How `endpoint` with this User-Agent wants to see states.
   *
   * The body profile is that of the `[[phones]]` row, else of the endpoint, else what the family needs, else of `[bodies]`.
   */
  variantOf(endpoint: EndpointConfig | undefined, userAgent: string): Variant {
    const match = this.#match(userAgent);
    const profile = match.configured?.body_profile || endpoint?.body_profile || match.family?.needs.profile ||
      this.#config.bodies.profile;
    const notifyEarlyInuseRinging = endpoint?.notify_early_inuse_ringing ?? false;
    for (const known of match.variants) {
      if (known.profile === profile && known.notifyEarlyInuseRinging === notifyEarlyInuseRinging) return known;
    }
    const made = this.#makeVariant(match, { profile, notifyEarlyInuseRinging, isDigium: isDigiumUserAgent(userAgent) });
    match.variants.push(made);
    return made;
  }

  #makeVariant(
    { configured, family }: Match,
    common: Pick<Variant, "profile" | "notifyEarlyInuseRinging" | "isDigium">,
  ): Variant {
    if (configured === undefined) {
      return { ...defaultVariant, dialogIds: true, maxDialogs: family?.needs.maxDialogs ?? 0, ...common };
    }
    return {
      ...common,
      remoteParty: configured.remote_party,
      dialogIds: configured.dialog_ids,
      pickupPrefix: configured.pickup_prefix,
      maxDialogs: configured.max_dialogs,
      dndAs: configured.dnd_as,
      unavailableAs: configured.unavailable_as,
    };
  }

  #match(userAgent: string): Match {
    let match = this.#matches.get(userAgent);
    if (match !== undefined) return match;
    const configured = this.#config.phones.find((row) => matchesGlob(row.user_agent, userAgent));
    // A row of one's own takes the place of the family's.
    const family = configured === undefined
      ? phoneFamilies.find((row) => matchesGlob(row.userAgent, userAgent))
      : undefined;
    match = { configured, family, variants: [] };
    if (this.#matches.size >= limits.userAgentCount) this.#matches.clear();
    this.#matches.set(userAgent, match);
    return match;
  }
}

/** One row as people and programs read it: of the configuration, or of those that ship with hintd. */
export interface PhoneRow {
  readonly user_agent: string;
  readonly from: "config.toml" | "hintd";
  /** Options that differ from what every phone gets, as `[[phones]]` spells them. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly why: string;
  readonly source: string;
}

/** All rows, in the order in which they are looked at. */
export function phoneRows(config: Config): PhoneRow[] {
  return [...config.phones.map(configuredRow), ...phoneFamilies.map(familyRow)];
}

/** What a phone gets that nothing is said of. */
const usual: Readonly<Record<string, unknown>> = { remote_party: "early", dialog_ids: true, max_dialogs: 0 };

function configuredRow({ user_agent, ...rest }: PhoneConfig): PhoneRow {
  const said = Object.entries(rest).filter(([name, value]) => value !== (usual[name] ?? ""));
  return { user_agent, from: "config.toml", options: Object.fromEntries(said), why: "", source: "" };
}

function familyRow({ userAgent, needs, why, source }: PhoneFamily): PhoneRow {
  const { profile, maxDialogs } = needs;
  return {
    user_agent: userAgent,
    from: "hintd",
    options: {
      ...(profile === undefined ? {} : { body_profile: profile }),
      ...(maxDialogs === undefined ? {} : { max_dialogs: maxDialogs }),
    },
    why,
    source,
  };
}
