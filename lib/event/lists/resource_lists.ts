/**
 * Owns the lists in force, and all subscriptions to lists: those of the configuration and those that requests contain.
 */
import type { MultipartLayout } from "../../body/multipart.ts";
import { limits } from "../../runtime/limits.ts";
import type { Reject } from "../../runtime/result.ts";
import { type Turn, TurnStep } from "../../runtime/turn.ts";
import type { Message } from "../../sip/message.ts";
import type { Resource, ResourceChange } from "../../state/resource.ts";
import type { EventPackage, Watched, WatchQuery } from "../event_package.ts";
import type { Fanout } from "../fanout.ts";
import { isReject, type Refusals, type SipProfile } from "../refusals.ts";
import type { Subscription } from "../subscription.ts";
import type { Subscriptions } from "../subscriptions.ts";
import {
  containedShape,
  type ListOptions,
  type ListShape,
  type MemberShape,
  membersOf,
  shapeOf,
} from "./list_shape.ts";
import { lettersOf } from "./list_tree.ts";
import { type ListRecord, ListView } from "./list_view.ts";
import { recipientListOf, recipientListOption } from "./recipient_list.ts";

/** Option tag of lists. Source: RFC 4662 §4.1. */
export const listOption = "eventlist";

/** `[lists]`. */
export type ListsOptions = Readonly<Record<string, ListOptions>>;

/** What the lists are made of. */
export interface ResourceListsParts {
  readonly turn: Turn;
  readonly subscriptions: Subscriptions;
  readonly fanout: Fanout;
  /** The refusals of the profile in force. */
  refusals(): Refusals;
  /** The profile in force. */
  sipProfile(): SipProfile;
}

/** A list as what a subscription watches. */
export interface ListWatched extends Watched {
  readonly record: ListRecord;
  readonly shape: ListShape;
  /** The configuration has it no longer: it only serves its watcher's last NOTIFY. */
  readonly isGone?: true;
}

/** One configured list as it is now. */
export interface ListSnapshot {
  readonly name: string;
  readonly options: ListOptions;
  readonly shape: ListShape;
  /** Its living subscriptions. */
  readonly watchers: readonly Subscription[];
}

/** Lists, and who watches them. */
export class ResourceLists {
  readonly #parts: ResourceListsParts;
  readonly #views = new Map<Subscription, ListView>();
  readonly #lookAgain = () => this.#lookForMissing();
  #lists: ListsOptions = {};
  #names: ReadonlySet<string> = new Set();
  /** Names that began to mean something in this turn. */
  #appeared = new Set<string>();
  #memberCount = 0;

  constructor(parts: ResourceListsParts, lists: ListsOptions) {
    this.#parts = parts;
    this.#setLists(lists);
  }

  /** Members of all list subscriptions. */
  get memberCount(): number {
    return this.#memberCount;
  }

  /**
   * The list that a SUBSCRIBE asks for.
   *
   * @param query What its Request-URI means.
   * @param extenOf What the user of a URI means.
   * @returns undefined when it is no list; or a Reject: those of `recipientListOf`, 421 the watcher does not know lists, 500/404
   * none of the members is there, 503 too many members on the appliance.
   * Source: RFC 4662 §4.1, §4.4; RFC 5367 §5.
   */
  find(
    request: Message,
    eventPackage: EventPackage,
    query: WatchQuery,
    extenOf: (user: string) => string,
  ): ListWatched | Reject | undefined {
    const refusals = this.#parts.refusals();
    if (request.require.includes(recipientListOption)) {
      const members = recipientListOf(request, extenOf);
      return isReject(members) ? members : this.#usable(contained(members, query), eventPackage, query);
    }
    // Nearly everybody asks for what is no list.
    const shape = this.#names.has(query.exten) && shapeOf(this.#lists, eventPackage.name, query.exten);
    if (!shape) return undefined;
    // RFC 3261 §8.2.2.3: what a request requires, its sender knows.
    const isKnown = request.supported.includes(listOption) ||
      (this.#parts.sipProfile() === "rfc" && request.require.includes(listOption));
    return isKnown ? this.#usable(configured(shape, query), eventPackage, query) : refusals.listNotSupported;
  }

  /** The list of a record; without members when the configuration no longer has it. */
  resume(eventPackage: EventPackage, query: WatchQuery, record: ListRecord): ListWatched {
    if (record.members !== null) return contained(record.members, query);
    const shape = shapeOf(this.#lists, eventPackage.name, query.exten);
    return shape === undefined
      ? { ...configured(containedShape(query.exten, []), query), isGone: true }
      : configured(shape, query);
  }

  /** Makes the list side of a subscription. */
  attach(subscription: Subscription, { shape, record, context }: ListWatched): void {
    subscription.list = new ListView({
      subscription,
      shape,
      record,
      context,
      areMissingTold: this.#areMissingTold(record),
      index: this.#parts.subscriptions,
      layout: this.#layoutOf(subscription, record),
    });
  }

  /** A list subscription begins. */
  begin(subscription: Subscription): void {
    const view = subscription.list!;
    view.begin();
    this.#views.set(subscription, view);
    this.#memberCount += view.memberCount;
  }

  /** It is over. */
  end(subscription: Subscription): void {
    const view = subscription.list!;
    if (!this.#views.delete(subscription)) return;
    this.#memberCount -= view.memberCount;
    view.end();
  }

  /** Lists in force and their living subscriptions, for page and API. */
  *snapshot(): Generator<ListSnapshot> {
    for (const [name, options] of Object.entries(this.#lists)) {
      const shape = shapeOf(this.#lists, options.event, name)!;
      const watchers = [...this.#views.keys()].filter(({ watched, eventPackage, list }) =>
        watched.exten === name && eventPackage.name === options.event && list!.record.members === null
      );
      yield { name, options, shape, watchers };
    }
  }

  /** Puts other lists in force, with other hints perhaps; whoever watches one is told what has become of it. */
  replaceConfig(lists: ListsOptions): void {
    this.#setLists(lists);
    this.#appeared.clear();
    for (const [subscription, view] of [...this.#views]) {
      const { eventPackage, watched } = subscription;
      const isContained = view.record.members !== null;
      const shape = isContained ? view.shape : shapeOf(lists, eventPackage.name, watched.exten);
      if (shape === undefined) {
        this.#parts.fanout.end(subscription, "noresource");
        continue;
      }
      const before = view.memberCount;
      view.areMissingTold = this.#areMissingTold(view.record);
      if (view.adopt(shape)) this.#parts.fanout.mark(subscription);
      this.#memberCount += view.memberCount - before;
    }
  }

  /** Notes that something to be watched has come or gone. */
  resourceChanged(resource: Resource, change: ResourceChange): void {
    if (change === "added") {
      if (this.#appeared.size === 0) this.#parts.turn.at(TurnStep.tell, this.#lookAgain);
      this.#appeared.add(resource.exten);
    } else if (change === "removed") {
      for (const subscription of [...this.#parts.subscriptions.watchersOf(resource)]) {
        if (subscription.list === undefined) continue;
        subscription.list.memberGone(resource);
        this.#parts.fanout.mark(subscription);
      }
    }
  }

  #setLists(lists: ListsOptions): void {
    this.#lists = lists;
    this.#names = new Set(Object.keys(lists));
  }

  #lookForMissing(): void {
    const appeared = this.#appeared;
    this.#appeared = new Set();
    if (appeared.size === 0) return;
    for (const [subscription, view] of this.#views) {
      if (view.lookAgain(appeared)) this.#parts.fanout.mark(subscription);
    }
  }

  #usable(list: ListWatched, eventPackage: EventPackage, query: WatchQuery): ListWatched | Reject {
    const { refusals } = this.#parts;
    let memberCount = 0;
    let isUsable = false;
    for (const exten of membersOf(list.shape)) {
      memberCount++;
      isUsable ||= !isReject(eventPackage.find({ ...query, exten }));
    }
    if (!isUsable) return list.record.members === null ? refusals().emptyList(query.exten) : NOBODY_THERE;
    return this.#memberCount + memberCount > limits.virtualSubscriptionCount ? refusals().quota : list;
  }

  /** COMPAT(Linphone): the layout of Asterisk crashes it, so whoever may be one gets the other. */
  #layoutOf({ userAgent }: Subscription, { members }: ListRecord): MultipartLayout {
    if (members !== null || userAgent.toLowerCase().includes("linphone")) return "rfc";
    return this.#parts.sipProfile();
  }

  /** Who brings its own list is told of every member of it. */
  #areMissingTold({ members }: ListRecord): boolean {
    return members !== null || this.#parts.sipProfile() === "rfc";
  }
}

/** A list that a request contains names nobody whom we know. */
const NOBODY_THERE: Reject = { status: 404, why: "none of the members of the list is there" };

function configured(shape: ListShape, { context, exten }: WatchQuery): ListWatched {
  return { context, exten, shape, record: { members: null } };
}

/** Lists of one phone with other members are other lists, though they go by one URI. */
function contained(members: readonly MemberShape[], { context, exten }: WatchQuery): ListWatched {
  const shape = containedShape(exten, members);
  const variety = lettersOf(members.map(({ uri }) => uri).join("\n"));
  return { context, exten, variety, shape, record: { members } };
}
