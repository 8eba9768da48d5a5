/** @jsxImportSource hono/jsx */
/**
 * Owns instants on the page: readable as rendered, kept fresh by the script.
 */
import type { EpochMillis } from "../../runtime/clock.ts";
import { type Instant, instantMillis } from "../../runtime/instant.ts";
import { agoText, inText, spanText } from "../words.ts";

interface TimeProps {
  readonly at: Instant;
  readonly wall: EpochMillis;
}

/** How long something has been so: `3 min`. */
export function Since({ at, wall }: TimeProps) {
  return <time datetime={at} title={at} data-form="since">{spanText(wall - instantMillis(at))}</time>;
}

/** How long ago something was: `3 min ago`. */
export function Ago({ at, wall }: TimeProps) {
  return <time datetime={at} title={at} data-form="ago">{agoText(at, wall)}</time>;
}

/** How long until something is: `in 3 min`. */
export function Until({ at, wall }: TimeProps) {
  return <time datetime={at} title={at} data-form="until">{inText(at, wall)}</time>;
}
