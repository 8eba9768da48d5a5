/** Owns the Event value. */
import { Cursor } from "./cursor.ts";
import { type Param, paramOf, readParams, writeParams } from "./params.ts";

/** An event package, with templates, and the parameters that tell subscriptions apart. */
export interface EventHeader {
  /** Package with templates as written: compared exactly, it is case-sensitive. */
  readonly name: string;
  /** The `id` parameter; `undefined` when there is none. */
  readonly id: string | undefined;
  /** All parameters in order, `id` included, names in lower case. */
  readonly params: readonly Param[];
}

/** Parses an Event value from text. Throws `ParseFailure`. Source: RFC 6665 §8.2.1, §8.4. */
export function parseEvent(text: string): EventHeader {
  const cursor = Cursor.over(text, "Event");
  cursor.skipLws();
  return readEvent(cursor);
}

/** Reads an Event value that fills the cursor. Rejects an empty package name and text after the parameters. */
export function readEvent(cursor: Cursor): EventHeader {
  const name = cursor.token("event package");
  const params = readParams(cursor);
  cursor.finish("event package", "RFC 6665 §8.4");
  return { name, id: paramOf(params, "id"), params };
}

/** Writes an Event value. Source: RFC 6665 §8.4. */
export function writeEvent(event: Pick<EventHeader, "name" | "params">): string {
  return event.name + writeParams(event.params);
}
