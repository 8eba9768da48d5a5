/**
 * Owns the ordered registry of body generators and supplements.
 *
 * Rules of the registry:
 * 1. One generator per media type. The first offered one of an event package is the package's default body.
 * 2. A document is made by its generator and then by every configured supplement of its media type, in the order of
 *    `[bodies].supplements`. A supplement feels those before it and must not care about those after it.
 * 3. Generators and supplements read no clock, no configuration and no watcher: only subject and variant. What differs per watcher is a
 *    hole (text.ts).
 * 4. Each declares the members of the variant it reads. Documents of equal (subject, media type, declared members) are the same bytes.
 * 5. A new media type is a new file and one line here.
 */
import { type AcceptRange, chooseByAccept } from "./accept.ts";
import { cpimPidf } from "./cpim_pidf.ts";
import { dialogInfo } from "./dialog_info.ts";
import { serialize } from "./document.ts";
import type { Generator } from "./generator.ts";
import { pidf } from "./pidf.ts";
import { RenderedBody } from "./rendered.ts";
import type { Subject } from "./subject.ts";
import type { Supplement } from "./supplement.ts";
import { digium } from "./supplements/digium.ts";
import { eyebeam } from "./supplements/eyebeam.ts";
import { normalizeVariant, type Profile, type Variant, variantKey } from "./variant.ts";
import { xpidf } from "./xpidf.ts";

const allGenerators: readonly Generator[] = [pidf, xpidf, cpimPidf, dialogInfo];
const allSupplements: readonly Supplement[] = [digium, eyebeam];

/**
 * Members of the variant that documents of each media type depend on. All supplements count, configured or not: a rendering
 * must stay right when they are configured later.
 */
const variesOn: ReadonlyMap<string, readonly (keyof Variant)[]> = new Map(
  allGenerators.map((generator) => {
    const makers = [generator, ...supplementsOf(generator, allSupplements)];
    return [generator.mediaType, [...new Set(makers.flatMap((one) => one.variesOn))]];
  }),
);

/** Every media type that a generator exists for; the values `[bodies].disabled` may hold. */
export const knownMediaTypes: readonly string[] = allGenerators.map((generator) => generator.mediaType);

/** Media types that show the state of an event package, its own first; disabled or not. */
export function mediaTypesShowing(eventPackage: string): readonly string[] {
  const ranked = [
    ...allGenerators.filter((generator) => generator.eventPackages.includes(eventPackage)),
    ...allGenerators.filter((generator) => generator.alsoFor.includes(eventPackage)),
  ];
  return ranked.map((generator) => generator.mediaType);
}

/** Every supplement's name; the values `[bodies].supplements` may hold. */
export const knownSupplements: readonly string[] = allSupplements.map((supplement) => supplement.name);

/** One kind of document: media type and what its bytes depend on besides the subject. One object per kind, so `===` compares kinds. */
export interface Rendering {
  /** Dense, from 0; for arrays indexed by kind. */
  readonly index: number;
  /** Media type, lower case. */
  readonly mediaType: string;
  /** Variant with the members that play no part at their defaults. */
  readonly variant: Variant;
}

/** Section `[bodies]` of the configuration. */
export interface BodiesOptions {
  /** Names in order, of `knownSupplements`; others are left out. */
  readonly supplements: readonly string[];
  /** Media types not offered, any case. */
  readonly disabled: readonly string[];
}

/** What an event package offers, and what was chosen of it for the very ranges that were asked for. */
interface Offer {
  readonly own: readonly string[];
  /** Offered in `sip_profile` asterisk only. */
  readonly others: readonly string[];
  readonly chosen: Readonly<Record<Profile, WeakMap<readonly AcceptRange[], string>>>;
}

/** The registry as configured. Renderings outlive a change of the configuration, so running subscriptions keep theirs. */
export class Generators {
  readonly #renderings = new Map<string, Rendering>();
  /** The same by the very variant that was asked for: watchers of one kind bring the same object. */
  readonly #byVariant = new WeakMap<Variant, Map<string, Rendering>>();
  /** By event package: what it offers. */
  readonly #offers = new Map<string, Offer>();
  #disabled: readonly string[] = [];
  #offered: readonly Generator[] = [];
  #supplements: readonly Supplement[] = [];
  #generation = 0;

  /** Takes section `[bodies]`; without it, everything is offered in the standard order. */
  constructor(options: BodiesOptions = { supplements: knownSupplements, disabled: [] }) {
    this.configure(options);
  }

  /** Number of configurations so far; bodies made under another one are out of date. */
  get generation(): number {
    return this.#generation;
  }

  /** Takes section `[bodies]` anew. A disabled media type is no longer offered, but still made for those who have it. */
  configure(options: BodiesOptions): void {
    this.#disabled = options.disabled.map((mediaType) => mediaType.toLowerCase());
    this.#offered = allGenerators.filter((generator) => this.isEnabled(generator.mediaType));
    this.#supplements = [...new Set(options.supplements)].flatMap((name) =>
      allSupplements.filter((supplement) => supplement.name === name)
    );
    this.#offers.clear();
    this.#generation++;
  }

  /** Whether a media type may be offered, also one that is made elsewhere. */
  isEnabled(mediaType: string): boolean {
    return !this.#disabled.includes(mediaType);
  }

  /** Media types offered for an event package, the default first; the value of Accept in a 406. */
  mediaTypes(eventPackage: string): readonly string[] {
    return this.#offerOf(eventPackage).own;
  }

  /**
   * Chooses the body type for a SUBSCRIBE.
   *
   * @param eventPackage Name of the event package, lower case.
   * @param accepts Media ranges of all Accept headers in order; empty where there is none.
   * @param sipProfile In asterisk, presence and dialog may be watched in each other's formats when asked for by name.
   * @returns Media type; nothing when none is acceptable: 489 or 406 by `sip_profile`.
   * Source: RFC 6665 §4.1.2.1, §4.2.1.1.
   */
  chooseMediaType(eventPackage: string, accepts: readonly AcceptRange[], sipProfile: Profile): string | undefined {
    const { own, others, chosen } = this.#offerOf(eventPackage);
    const known = chosen[sipProfile].get(accepts);
    if (known !== undefined) return known;
    const mediaType = chooseByAccept(accepts, { own, others: sipProfile === "rfc" ? [] : others });
    if (mediaType !== undefined) chosen[sipProfile].set(accepts, mediaType);
    return mediaType;
  }

  #offerOf(eventPackage: string): Offer {
    const known = this.#offers.get(eventPackage);
    if (known) return known;
    const mediaTypes = (makes: (generator: Generator) => boolean) =>
      this.#offered.filter(makes).map((generator) => generator.mediaType);
    const offer: Offer = {
      own: mediaTypes((generator) => generator.eventPackages.includes(eventPackage)),
      others: mediaTypes((generator) => generator.alsoFor.includes(eventPackage)),
      chosen: { asterisk: new WeakMap(), rfc: new WeakMap() },
    };
    this.#offers.set(eventPackage, offer);
    return offer;
  }

  /** The kind of document that a watcher gets; keep it with the subscription. An unknown media type throws. */
  rendering(mediaType: string, variant: Variant): Rendering {
    let renderings = this.#byVariant.get(variant);
    if (renderings === undefined) this.#byVariant.set(variant, renderings = new Map());
    let rendering = renderings.get(mediaType);
    if (rendering === undefined) renderings.set(mediaType, rendering = this.#findRendering(mediaType, variant));
    return rendering;
  }

  #findRendering(mediaType: string, variant: Variant): Rendering {
    const members = variesOn.get(mediaType);
    if (!members) throw new Error(`No generator for media type "${mediaType}"`);
    const key = `${mediaType} ${variantKey(variant, members)}`;
    const known = this.#renderings.get(key);
    if (known) return known;
    const rendering = { index: this.#renderings.size, mediaType, variant: normalizeVariant(variant, members) };
    this.#renderings.set(key, rendering);
    return rendering;
  }

  /** Makes a body. An unknown media type throws. */
  render(mediaType: string, subject: Subject, variant: Variant): RenderedBody {
    const generator = generatorOf(mediaType);
    const root = generator.generate(subject, variant);
    for (const supplement of supplementsOf(generator, this.#supplements)) supplement.supplement(root, subject, variant);
    return new RenderedBody(generator.mediaType, serialize(root));
  }
}

function generatorOf(mediaType: string): Generator {
  const generator = allGenerators.find((one) => one.mediaType === mediaType);
  if (!generator) throw new Error(`No generator for media type "${mediaType}"`);
  return generator;
}

function supplementsOf(generator: Generator, supplements: readonly Supplement[]): readonly Supplement[] {
  return supplements.filter((one) => one.mediaTypes.includes(generator.mediaType));
}
