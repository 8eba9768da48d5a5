/** Random lives of two targets against a model so naive that it can be believed. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { limits } from "../../lib/runtime/limits.ts";
import { scriptedEntropy } from "../registrar/support.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { bench, MemoryPublications } from "./publications_support.ts";

const USERS = ["1000", "1001"];
const PUBLISHERS = ["alice", "bob"];

type Step =
  | {
    readonly kind: "publish";
    readonly publisher: string;
    readonly user: string;
    /** Which of the tags given so far is named; undefined: none. */
    readonly tag: number | undefined;
    readonly body: string;
    readonly isMore: boolean;
    readonly expires: number | undefined;
  }
  | { readonly kind: "wait"; readonly millis: number }
  | { readonly kind: "disk"; readonly isFull: boolean }
  | { readonly kind: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      publisher: fc.constantFrom(...PUBLISHERS),
      user: fc.constantFrom(...USERS),
      tag: fc.option(fc.nat(), { nil: undefined }),
      body: fc.constantFrom("", "", "a", "b", "?", "@1001 c"),
      isMore: fc.boolean(),
      expires: fc.constantFrom(undefined, 0, 30, 60, 90, 300, 5_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), millis: fc.integer({ min: 1, max: 150_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("disk" as const), isFull: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "restart" }) },
);

interface Row {
  readonly tag: string;
  readonly publisher: string;
  readonly user: string;
  readonly value: readonly string[];
  readonly endsAt: number;
}

/** RFC 3903 §6 on a plain list, the one modified last at its end: the status, and the list after it. */
function applyNaively(
  rows: readonly Row[],
  next: Step & { kind: "publish" },
  { now, named, tag, mayPublish }: { now: number; named: string | undefined; tag: string; mayPublish: boolean },
): { status: number; rows: readonly Row[] } {
  const refused = (status: number) => ({ status, rows });
  const { publisher, user, body } = next;
  if (!mayPublish) return refused(403);
  const former = rows.find((row) => row.tag === named && row.publisher === publisher && row.user === user);
  if (named !== undefined && former === undefined) return refused(412);
  const expires = Math.min(next.expires ?? 3600, 3600);
  if (expires > 0 && expires < 60) return refused(423);
  const others = rows.filter((row) => row !== former);
  if (former !== undefined && expires === 0) return { status: 200, rows: others };
  const endsAt = now + expires * 1_000;
  if (former !== undefined && body === "") {
    return { status: 200, rows: rows.map((row) => row === former ? { ...row, tag, endsAt } : row) };
  }
  if (body === "" || body === "?") return refused(400);
  const isCrowded = former === undefined &&
    rows.filter((row) => row.publisher === publisher && row.user === user).length >= limits.publicationCountPerTarget;
  if (isCrowded) return refused(503);
  if (body.startsWith("@1001") && publisher !== "alice") return refused(403);
  if (expires === 0) return { status: 200, rows };
  const value = next.isMore ? [...former?.value ?? [], body] : [body];
  return { status: 200, rows: [...others, { tag, publisher, user, value, endsAt }] };
}

const written = (rows: readonly Row[], user: string) =>
  rows.filter((row) => row.user === user).map(({ publisher, value }) => `${publisher}=${value.join(" ")}`).join(", ");

test("any sequence of PUBLISHes, waits, full disks and restarts does what RFC 3903 §6 says", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new ManualClock();
      const port = new MemoryPublications();
      let world = bench({ clock, port });
      let rows: readonly Row[] = [];
      const tags: string[] = [];
      /** What the compositor was told last of each target. */
      const shown = new Map<string, string>();
      const hear = () => {
        for (const line of world.composed.splice(0)) shown.set(line.slice(5, 9), line.slice(11));
      };
      steps.forEach((next, i) => {
        if (next.kind === "wait") clock.advance(next.millis);
        if (next.kind === "disk") port.isFull = next.isFull;
        if (next.kind === "restart") {
          world.timers.stop();
          shown.clear();
          world = bench({ clock, port, entropy: scriptedEntropy(i + 2) });
        }
        // A timer fires up to one tick of the wheel late; nothing can be seen of that.
        if (next.kind === "wait") clock.advance(10);
        const now = clock.now();
        rows = rows.filter(({ endsAt }) => endsAt > now);
        if (next.kind === "publish") {
          const { publisher, user, body, isMore, expires } = next;
          const named = next.tag === undefined ? undefined : tags[next.tag % tags.length] ?? "none";
          const outcome = world.publish({
            uri: `sip:${user}@example.org`,
            body,
            type: isMore ? "text/x-more" : "text/plain",
            ...(named === undefined ? {} : { ifMatch: named }),
            ...(expires === undefined ? {} : { expires }),
          }, publisher);
          const tag = "entityTag" in outcome ? outcome.entityTag : "";
          const mayPublish = publisher === "alice" || user === "1000";
          const wanted = applyNaively(rows, next, { now, named, tag, mayPublish });
          const status = wanted.rows !== rows && port.isFull ? 503 : wanted.status;
          expect("entityTag" in outcome ? 200 : outcome.status).toBe(status);
          if (status === 200) {
            rows = wanted.rows;
            tags.push(tag);
          }
        }
        hear();
        for (const user of USERS) expect(shown.get(user) ?? "").toBe(written(rows, user));
        expect([world.publications.count, world.timers.armedCount]).toEqual([rows.length, rows.length]);
        if (!port.isFull && next.kind === "restart") expect(port.rows.size).toBe(rows.length);
        const left = world.publications.snapshot().map(({ expiresSeconds }) => expiresSeconds);
        expect(left.sort()).toEqual(rows.map(({ endsAt }) => Math.ceil((endsAt - now) / 1_000)).sort());
      });
      clock.advance(3_600_010);
      expect([world.publications.count, world.timers.armedCount]).toEqual([0, 0]);
    }),
    { numRuns: 400 },
  );
});
