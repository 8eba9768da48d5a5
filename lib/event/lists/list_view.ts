/**
 * Owns what the watcher of a list knows, and what it must still be told.
 *
 * Theory. Each member is a virtual subscription with a row of its own. A change marks its row and puts it among those to be told. A
 * NOTIFY takes as many of them as fit, in the order of the list, at least one; the rest follow in further NOTIFYs, one after
 * another. What a NOTIFY told is settled by its answer: delivered, or to be told again. So whatever is lost, in the end the
 * watcher's picture is the truth.
 *
 * Full state is owed at start, refresh and end. It is told as one document, or, where that does not fit, as a document that empties the
 * watcher's table and partial ones that fill it again.
 *
 * Data plane from `memberChanged` to `failed`. Budget: 3 µs for a change of one member in a list of a thousand, no allocation
 * besides the message (tests/bench/lists_bench.ts).
 * Source: RFC 4662 §4.5, §5.6.
 */
import type { NotifyBody } from "../notify_template.ts";
import { listContentType, type MultipartLayout } from "../../body/multipart.ts";
import { escapeText } from "../../body/text.ts";
import { TimerEntry } from "../../runtime/timers.ts";
import { writeUser } from "../../sip/uri.ts";
import type { Watched } from "../event_package.ts";
import { isReject } from "../refusals.ts";
import type { Subscription } from "../subscription.ts";
import { areEqualShapes, type ListShape, type MemberShape } from "./list_shape.ts";
import { lettersOf, type ListRow, type MemberRow, type Tree, type TreeContext, treeOf } from "./list_tree.ts";
import { listBytes, type ListNotify, ListWriter, memberBytes } from "./list_writer.ts";

const NOTHING = new Uint8Array(0);
/** Position of a row that a change of the list has taken out. */
const OUT_OF_LIST = -1;
const writer = new ListWriter();

/** Where the list subscriptions of what is watched are found. */
export interface MemberIndex {
  watch(subscription: Subscription, watched: Watched): void;
  unwatch(subscription: Subscription, watched: Watched): void;
}

/** What is kept of a list subscription over a restart. */
export interface ListRecord {
  /** Members that the request contained; null for a list of the configuration. */
  readonly members: readonly MemberShape[] | null;
}

/** What a view is made of. */
export interface ListViewParts {
  readonly subscription: Subscription;
  readonly shape: ListShape;
  /** What is kept of it. */
  readonly record: ListRecord;
  /** Context in which members are looked up. */
  readonly context: string;
  /** Members that are not there are told of as `noresource`, instead of being left out until they are. */
  readonly areMissingTold: boolean;
  readonly index: MemberIndex;
  readonly layout: MultipartLayout;
}

/** The list side of one subscription. */
export class ListView implements NotifyBody {
  readonly record: ListRecord;
  /** Value of Content-Type. */
  readonly contentType: string;
  /** Runs while changes are collected. */
  readonly batch: TimerEntry;
  areMissingTold: boolean;
  readonly #subscription: Subscription;
  readonly #context: string;
  readonly #index: MemberIndex;
  readonly #treeContext: TreeContext;
  readonly #notify: ListNotify;
  #tree: Tree;
  /** From what is watched to its row. */
  readonly #rows = new Map<Watched, MemberRow>();
  /** Its members count as watched. */
  #isLive = false;
  /** Rows to be told, in order once settled. */
  #pending: MemberRow[] = [];
  /** How many of them the NOTIFY being made tells of. */
  #chosenCount = 0;
  /** A whole state was begun, and the rest of it is to follow. */
  #isTelling = false;
  /** Rows in the NOTIFY that awaits its answer. */
  #flight: MemberRow[] = [];
  #bytes: Uint8Array = NOTHING;

  constructor({ subscription, shape, record, context, areMissingTold, index, layout }: ListViewParts) {
    const { entity } = subscription.fill;
    const boundary = lettersOf(subscription.dialog.localTag);
    // The user of a URI holds no "@", nor does what escapes it; a list that a request contains may be asked for without user.
    const beforeUser = entity.slice(0, entity.indexOf(":") + 1);
    const at = entity.indexOf("@");
    const afterUser = at < 0 ? `@${entity.slice(beforeUser.length)}` : entity.slice(at);
    this.record = record;
    this.contentType = listContentType(boundary);
    this.batch = new TimerEntry(subscription);
    this.areMissingTold = areMissingTold;
    this.#subscription = subscription;
    this.#context = context;
    this.#index = index;
    this.#treeContext = {
      uriOf: (exten) => beforeUser + escapeText(writeUser(exten)) + afterUser,
      fill: subscription.fill,
      boundary,
    };
    this.#notify = {
      version: 0,
      state: "active",
      reason: undefined,
      mediaType: "",
      idSuffix: `.${boundary}${hostOf(afterUser)}`,
      layout,
    };
    this.#tree = treeOf(shape, this.#treeContext);
    for (const row of this.#tree.members) this.#resolve(row);
    this.oweFull();
  }

  /** The list as it is told. */
  get shape(): ListShape {
    return this.#tree.root.shape;
  }

  /** How long changes are collected, in milliseconds. */
  get batchMillis(): number {
    return this.shape.batchMillis;
  }

  /** How many members it has, those that are not there included. */
  get memberCount(): number {
    return this.#tree.members.length;
  }

  /** Names of the members that are not there. */
  get missing(): readonly string[] {
    return this.#tree.members.filter((row) => row.watched === undefined).map((row) => row.exten);
  }

  /** Whether any member is there. */
  get isUsable(): boolean {
    return this.#tree.members.some((row) => row.watched !== undefined);
  }

  /** The subscription begins: its members are watched. */
  begin(): void {
    this.#isLive = true;
    for (const row of this.#tree.members) if (row.watched !== undefined) this.#watch(row, row.watched);
  }

  /** It is over; the rows stay as they are for its last NOTIFY. */
  end(): void {
    this.#isLive = false;
    for (const row of this.#tree.members) if (row.watched !== undefined) this.#unwatch(row, row.watched);
  }

  /** Takes the list as it is now, and looks its members up anew; true when there is something to tell. */
  adopt(shape: ListShape): boolean {
    const former = this.#tree;
    const isOther = !areEqualShapes(former.root.shape, shape);
    if (isOther) {
      this.#tree = treeOf(shape, this.#treeContext, former.root);
      const kept = new Set(this.#tree.members);
      for (const row of former.members) {
        if (kept.has(row)) continue;
        this.#setWatched(row, undefined);
        row.position = OUT_OF_LIST;
      }
    }
    for (const row of this.#tree.members) this.#resolve(row);
    if (isOther) this.oweFull();
    return this.#pending.length > 0;
  }

  /** Looks up again what is missing and has one of the names; true when there is something to tell. */
  lookAgain(extens: ReadonlySet<string>): boolean {
    for (const row of this.#tree.members) if (row.watched === undefined && extens.has(row.exten)) this.#resolve(row);
    return this.#pending.length > 0;
  }

  /** What members show is gone. */
  memberGone(watched: Watched): void {
    for (let row = this.#rows.get(watched); row !== undefined; row = this.#rows.get(watched)) {
      this.#setWatched(row, undefined);
    }
  }

  /** Marks the members that show `watched`. */
  memberChanged(watched: Watched): void {
    for (let row = this.#rows.get(watched); row !== undefined; row = row.twin) {
      row.changeCount++;
      this.#await(row);
    }
  }

  /** Owes the whole state. */
  oweFull(): void {
    this.#oweAll(this.#tree.root);
  }

  /** Whether there is something to tell: changes that cancelled each other out are nothing. Puts what there is in order. */
  settle(): boolean {
    const pending = this.#pending;
    let count = 0;
    for (let i = 0; i < pending.length; i++) {
      const row = pending[i]!;
      if (this.#isDue(row)) {
        pending[count++] = row;
        // While the rest of a whole state is being told, a change is told with it, or that would never end.
        const isWhole = row.parent.shape.isFullState && !row.parent.isFullOwed && !this.#isTelling;
        if (isWhole) this.#oweAll(outermostFull(row.parent));
      } else {
        row.isPending = false;
        row.isUntold = false;
        row.changeCount = 0;
      }
    }
    pending.length = count;
    if (count > 1) pending.sort(byPosition);
    return count > 0 || this.#tree.root.isFullOwed;
  }

  /**
   * Writes as much of what is owed as fits.
   *
   * @param bytesMax Room for the body; a member that is larger goes alone.
   */
  compose(bytesMax: number): this {
    const notify = this.#notify;
    notify.mediaType = this.#subscription.kind.mediaType;
    const pending = this.#pending;
    const { root, lists } = this.#tree;
    for (let i = 0; i < lists.length; i++) lists[i]!.chosen.length = 0;
    let bytes = listBytes(root, notify);
    let count = 0;
    for (; count < pending.length; count++) {
      const row = pending[count]!;
      if (row.watched !== undefined) row.body = this.#bodyOf(row.watched);
      bytes += memberBytes(row, notify);
      for (let list = row.parent; list.chosen.length === 0 && list.parent !== undefined; list = list.parent) {
        bytes += listBytes(list, notify);
      }
      if (count > 0 && bytes > bytesMax) break;
      choose(row);
    }
    this.#chosenCount = count;
    notify.version = this.#subscription.fill.version;
    notify.reason = this.isLast ? this.#subscription.reason : undefined;
    notify.state = notify.reason !== undefined
      ? "terminated"
      : this.#subscription.state === "pending"
      ? "pending"
      : "active";
    this.#bytes = writer.write(root, notify);
    return this;
  }

  /** Whether what was composed is all that is owed. */
  get isLast(): boolean {
    return this.#chosenCount === this.#pending.length;
  }

  byteLength(): number {
    return this.#bytes.length;
  }

  write(target: Uint8Array, offset: number): number {
    target.set(this.#bytes, offset);
    return offset + this.#bytes.length;
  }

  /** What was composed is on its way. */
  sent(): void {
    const { lists } = this.#tree;
    for (let i = 0; i < lists.length; i++) {
      const list = lists[i]!;
      const isTold = list.parent === undefined || list.chosen.length > 0;
      list.wasFull = isTold && list.isFullOwed;
      if (!isTold) continue;
      list.isFullOwed = false;
      list.version++;
    }
    const pending = this.#pending;
    const left = pending.length - this.#chosenCount;
    for (let i = 0; i < this.#chosenCount; i++) this.#flight.push(pending[i]!);
    pending.copyWithin(0, this.#chosenCount);
    pending.length = left;
    this.#chosenCount = 0;
    this.#isTelling = left > 0;
    for (let i = 0; i < this.#flight.length; i++) {
      const row = this.#flight[i]!;
      row.told = row.body;
      row.isPending = false;
      row.isUntold = false;
      row.changeCount = 0;
      row.isKnown = true;
      row.wasGone = row.watched === undefined;
      if (!row.wasGone) row.fill.version++;
    }
  }

  /** The watcher has it. */
  delivered(): void {
    for (let i = 0; i < this.#flight.length; i++) {
      const row = this.#flight[i]!;
      if (row.wasGone && row.watched === undefined) row.isKnown = false;
    }
    this.#land();
  }

  /** The watcher may have it or not: it is told again. */
  failed(): void {
    const { lists } = this.#tree;
    for (let i = 0; i < lists.length; i++) {
      if (lists[i]!.wasFull) lists[i]!.isFullOwed = true;
    }
    for (let i = 0; i < this.#flight.length; i++) {
      this.#flight[i]!.isUntold = true;
      this.#await(this.#flight[i]!);
    }
    this.#land();
  }

  /** Nothing but the end itself is told any more. */
  abandon(): void {
    this.#land();
    for (const row of this.#pending) row.isPending = false;
    this.#pending.length = 0;
    for (const list of this.#tree.lists) list.isFullOwed = false;
  }

  /** Nothing is on its way any more. */
  #land(): void {
    const { lists } = this.#tree;
    for (let i = 0; i < lists.length; i++) lists[i]!.wasFull = false;
    this.#flight.length = 0;
  }

  #bodyOf(watched: Watched) {
    return this.#subscription.eventPackage.bodyOf(watched, this.#subscription.kind);
  }

  #await(row: MemberRow): void {
    if (row.isPending) return;
    row.isPending = true;
    this.#pending.push(row);
  }

  #oweAll(list: ListRow): void {
    list.isFullOwed = true;
    for (let i = 0; i < list.rows.length; i++) {
      const row = list.rows[i]!;
      if (row.kind === "list") this.#oweAll(row);
      else {
        row.isUntold = true;
        this.#await(row);
      }
    }
  }

  /** Whether a row says something that its watcher does not know. */
  #isDue(row: MemberRow): boolean {
    if (row.position === OUT_OF_LIST) return false;
    if (row.watched === undefined) return row.isUntold && (this.areMissingTold || row.isKnown);
    if (row.isUntold) return true;
    if (row.changeCount <= 1) return row.changeCount === 1;
    return row.told === undefined || !row.told.equals(this.#bodyOf(row.watched));
  }

  /** Looks a member up, and notes what came of it. */
  #resolve(row: MemberRow): void {
    const { eventPackage, endpoint } = this.#subscription;
    const found = eventPackage.find({ endpoint, context: this.#context, exten: row.exten });
    this.#setWatched(row, isReject(found) ? undefined : found);
    const shown = row.watched !== undefined && row.parent.shape.areNamesShown ? eventPackage.nameOf(row.watched) : "";
    const name = escapeText(shown === "" ? row.exten : shown);
    if (name === row.name) return;
    row.name = name;
    row.isUntold = true;
    this.#await(row);
  }

  #setWatched(row: MemberRow, watched: Watched | undefined): void {
    const former = row.watched;
    if (former === watched) return;
    if (former !== undefined && this.#isLive) this.#unwatch(row, former);
    row.watched = watched;
    if (watched !== undefined && this.#isLive) this.#watch(row, watched);
    row.isUntold = true;
    this.#await(row);
  }

  #watch(row: MemberRow, watched: Watched): void {
    this.#subscription.eventPackage.retain(watched);
    const first = this.#rows.get(watched);
    row.twin = first;
    this.#rows.set(watched, row);
    if (first === undefined) this.#index.watch(this.#subscription, watched);
  }

  #unwatch(row: MemberRow, watched: Watched): void {
    const first = this.#rows.get(watched);
    if (first === row) {
      if (row.twin !== undefined) this.#rows.set(watched, row.twin);
      else {
        this.#rows.delete(watched);
        this.#index.unwatch(this.#subscription, watched);
      }
    } else {
      for (let other = first; other !== undefined; other = other.twin) {
        if (other.twin === row) other.twin = row.twin;
      }
    }
    row.twin = undefined;
    this.#subscription.eventPackage.release(watched);
  }
}

/** Puts a row among those that its list tells of, and its list among those of the list above. */
function choose(row: MemberRow | ListRow): void {
  const { parent } = row;
  if (parent === undefined) return;
  if (parent.chosen.length === 0) choose(parent);
  parent.chosen.push(row);
}

/** "@" and the host at the start of what follows the user of a URI. */
function hostOf(afterUser: string): string {
  return /^@(\[[^\]]*\]|[^:;?]*)/.exec(afterUser)?.[0] ?? "";
}

function outermostFull(list: ListRow): ListRow {
  let outermost = list;
  while (outermost.parent?.shape.isFullState) outermost = outermost.parent;
  return outermost;
}

function byPosition(a: MemberRow, b: MemberRow): number {
  return a.position - b.position;
}
