import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HashTable } from "../../lib/runtime/hash_table.ts";

interface Thing {
  readonly hash: number;
}

function found(table: HashTable<Thing>, hash: number): Thing[] {
  const things: Thing[] = [];
  for (let place = table.first(hash); place >= 0; place = table.next(place)) things.push(table.at(place));
  return things;
}

describe("hash table", () => {
  test("whatever comes and goes: a thing is found by its hash while it is there, once, and not afterwards", () => {
    // Neighbours, some at the end of the smallest table, and hashes whose lower bits are the same.
    const hash = fc.oneof(fc.nat(20), fc.constantFrom(15, 31, -1, 47), fc.integer());
    const step = fc.record({ hash, leaver: fc.nat(60) });
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new HashTable<Thing>();
      const living: Thing[] = [];
      for (const { hash, leaver } of steps) {
        const [victim] = living.splice(leaver, 1);
        if (victim !== undefined) {
          expect([table.remove(victim.hash, victim), table.remove(victim.hash, victim)]).toEqual([true, false]);
          expect(found(table, victim.hash)).not.toContain(victim);
        }
        const thing = { hash };
        table.add(hash, thing);
        living.push(thing);
        expect(table.count).toBe(living.length);
        for (const each of living) expect(found(table, each.hash).filter((one) => one === each)).toHaveLength(1);
      }
    }));
  });

  test("0 is a hash as others are", () => {
    const table = new HashTable<Thing>();
    expect(found(table, 0)).toEqual([]);
    const thing = { hash: 0 };
    table.add(0, thing);
    expect(found(table, 0)).toEqual([thing]);
    expect(table.remove(0, thing)).toBe(true);
    expect(found(table, 0)).toEqual([]);
  });

  test("a table grows with those who come and shrinks with those who go", () => {
    const table = new HashTable<Thing>();
    const things = Array.from({ length: 5_000 }, (_, i) => ({ hash: Math.imul(i, 0x9e3779b1) }));
    for (const thing of things) table.add(thing.hash, thing);
    for (const thing of things) expect(found(table, thing.hash)).toEqual([thing]);
    for (const thing of things.slice(10)) table.remove(thing.hash, thing);
    for (const thing of things) expect(found(table, thing.hash)).toEqual(things.indexOf(thing) < 10 ? [thing] : []);
  });
});
