/**
 * Owns the rows of one list subscription: what its watcher knows of each member, and of each list in the list.
 */
import type { HoleFill, RenderedBody } from "../../body/rendered.ts";
import type { RlmiResource } from "../../body/rlmi.ts";
import { listContentType } from "../../body/multipart.ts";
import { escapeText } from "../../body/text.ts";
import type { Watched } from "../event_package.ts";
import type { ListShape, MemberShape } from "./list_shape.ts";

/** Rows of one list subscription, in which names and addresses are the same throughout. */
export interface TreeContext {
  /** URI of a member by name, as the watcher would write it, escaped. */
  uriOf(exten: string): string;
  /** What fills the holes of the subscription; a member's bodies have the same but for the URI, version and id. */
  readonly fill: HoleFill;
  /** Boundary of the outermost multipart: letters. */
  readonly boundary: string;
}

/** One member: a virtual subscription. Source: RFC 4662 §4. */
export class MemberRow implements RlmiResource {
  readonly kind = "member";
  readonly exten: string;
  readonly fill: HoleFill;
  readonly instanceId: string;
  parent: ListRow;
  /** Place in the tree, from 1, depth first. */
  position = 0;
  name: string;
  /** What it shows; undefined while there is nothing of that name. */
  watched: Watched | undefined;
  /** Another row of the same list that shows the same. */
  twin: MemberRow | undefined;
  /** The watcher must be told whatever it was told last. */
  isUntold = true;
  /** Changes since it was last written. */
  changeCount = 0;
  /** Among those to be told. */
  isPending = false;
  /** The watcher may believe that it lives. */
  isKnown = false;
  /** It was last written as gone. */
  wasGone = false;
  /** The document to be written. */
  body: RenderedBody | undefined;
  /** The document last written. */
  told: RenderedBody | undefined;

  constructor({ exten, uri }: MemberShape, parent: ListRow, context: TreeContext) {
    this.exten = exten;
    this.parent = parent;
    const { remote, version, guid } = context.fill;
    this.instanceId = lettersOf(exten);
    this.fill = {
      entity: uri === undefined ? context.uriOf(exten) : escapeText(uri),
      remote,
      version,
      guid: `${guid}-${this.instanceId}`,
    };
    this.name = escapeText(exten);
  }

  get uri(): string {
    return this.fill.entity;
  }
}

/** One list: the outermost, or one that is a member of another. */
export class ListRow implements RlmiResource {
  readonly kind = "list";
  readonly exten: string;
  readonly uri: string;
  readonly name: string;
  readonly instanceId: string;
  /** Delimits its parts; no delimiter of one list begins like that of another. */
  readonly boundary: string;
  readonly contentType: string;
  shape: ListShape;
  parent: ListRow | undefined;
  position = 0;
  rows: (MemberRow | ListRow)[] = [];
  /** RLMI documents written so far, and their next version; the outermost list counts with its subscription. */
  version: number;
  /** The next document replaces all that the watcher knows of this list. */
  isFullOwed = true;
  /** The one that awaits its answer does. */
  wasFull = false;
  /** Members that the next document tells of, in order. */
  readonly chosen: (MemberRow | ListRow)[] = [];

  constructor(shape: ListShape, parent: ListRow | undefined, position: number, context: TreeContext) {
    const { fill } = context;
    this.shape = shape;
    this.parent = parent;
    this.position = position;
    this.exten = shape.exten;
    this.uri = parent === undefined ? fill.entity : context.uriOf(shape.exten);
    this.name = escapeText(shape.exten);
    this.instanceId = lettersOf(shape.exten);
    this.boundary = position === 0 ? context.boundary : `${position}${context.boundary}`;
    this.contentType = listContentType(this.boundary);
    this.version = fill.version;
  }
}

/** A tree and its members, depth first. */
export interface Tree {
  readonly root: ListRow;
  readonly members: MemberRow[];
  readonly lists: ListRow[];
}

/**
 * Makes the rows of a list; those of `former` that are still in it stay what they are.
 *
 * A row that is new counts its versions from where its subscription is, which is beyond any that the same name had before.
 */
export function treeOf(shape: ListShape, context: TreeContext, former?: ListRow): Tree {
  const tree: Tree = { root: new ListRow(shape, undefined, 0, context), members: [], lists: [] };
  let position = 0;

  function plant(list: ListRow, before: ListRow | undefined): void {
    tree.lists.push(list);
    if (before !== undefined) list.version = before.version;
    const known = new Map(before?.rows.map((row) => [`${row.kind} ${row.exten}`, row]));
    for (const each of list.shape.members) {
      position++;
      const same = known.get(`${each.kind} ${each.exten}`);
      if (each.kind === "list") {
        const nested = new ListRow(each, list, position, context);
        list.rows.push(nested);
        plant(nested, same?.kind === "list" ? same : undefined);
        continue;
      }
      const row = same?.kind === "member" ? same : new MemberRow(each, list, context);
      row.parent = list;
      row.position = position;
      list.rows.push(row);
      tree.members.push(row);
    }
  }

  plant(tree.root, former);
  return tree;
}

/** Five letters that are always the same for a text. */
export function lettersOf(text: string): string {
  // FNV-1a.
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193) >>> 0;
  let letters = "";
  for (let i = 0; i < 5; i++) {
    letters += String.fromCharCode(97 + hash % 26);
    hash = Math.floor(hash / 26);
  }
  return letters;
}
