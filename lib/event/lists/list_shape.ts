/**
 * Owns what a list consists of by name: the tree of lists and members that a configuration or a request describes.
 *
 * Theory. Lists may contain lists. A name is placed once in a tree, where it is met first, depth first: that keeps a member from being
 * told twice, and a list that contains itself from growing for ever. Which of the names mean something is another matter, which
 * changes without the list changing.
 */
import { limits } from "../../runtime/limits.ts";

/** One `[lists.NAME]`. */
export interface ListOptions {
  readonly event: string;
  /** Members: what the event package watches, or lists of the same event. */
  readonly list_item: readonly string[];
  /** Every NOTIFY tells of all members. */
  readonly full_state: boolean;
  /** Milliseconds for which changes are collected. */
  readonly notification_batch_interval: number;
  /** Members carry the names of what they show. */
  readonly resource_display_name: boolean;
}

/** One member by name. */
export interface MemberShape {
  readonly kind: "member";
  readonly exten: string;
  /** As a request named it; absent where the list's own URI with another user will do. */
  readonly uri?: string;
}

/** One list with everything below it. */
export interface ListShape {
  readonly kind: "list";
  readonly exten: string;
  readonly isFullState: boolean;
  readonly areNamesShown: boolean;
  /** Counts for the outermost list only. */
  readonly batchMillis: number;
  /** In the order in which they are told. */
  readonly members: readonly (MemberShape | ListShape)[];
}

/** The list `name` with everything below it; undefined when there is no such list of that event. */
export function shapeOf(
  lists: Readonly<Record<string, ListOptions>>,
  event: string,
  name: string,
): ListShape | undefined {
  const placed = new Set<string>();
  let memberCount = 0;

  function place(exten: string, isParentFull: boolean): ListShape | undefined {
    const options = listOf(lists, event, exten);
    if (options === undefined) return undefined;
    const isFullState = options.full_state || isParentFull;
    const members: (MemberShape | ListShape)[] = [];
    for (const item of options.list_item) {
      if (placed.has(item) || memberCount >= limits.listMemberCount) continue;
      placed.add(item);
      const nested = place(item, isFullState);
      if (nested === undefined) memberCount++;
      members.push(nested ?? { kind: "member", exten: item });
    }
    return {
      kind: "list",
      exten,
      isFullState,
      areNamesShown: options.resource_display_name,
      batchMillis: options.notification_batch_interval,
      members,
    };
  }

  placed.add(name);
  return place(name, false);
}

/** The list that a request contains. */
export function containedShape(exten: string, members: readonly MemberShape[]): ListShape {
  return { kind: "list", exten, isFullState: false, areNamesShown: false, batchMillis: 0, members };
}

/** Names of all members of a list, those of lists in it included. */
export function* membersOf(shape: ListShape): Generator<string> {
  for (const member of shape.members) {
    if (member.kind === "member") yield member.exten;
    else yield* membersOf(member);
  }
}

/** Whether two lists consist of the same, told in the same way. */
export function areEqualShapes(a: ListShape, b: ListShape): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function listOf(lists: Readonly<Record<string, ListOptions>>, event: string, name: string): ListOptions | undefined {
  const options = Object.hasOwn(lists, name) ? lists[name] : undefined;
  return options?.event === event ? options : undefined;
}
