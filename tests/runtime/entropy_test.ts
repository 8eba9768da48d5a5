import { describe, expect, test } from "bun:test";
import { entropyFrom, systemEntropy } from "../../lib/runtime/entropy.ts";

/** A source that deals the bytes 0, 1, … 255, 0, … */
function counting(): { entropy: ReturnType<typeof entropyFrom>; fillCount: () => number } {
  let next = 0;
  let fills = 0;
  const entropy = entropyFrom((target) => {
    fills++;
    for (let i = 0; i < target.length; i++) target[i] = next++ & 0xff;
  });
  return { entropy, fillCount: () => fills };
}

describe("random values", () => {
  test("are made of the bytes of the source, each byte used once", () => {
    const { entropy } = counting();
    expect(entropy.token(6)).toBe("012345");
    expect(entropy.uint32()).toBe(0x06070809);
    expect(entropy.uuid()).toBe("0a0b0c0d-0e0f-4011-9213-141516171819");
    expect(entropy.token(3)).toBe("qrs");
  });

  test("a token has five bits of each byte, and nothing but its alphabet", () => {
    const { entropy } = counting();
    expect(entropy.token(64)).toBe("0123456789abcdefghijklmnopqrstuv".repeat(2));
  });

  test("a number has all 32 bits and no sign", () => {
    const { entropy } = counting();
    entropy.token(252);
    expect(entropy.uint32()).toBe(0xfcfdfeff);
  });

  test("the source is asked for 4 KiB at a time, and never for what is left over", () => {
    const { entropy, fillCount } = counting();
    for (let i = 0; i < 4_096 / 16; i++) entropy.token(16);
    expect(fillCount()).toBe(1);
    entropy.token(1);
    expect(fillCount()).toBe(2);
    for (let i = 0; i < 500; i++) entropy.token(10);
    expect(fillCount()).toBe(3);
  });

  test("a buffer is filled as a whole and handed back", () => {
    const { entropy } = counting();
    const buffer = new Uint8Array(5);
    expect(entropy.fill(buffer)).toBe(buffer);
    expect([...buffer]).toEqual([0, 1, 2, 3, 4]);
  });
});

test("the machine's source never says the same twice", () => {
  const said = new Set(Array.from({ length: 10_000 }, () => systemEntropy.token(16)));
  expect(said.size).toBe(10_000);
  for (const token of said) expect(token).toMatch(/^[0-9a-v]{16}$/);
  expect(systemEntropy.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
