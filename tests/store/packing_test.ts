import { expect, test } from "bun:test";
import { packing } from "../../lib/store/packing.ts";

interface Lamp {
  readonly name: string;
  readonly colour: string | null;
  readonly count: number;
}

const lamps = packing<Lamp>({ count: 2, name: 0, colour: 1 });

test("values lie in the order of their positions, without names", () => {
  expect(lamps.pack({ count: 7, name: "door", colour: null })).toEqual(["door", null, 7]);
});

test("what was packed comes back as it was, JSON in between", () => {
  const lamp: Lamp = { name: '"a",[b]', colour: "", count: -1 };
  expect(lamps.unpack(JSON.parse(JSON.stringify(lamps.pack(lamp))))).toEqual(lamp);
});

test("what was packed before a field was known has null there", () => {
  expect(lamps.unpack(["door"])).toEqual({ name: "door", colour: null, count: null } as unknown as Lamp);
});
