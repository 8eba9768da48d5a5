/**
 * Owns the package `reg`: what is registered under an address-of-record, for the endpoints that are reached by it.
 *
 * Theory. Every document is full: a watcher that lost one is right again with the next, and all watchers share the bytes. A contact that
 * is missing from a full document is gone, but its watcher shall also learn why. So a contact that ended stays in the documents as
 * terminated, with its event, for `DEPARTED_MILLIS`, however many changes became one NOTIFY; registered anew it is there again, and only
 * that is told. Its disappearance from the documents is no change and wakes nobody.
 *
 * Who asks for what is not its own hears the same whether it exists or not. That is judged again for every document, since one may be
 * owed to a watcher that has just lost its right.
 */
import { chooseByAccept } from "../body/accept.ts";
import type { RenderedBody } from "../body/rendered.ts";
import { type RegContactSubject, regInfo, regInfoType, type RegistrationSubject } from "../body/reg_info.ts";
import type { Millis } from "../runtime/clock.ts";
import { limits } from "../runtime/limits.ts";
import type { Reject } from "../runtime/result.ts";
import { TimerEntry, type TimerOwner, type Timers } from "../runtime/timers.ts";
import type { MediaRange } from "../sip/media_type.ts";
import type { DocumentKind, EventPackage, Watched, WatchQuery } from "./event_package.ts";
import type { Refusals } from "./refusals.ts";
import type { Subscription } from "./subscription.ts";

/** Watchers are told of changes no more often than this. Source: RFC 3680 §4.10. */
const PAUSE_MILLIS = 5_000;

/** How long a contact that ended is told of: the pause, a NOTIFY that nobody answers (32 s), and the two attempts after it. */
const DEPARTED_MILLIS = 120_000;

/** What the package demands of the registrar. */
export interface RegistrationSource {
  /** What is bound to an address-of-record; undefined where there is none of that name. */
  regInfo(aor: string): RegistrationSubject | undefined;
  /** Names of the addresses-of-record by which an endpoint is reached. */
  aorsOf(endpoint: string): readonly string[];
}

/** What the package is made of. */
export interface RegPackageParts {
  readonly timers: Timers;
  readonly source: RegistrationSource;
  /** The refusals of the profile in force. */
  refusals(): Refusals;
  /** The media type may be offered. */
  isOffered(mediaType: string): boolean;
  /** Tells the watchers of `watched` that it changed. */
  wake(watched: Watched): void;
}

/** A document for one endpoint. */
interface RegKind extends DocumentKind {
  readonly endpoint: string;
}

/** A contact that ended. */
interface Departed {
  readonly contact: RegContactSubject;
  readonly at: Millis;
}

/** An address-of-record, as what a subscription watches. */
class Registration implements Watched, TimerOwner {
  readonly context = "";
  /** Its name in config.toml. */
  readonly exten: string;
  /** Armed while its watchers have just been told. */
  readonly pause = new TimerEntry(this);
  /** Its watchers must be told again when the pause is over. */
  isChanged = false;
  /** The oldest first. */
  departed: Departed[] = [];
  /** The last document, where nothing has changed since, and the second that it was made in. */
  body: RenderedBody | undefined;
  bodySecond = -1;
  readonly #pauseOver: (registration: Registration) => void;

  constructor(aor: string, pauseOver: (registration: Registration) => void) {
    this.exten = aor;
    this.#pauseOver = pauseOver;
  }

  timerFired(): void {
    if (this.isChanged) this.#pauseOver(this);
  }
}

/**
 * The package `reg`.
 *
 * Source: RFC 3680 §4.
 */
export class RegPackage implements EventPackage {
  readonly name = "reg";
  readonly #parts: RegPackageParts;
  /** Those that somebody has asked for; one object for the life of the package. */
  readonly #registrations = new Map<string, Registration>();
  readonly #wake = (registration: Registration) => {
    registration.isChanged = false;
    this.#parts.timers.arm(registration.pause, PAUSE_MILLIS);
    this.#parts.wake(registration);
  };

  constructor(parts: RegPackageParts) {
    this.#parts = parts;
  }

  /** Notes what became of one contact, and tells the watchers: at once, or when their pause is over. Source: RFC 3680 §4.7.2. */
  registrationChanged({ aor, contacts }: RegistrationSubject): void {
    const registration = this.#registrations.get(aor);
    if (registration === undefined) return;
    for (const contact of contacts) this.#note(registration, contact);
    // As long as nobody has got a document of the last change, those who wait for it will learn of this one too.
    const isTold = registration.body !== undefined;
    registration.body = undefined;
    if (!registration.pause.isArmed) this.#wake(registration);
    else if (isTold) registration.isChanged = true;
  }

  /** Those of `subscriptions` that watch what is not their endpoint's own any more; a list goes on, its member tells nothing. */
  *misplaced(subscriptions: Iterable<Subscription>): Generator<Subscription> {
    for (const subscription of [...subscriptions]) {
      const { eventPackage, list, endpoint, watched } = subscription;
      if (eventPackage === this && list === undefined && !this.#isOwn(endpoint, watched.exten)) yield subscription;
    }
  }

  /** An endpoint's own address-of-record, by its name or the user part of it. Source: RFC 3680 §4.6. */
  find({ endpoint, exten }: WatchQuery): Watched | Reject {
    const own = this.#parts.source.aorsOf(endpoint);
    const aor = own.find((name) => name === exten) ?? own.find((name) => name.startsWith(`${exten}@`));
    return aor === undefined ? this.#parts.refusals().noRegistration(exten) : this.#registrationOf(aor);
  }

  absent({ exten }: WatchQuery): Watched {
    return this.#registrationOf(exten);
  }

  choose(accepts: readonly MediaRange[]): string | undefined {
    return chooseByAccept(accepts, { own: this.offered(), others: [] });
  }

  offered(): readonly string[] {
    return this.#parts.isOffered(regInfoType) ? [regInfoType] : [];
  }

  kindFor(mediaType: string, endpoint: string): RegKind {
    return { mediaType, endpoint };
  }

  bodyOf(watched: Watched, kind: DocumentKind): RenderedBody {
    // What comes back as watched and as kind is what `find` and `kindFor` gave.
    const registration = watched as Registration;
    const { exten } = registration;
    const now = this.#parts.timers.now();
    const second = Math.floor(now / 1_000);
    const found = this.#parts.source.regInfo(exten);
    if (found !== undefined && !this.#isOwn((kind as RegKind).endpoint, exten)) return regInfo(nothingBound(exten));
    if (registration.body === undefined || registration.bodySecond !== second) {
      registration.departed = registration.departed.filter(({ at }) => now < at + DEPARTED_MILLIS);
      registration.body = regInfo(withDeparted(found ?? nothingBound(exten), registration.departed));
      registration.bodySecond = second;
    }
    return registration.body;
  }

  nameOf(): string {
    return "";
  }

  wakesOn(): boolean {
    return true;
  }

  retain(): void {}

  release(): void {}

  #isOwn(endpoint: string, aor: string): boolean {
    return this.#parts.source.aorsOf(endpoint).includes(aor);
  }

  #registrationOf(aor: string): Registration {
    let registration = this.#registrations.get(aor);
    if (registration === undefined) {
      registration = new Registration(aor, this.#wake);
      this.#registrations.set(aor, registration);
    }
    return registration;
  }

  #note(registration: Registration, contact: RegContactSubject): void {
    const { departed } = registration;
    if (contact.state === "terminated") {
      departed.push({ contact, at: this.#parts.timers.now() });
      if (departed.length > limits.departedContactCount) departed.shift();
    } else if (contact.event === "registered" || contact.event === "created") {
      registration.departed = departed.filter((each) => each.contact.uri !== contact.uri);
    }
  }
}

/** A registration of which nothing is left, or nothing to be told. */
function nothingBound(aor: string): RegistrationSubject {
  return { aor, state: "init", contacts: [] };
}

/** The registration and who has left it; that it is as new again is not told before they are forgotten. Source: RFC 3680 §4.7.1. */
function withDeparted(
  { aor, state, contacts }: RegistrationSubject,
  departed: readonly Departed[],
): RegistrationSubject {
  return {
    aor,
    state: state === "init" && departed.length > 0 ? "terminated" : state,
    contacts: [...contacts, ...departed.map(({ contact }) => contact)],
  };
}
