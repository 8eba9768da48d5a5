/**
 * Owns the decisions on SUBSCRIBE: create, refresh, fetch, unsubscribe, replace, refuse.
 */
import { holeFill } from "../body/rendered.ts";
import { belongsTo, dialogFromRequest } from "../dialog/dialog.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Entropy } from "../runtime/entropy.ts";
import { limits } from "../runtime/limits.ts";
import type { Reject } from "../runtime/result.ts";
import type { Timers } from "../runtime/timers.ts";
import type { NameAddress } from "../sip/address.ts";
import { writeEvent } from "../sip/event.ts";
import type { Message } from "../sip/message.ts";
import { paramOf } from "../sip/params.ts";
import type { Flow } from "../transport/transport.ts";
import type { EventPackage, Watched } from "./event_package.ts";
import type { Fanout, SubscriptionObserver } from "./fanout.ts";
import type { ResourceLists } from "./lists/resource_lists.ts";
import { isReject, type Refusals } from "./refusals.ts";
import { Subscription } from "./subscription.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What the configuration says of the endpoint that subscribes. */
export interface Subscriber {
  readonly endpoint: string;
  readonly mayNotSubscribe: boolean;
  /** Context in which its hints are looked up. */
  readonly context: string;
  /** Shortest lifetime it may ask for, seconds. */
  readonly minExpirySeconds: number;
  readonly subscriptionCountMax: number;
  /** NOTIFYs go back to where the SUBSCRIBE came from instead of to its Contact. */
  readonly isContactRewritten: boolean;
  /** Answers go back to the source port even where the request has no `rport`. */
  readonly isRportForced: boolean;
}

/** Rules of the whole appliance. */
export interface NotifierRules {
  readonly minExpirySeconds: number;
  /** Ceiling, and default where a SUBSCRIBE names no lifetime. */
  readonly maxExpirySeconds: number;
  /** The user part of a Request-URI is cut at its first ';'. */
  readonly areUserOptionsIgnored: boolean;
  readonly refusals: Refusals;
  /** A refresh whose Accept names nothing that can be made is refused instead of going on with the former body. */
  readonly isAcceptStrictOnRefresh: boolean;
}

/** What a Notifier is made of. */
export interface NotifierParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly entropy: Entropy;
  readonly subscriptions: Subscriptions;
  readonly fanout: Fanout;
  readonly packages: readonly EventPackage[];
  readonly lists: ResourceLists;
  readonly observer: SubscriptionObserver;
}

/** A granted SUBSCRIBE: what its 200 says. */
export interface Grant {
  /** To tag. */
  readonly localTag: string;
  /** Granted lifetime; 0 for a fetch and an ending. */
  readonly expiresSeconds: number;
  /** What is watched is a list: the watcher must know what to make of it. */
  readonly isList: boolean;
}

/** A request sent to `subscriber` over `flow`. */
export interface SubscribeContext {
  readonly subscriber: Subscriber;
  readonly flow: Flow;
}

/** Decides SUBSCRIBEs; NOTIFYs are the fan-out's. */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #extenOfUser = (user: string) => this.#extenOf(user);
  readonly #packages: ReadonlyMap<string, EventPackage>;
  #rules: NotifierRules;

  constructor(parts: NotifierParts, rules: NotifierRules) {
    this.#parts = parts;
    this.#packages = new Map(parts.packages.map((each) => [each.name, each]));
    this.#rules = rules;
  }

  /** Puts new rules in force; living subscriptions keep what they were granted. */
  replaceRules(rules: NotifierRules): void {
    this.#rules = rules;
  }

  /** The refusals of the profile in force. */
  get refusals(): Refusals {
    return this.#rules.refusals;
  }

  /** The subscription whose dialog `request` is in, or undefined. Source: RFC 3261 §12.2.2. */
  find(request: Message): Subscription | undefined {
    const subscription = this.#parts.subscriptions.byTag(request.to.tag ?? "");
    return subscription !== undefined && belongsTo(subscription.dialog, request) ? subscription : undefined;
  }

  /**
   * Decides a SUBSCRIBE without To tag. The first NOTIFY is queued on this tick's fan-out; the caller answers first.
   *
   * Keeps no reference to `request` after returning.
   *
   * @returns The grant (0 s: a fetch), or a Reject: 603/403 not allowed, 416 URI scheme, 489/400 event package, 400 Contact,
   * 423 below the floor, 489/406 body type, those of `ResourceLists.find`, 404 no hint, 503 quota, those of the package's `take`.
   * @throws ParseFailure for a header that cannot be read.
   * Source: RFC 6665 §4.2.1, §4.4.3.
   */
  subscribe(request: Message, { subscriber, flow }: SubscribeContext): Grant | Reject {
    const { refusals } = this.#rules;
    if (subscriber.mayNotSubscribe) return refusals.notAllowed;
    if (!isSipScheme(request.requestUri.scheme)) return refusals.uriScheme;
    const eventPackage = this.#eventPackageOf(request);
    if (isReject(eventPackage)) return eventPackage;
    const contact = contactOf(request);
    if (contact === undefined) return refusals.missingContact;
    if (!isSipScheme(contact.uri.scheme)) return refusals.uriScheme;
    const expiresSeconds = this.#lifetimeOf(request, subscriber, this.#rules.maxExpirySeconds);
    if (typeof expiresSeconds !== "number") return expiresSeconds;
    const mediaType = eventPackage.choose(request.accepts);
    if (mediaType === undefined) return refusals.notAcceptable(eventPackage.offered());
    const { endpoint, context } = subscriber;
    // COMPAT(Yealink): a Request-URI without a user means the To URI's user.
    const exten = this.#extenOf(request.requestUri.user ?? request.to.uri.user ?? "");
    const query = { endpoint, context, exten };
    const list = this.#parts.lists.find(request, eventPackage, query, this.#extenOfUser);
    if (list !== undefined && isReject(list)) return list;
    const watched = list ?? eventPackage.find(query);
    if (isReject(watched)) return watched;

    const event = request.event!;
    const phone = paramOf(contact.params, "+sip.instance") ?? contact.uriText;
    const former = this.#parts.subscriptions.byInterest({ endpoint, phone, eventPackage, eventId: event.id, watched });
    if (former !== undefined) this.#parts.fanout.drop(former);
    if (
      this.#parts.subscriptions.countOf(subscriber.endpoint) >= subscriber.subscriptionCountMax ||
      this.#parts.subscriptions.count >= limits.subscriptionCount
    ) return refusals.quota;

    const refusal = list === undefined ? taken(eventPackage, watched, request) : undefined;
    if (refusal !== undefined) return refusal;

    const { userAgent } = request;
    const dialog = dialogFromRequest(request, this.#parts.entropy.token(16), contact.uriText);
    const subscription = new Subscription({
      owner: this.#parts.fanout,
      eventPackage,
      eventHeader: writeEvent(event),
      eventId: event.id,
      watched,
      endpoint: subscriber.endpoint,
      dialog,
      phone,
      sourceAddress: flow.remoteAddress,
      userAgent,
      createdAt: this.#parts.clock.wall(),
      fill: holeFill({
        entity: request.requestUri.user === undefined ? request.to.uriText : request.requestUriText,
        remote: dialog.remoteUri,
        guid: dialog.localTag,
      }),
      kind: eventPackage.kindFor(mediaType, subscriber.endpoint, userAgent),
    });
    if (list !== undefined) this.#parts.lists.attach(subscription, list);
    subscription.flow = subscriber.isContactRewritten || flow.isReliable ? flow : undefined;
    this.#grantLifetime(subscription, expiresSeconds);
    if (expiresSeconds === 0) {
      // RFC 6665 §4.4.3: a fetch gets its one NOTIFY and leaves nothing behind.
      subscription.step("fetch");
      subscription.reason = "timeout";
    } else {
      subscription.step("grant");
      this.#parts.subscriptions.add(subscription);
      this.#parts.observer.subscriptionChanged(subscription, "started");
    }
    this.#parts.fanout.owe(subscription);
    return { localTag: dialog.localTag, expiresSeconds, isList: list !== undefined };
  }

  /**
   * Decides a SUBSCRIBE inside `subscription`'s dialog: refresh, or the ending that the watcher asks for.
   *
   * @returns The grant, or a Reject: 500 old CSeq, 489/400 no Event, 481 another event, 400 Contact, 423 below the floor,
   * 406 body type, those of the package's `take`.
   * @throws ParseFailure for a header that cannot be read.
   * Source: RFC 6665 §4.2.1.2, RFC 3261 §12.2.2.
   */
  refresh(subscription: Subscription, request: Message, { subscriber, flow }: SubscribeContext): Grant | Reject {
    const { refusals } = this.#rules;
    const { dialog } = subscription;
    if (request.cseqNumber <= dialog.remoteSequence) return refusals.oldSequence;
    dialog.remoteSequence = request.cseqNumber;
    const event = request.event;
    if (event === undefined) return refusals.missingEvent;
    if (event.name !== subscription.eventPackage.name || event.id !== subscription.eventId) {
      return refusals.noSuchSubscription;
    }
    const contact = contactOf(request);
    if (contact === undefined) return refusals.missingContact;
    if (!isSipScheme(contact.uri.scheme)) return refusals.uriScheme;
    const expiresSeconds = this.#lifetimeOf(request, subscriber, subscription.grantedSeconds);
    if (typeof expiresSeconds !== "number") return expiresSeconds;
    const mediaType = this.#rechoose(subscription, request);
    if (mediaType === undefined) {
      return refusals.notAcceptable(subscription.eventPackage.offered());
    }

    const { eventPackage, endpoint, userAgent, list } = subscription;
    const refusal = list === undefined ? taken(eventPackage, subscription.watched, request) : undefined;
    if (refusal !== undefined) return refusal;
    const kind = eventPackage.kindFor(mediaType, endpoint, userAgent);
    const isMoved = this.#moveFlow(subscription, subscriber, flow);
    if (isMoved || contact.uriText !== dialog.remoteTarget || kind.mediaType !== subscription.kind.mediaType) {
      dialog.remoteTarget = contact.uriText;
      subscription.head = undefined;
      subscription.isRecordStale = true;
    }
    subscription.kind = kind;
    subscription.failureCount = 0;
    const grant = { localTag: dialog.localTag, expiresSeconds, isList: subscription.list !== undefined };
    if (expiresSeconds === 0) {
      this.#parts.fanout.end(subscription, "timeout");
      return grant;
    }
    subscription.step("refresh");
    this.#grantLifetime(subscription, expiresSeconds);
    this.#parts.observer.subscriptionChanged(subscription, "refreshed");
    this.#parts.fanout.owe(subscription);
    return grant;
  }

  #eventPackageOf(request: Message): EventPackage | Reject {
    const event = request.event;
    if (event === undefined) return this.#rules.refusals.missingEvent;
    return this.#packages.get(event.name) ?? this.#rules.refusals.unknownEvent(event.name);
  }

  /** Granted seconds; `absentSeconds` where the request names none. Source: RFC 6665 §4.2.1.1. */
  #lifetimeOf(request: Message, subscriber: Subscriber, absentSeconds: number): number | Reject {
    const asked = request.expires ?? absentSeconds;
    const floor = Math.max(this.#rules.minExpirySeconds, subscriber.minExpirySeconds);
    if (asked > 0 && asked < floor) return this.#rules.refusals.tooBrief(floor);
    return Math.min(asked, this.#rules.maxExpirySeconds);
  }

  #rechoose(subscription: Subscription, request: Message): string | undefined {
    if (request.accepts.length === 0) return subscription.kind.mediaType;
    const chosen = subscription.eventPackage.choose(request.accepts);
    return chosen ?? (this.#rules.isAcceptStrictOnRefresh ? undefined : subscription.kind.mediaType);
  }

  #grantLifetime(subscription: Subscription, expiresSeconds: number): void {
    subscription.grantedSeconds = expiresSeconds;
    subscription.expiresAt = this.#parts.timers.now() + expiresSeconds * 1_000;
    if (expiresSeconds > 0) this.#parts.timers.arm(subscription.expiry, expiresSeconds * 1_000);
  }

  /**
   * Follows the phone to where its refresh came from; a symmetric listener also changes listeners.
   *
   * @returns Whether NOTIFYs take another way from now on.
   */
  #moveFlow(subscription: Subscription, subscriber: Subscriber, flow: Flow): boolean {
    const former = subscription.flow;
    if (!subscriber.isContactRewritten && !flow.isReliable) {
      subscription.flow = undefined;
      return true;
    }
    const isSamePeer = former !== undefined && former.isOpen && former.transport === flow.transport &&
      former.remoteAddress === flow.remoteAddress && former.remotePort === flow.remotePort;
    if (isSamePeer && (former.listener === flow.listener || !flow.listener.isSymmetric)) return false;
    subscription.flow = flow;
    return true;
  }

  /** The extension that the user part of a URI means. */
  #extenOf(user: string): string {
    if (!this.#rules.areUserOptionsIgnored) return user;
    const end = user.indexOf(";");
    return end < 0 ? user : user.slice(0, end);
  }
}

/** Has the package take what a request carries; why it does not. */
function taken(eventPackage: EventPackage, watched: Watched, request: Message): Reject | undefined {
  if (eventPackage.take === undefined || request.bodyEnd === request.bodyStart) return undefined;
  return eventPackage.take(watched, request.contentType?.name, request.body);
}

function isSipScheme(scheme: string): boolean {
  return scheme === "sip" || scheme === "sips";
}

/** The first Contact, or undefined when there is none or it is "*". */
function contactOf(request: Message): NameAddress | undefined {
  const contacts = request.contacts;
  return contacts === "*" ? undefined : contacts[0];
}
