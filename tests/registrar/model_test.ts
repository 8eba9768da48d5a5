/** Random lives of an address-of-record against a model so naive that it can be believed. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { bench, config, contactsIn, endpoint } from "./support.ts";

const MAX_CONTACTS = 3;

type Step =
  | {
    readonly kind: "register";
    readonly hosts: number[];
    readonly phone: number;
    readonly expires: number;
    readonly isOld: boolean;
  }
  | { readonly kind: "clear"; readonly phone: number; readonly isOld: boolean }
  | { readonly kind: "wait"; readonly millis: number }
  | { readonly kind: "diskFails" }
  | { readonly kind: "diskWorks" };

const host = fc.integer({ min: 1, max: 5 });
const phone = fc.integer({ min: 1, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("register" as const),
      hosts: fc.uniqueArray(host, { maxLength: 4 }),
      phone,
      expires: fc.constantFrom(0, 1, 60, 100, 200, 10_000),
      isOld: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), phone, isOld: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), millis: fc.integer({ min: 1, max: 150_000 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "diskFails" }, { kind: "diskWorks" }) },
);

interface Row {
  readonly host: number;
  readonly phone: number;
  readonly cseq: number;
  readonly endsAt: number;
}

/** The rules of RFC 3261 §10.3 on a plain list, newest contacts last; refuses by returning undefined. */
function applyNaively(rows: Row[], next: Step, now: number, cseq: number, removesExisting: boolean): Row[] | undefined {
  if (next.kind === "clear") {
    return rows.some((row) => row.phone === next.phone && cseq <= row.cseq) ? undefined : [];
  }
  if (next.kind !== "register") return rows;
  const touched = rows.filter((row) => next.hosts.includes(row.host));
  if (touched.some((row) => row.phone === next.phone && cseq <= row.cseq)) return undefined;
  const others = rows.filter((row) => !next.hosts.includes(row.host));
  if (next.expires === 0) return others;
  const endsAt = now + Math.min(Math.max(next.expires, 60), 7_200) * 1_000;
  const write = (host: number) => ({ host, phone: next.phone, cseq, endsAt });
  const fresh = next.hosts.filter((host) => !touched.some((row) => row.host === host));
  const excess = others.length + next.hosts.length - MAX_CONTACTS;
  if (excess > 0 && next.hosts.length > 0) {
    const canMakeRoom = removesExisting && excess <= others.length;
    if (!canMakeRoom && fresh.length > 0) return undefined;
    const leaving = canMakeRoom ? others.toSorted((a, b) => a.endsAt - b.endsAt).slice(0, excess) : [];
    rows = rows.filter((row) => !leaving.includes(row));
  }
  const kept = rows.map((row) => next.hosts.includes(row.host) ? write(row.host) : row);
  return [...kept, ...fresh.map(write)];
}

const written = (rows: readonly Row[], now: number) =>
  rows.map(({ host, endsAt }) => `<sip:alice@192.0.2.${host}>;expires=${Math.ceil((endsAt - now) / 1_000)}`);

test.each([true, false])(
  "any sequence of REGISTERs does what RFC 3261 §10.3 says (remove_existing: %p)",
  (remove_existing) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { register, registrar, clock, port, timers } = bench({
          config: config({ endpoints: { alice: endpoint({ max_contacts: MAX_CONTACTS, remove_existing }) } }),
        });
        let rows: Row[] = [];
        let cseq = 0;
        for (const next of steps) {
          if (next.kind === "wait") clock.advance(next.millis);
          if (next.kind === "diskFails") port.isFull = true;
          if (next.kind === "diskWorks") port.isFull = false;
          const now = clock.now();
          rows = rows.filter(({ endsAt }) => endsAt > now);
          if (next.kind === "register" || next.kind === "clear") {
            const used = next.isOld ? cseq : ++cseq;
            const wanted = applyNaively(rows, next, now, used, remove_existing);
            const callId = `phone${next.phone}`;
            const outcome = next.kind === "clear"
              ? register({ contact: "*", expires: 0, callId, cseq: used })
              : register({
                contact: next.hosts.map((each) => `<sip:alice@192.0.2.${each}>`),
                expires: next.expires,
                callId,
                cseq: used,
              });
            const changes = wanted !== undefined && (next.kind === "clear" ? rows.length > 0 : next.hosts.length > 0);
            const needsDisk = changes && !(wanted.length === rows.length && wanted.every((row, i) => row === rows[i]));
            const isGranted = wanted !== undefined && !(needsDisk && port.isFull);
            expect(outcome.status === 200).toBe(isGranted);
            if (isGranted) rows = wanted;
          }
          expect(contactsIn(register({ callId: "query" }))).toEqual(written(rows, now));
          expect(registrar.isOnline("alice")).toBe(rows.length > 0);
          expect(timers.armedCount).toBe(registrar.contactCount);
          if (!port.isFull) expect(registrar.contactCount).toBe(rows.length);
        }
        clock.advance(7_200_010);
        expect([registrar.contactCount, timers.armedCount]).toEqual([0, 0]);
      }),
      { numRuns: 400 },
    );
  },
);
