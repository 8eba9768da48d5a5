import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { NONCE_CHARS, NONCE_LIFETIME_SECONDS, Nonces, type NonceSnapshot } from "../../lib/auth/nonces.ts";
import { HandClock, scriptedEntropy, secret } from "./support.ts";

const HERE = "192.168.1.20 hintd";

function nonces(options: { clock?: HandClock; usesMax?: number; resumed?: NonceSnapshot; seed?: number } = {}) {
  const { clock = new HandClock(), seed, ...rest } = options;
  return new Nonces({ secret, clock, entropy: scriptedEntropy(seed), ...rest });
}

describe("a nonce", () => {
  test("has 24 characters that need no quoting, and is another one each time (RFC 7616 §3.3)", () => {
    const issuer = nonces();
    const issued = Array.from({ length: 1_000 }, () => issuer.issue(HERE, 1_000));
    expect(new Set(issued).size).toBe(1_000);
    for (const nonce of issued) expect(nonce).toMatch(new RegExp(`^[A-Za-z0-9_-]{${NONCE_CHARS}}$`));
    expect(issuer.useCount).toBe(0);
  });

  test("is accepted once per count (RFC 7616 §3.4)", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    expect(issuer.accept(nonce, HERE, 1, 1_000)).toBe("accepted");
    expect(issuer.accept(nonce, HERE, 1, 1_000)).toBe("replayed");
    expect(issuer.accept(nonce, HERE, 2, 1_000)).toBe("accepted");
    expect(issuer.accept(nonce, HERE, 1, 1_000)).toBe("replayed");
    expect(issuer.accept(nonce, HERE, 2, 1_000)).toBe("replayed");
  });

  test("without counts serves once (RFC 2069)", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    expect(issuer.accept(nonce, HERE, undefined, 1_000)).toBe("accepted");
    expect(issuer.accept(nonce, HERE, undefined, 1_000)).toBe("replayed");
    expect(issuer.accept(nonce, HERE, 2, 1_000)).toBe("replayed");
    const counted = issuer.issue(HERE, 1_000);
    expect(issuer.accept(counted, HERE, 1, 1_000)).toBe("accepted");
    expect(issuer.accept(counted, HERE, undefined, 1_000)).toBe("replayed");
  });

  test("may skip counts, because datagrams get lost", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    for (const count of [3, 9, 1_000_000, 0xffff_ffff]) {
      expect(issuer.accept(nonce, HERE, count, 1_000)).toBe("accepted");
    }
    expect(issuer.accept(nonce, HERE, 0xffff_ffff, 1_000)).toBe("replayed");
  });

  test("accepts each count once in any order within a window of 32, because datagrams overtake each other", () => {
    const near = fc.shuffledSubarray(Array.from({ length: 32 }, (_, i) => i + 1), { minLength: 1 });
    fc.assert(fc.property(near, (counts) => {
      const issuer = nonces();
      const nonce = issuer.issue(HERE, 1_000);
      for (const count of counts) expect(issuer.accept(nonce, HERE, count, 1_000)).toBe("accepted");
      for (const count of counts) expect(issuer.accept(nonce, HERE, count, 1_000)).toBe("replayed");
    }));
  });

  test("never accepts a count twice, whatever counts come", () => {
    fc.assert(fc.property(fc.array(fc.nat(100), { maxLength: 200 }), (counts) => {
      const issuer = nonces();
      const nonce = issuer.issue(HERE, 1_000);
      const accepted = counts.filter((count) => issuer.accept(nonce, HERE, count, 1_000) === "accepted");
      expect(new Set(accepted).size).toBe(accepted.length);
    }));
  });

  test("of a count too far back to tell is replayed", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    issuer.accept(nonce, HERE, 100, 1_000);
    expect(issuer.accept(nonce, HERE, 69, 1_000)).toBe("accepted");
    expect(issuer.accept(nonce, HERE, 68, 1_000)).toBe("replayed");
  });

  test("serves only the source it was issued to", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    expect(issuer.accept(nonce, "192.168.1.21 hintd", 1, 1_000)).toBe("foreign");
    expect(issuer.accept(nonce, HERE, 1, 1_000)).toBe("accepted");
  });

  test("expires, and does not while it is young", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    const lifetime = NONCE_LIFETIME_SECONDS * 1_000;
    expect(issuer.accept(nonce, HERE, 1, 1_000 + lifetime)).toBe("accepted");
    expect(issuer.accept(nonce, HERE, 2, 2_000 + lifetime)).toBe("expired");
  });

  test("is not made elsewhere: no changed character passes", () => {
    const issuer = nonces();
    const nonce = issuer.issue(HERE, 1_000);
    for (let i = 0; i < nonce.length; i++) {
      const other = nonce[i] === "A" ? "B" : "A";
      expect(issuer.accept(nonce.slice(0, i) + other + nonce.slice(i + 1), HERE, 1, 1_000)).toBe("foreign");
    }
    expect(issuer.useCount).toBe(0);
  });

  test("can be any text without harm", () => {
    const issuer = nonces();
    const texts = fc.oneof(fc.string(), fc.string({ minLength: 24, maxLength: 24 }), fc.constant("=".repeat(24)));
    fc.assert(fc.property(texts, (text) => {
      expect(issuer.accept(text, HERE, 1, 1_000)).toBe("foreign");
    }));
  });

  test("outlives a step of the wall clock", () => {
    const clock = new HandClock();
    const issuer = nonces({ clock });
    const nonce = issuer.issue(HERE, clock.now());
    clock.epochAt += 86_400_000;
    expect(issuer.accept(nonce, HERE, 1, clock.now())).toBe("accepted");
  });

  test("needs a secret of 32 bytes", () => {
    const make = () => new Nonces({ secret: new Uint8Array(16), clock: new HandClock(), entropy: scriptedEntropy() });
    expect(make).toThrow("16 bytes instead of 32");
  });
});

describe("after a restart", () => {
  /** A later process on the same machine: its monotonic clock starts again. */
  function laterClock(before: HandClock, seconds: number): HandClock {
    const clock = new HandClock();
    clock.epochAt = before.wall() + seconds * 1_000;
    clock.at = 0;
    return clock;
  }

  test("in order, nonces stay good, used counts stay used, and new nonces are new", () => {
    const clock = new HandClock();
    const before = nonces({ clock });
    const used = before.issue(HERE, clock.now());
    const unused = before.issue(HERE, clock.now());
    before.accept(used, HERE, 1, clock.now());
    const stored = JSON.parse(JSON.stringify(before.snapshot())) as NonceSnapshot;
    const later = laterClock(clock, 10);
    const after = nonces({ clock: later, resumed: stored, seed: 99 });
    expect(after.accept(used, HERE, 1, later.now())).toBe("replayed");
    expect(after.accept(used, HERE, 2, later.now())).toBe("accepted");
    expect(after.accept(unused, HERE, 1, later.now())).toBe("accepted");
    expect(after.issue(HERE, later.now())).not.toBe(unused);
  });

  test("in order, nonces still expire by the wall clock", () => {
    const clock = new HandClock();
    const before = nonces({ clock });
    const nonce = before.issue(HERE, clock.now());
    const later = laterClock(clock, NONCE_LIFETIME_SECONDS + 2);
    expect(nonces({ clock: later, resumed: before.snapshot() }).accept(nonce, HERE, 1, later.now())).toBe("expired");
  });

  test("from a crash, older nonces are spent, because nobody knows their counts", () => {
    const clock = new HandClock();
    const nonce = nonces({ clock }).issue(HERE, clock.now());
    const later = laterClock(clock, 1);
    const after = nonces({ clock: later, seed: 99 });
    expect(after.accept(nonce, HERE, 1, later.now())).toBe("foreign");
    expect(after.accept(after.issue(HERE, later.now()), HERE, 1, later.now())).toBe("accepted");
  });

  test("with the clock set back, nonces of the future are spent", () => {
    const clock = new HandClock();
    const before = nonces({ clock });
    const nonce = before.issue(HERE, clock.now());
    const later = laterClock(clock, -3_600);
    expect(nonces({ clock: later, resumed: before.snapshot() }).accept(nonce, HERE, 1, later.now())).toBe("expired");
  });
});

describe("the table of counts", () => {
  test("stays within its bound; what it gives up is spent, never replayable", () => {
    const clock = new HandClock();
    const issuer = nonces({ clock, usesMax: 10 });
    const issued = Array.from({ length: 30 }, () => {
      clock.at += 1_000;
      return issuer.issue(HERE, clock.now());
    });
    for (const nonce of issued) expect(issuer.accept(nonce, HERE, 1, clock.now())).toBe("accepted");
    expect(issuer.useCount).toBe(10);
    for (const nonce of issued) expect(issuer.accept(nonce, HERE, 1, clock.now())).not.toBe("accepted");
    expect(issuer.accept(issued[29]!, HERE, 2, clock.now())).toBe("accepted");
    expect(issuer.accept(issued[0]!, HERE, 2, clock.now())).toBe("foreign");
  });

  test("drops expired entries when new ones come", () => {
    const clock = new HandClock();
    const issuer = nonces({ clock });
    for (let i = 0; i < 50; i++) issuer.accept(issuer.issue(HERE, clock.now()), HERE, 1, clock.now());
    clock.at += (NONCE_LIFETIME_SECONDS + 1) * 1_000;
    issuer.accept(issuer.issue(HERE, clock.now()), HERE, 1, clock.now());
    expect(issuer.useCount).toBe(1);
  });
});
