/**
 * Random lives beside a server that loses requests and answers, forgets, refuses, and takes no change of what has ended: when
 * it has come to its senses, it shows the truth.
 */
import { expect, test } from "bun:test";
import type { DeviceState } from "../../lib/state/device_state.ts";
import type { Received } from "../support/phone.ts";
import { type Answer, bench, section, type Server, stateOf, userOf } from "./support.ts";

const states: readonly DeviceState[] = ["NOT_INUSE", "RINGING", "INUSE", "ONHOLD"];
const shown: Partial<Record<DeviceState, string>> = {
  NOT_INUSE: "terminated",
  RINGING: "early",
  INUSE: "confirmed",
  ONHOLD: "confirmed",
};

interface Entry {
  readonly user: string;
  state: string;
  expiresAt: number;
}

/** A compositor with the habits of Kamailio's presence module. */
class Compositor {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What watchers of an extension see: of all publications the busiest, as phones do. */
  shows(user: string): string {
    const order = ["", "terminated", "confirmed", "early"];
    const live = [...this.#entries.values()].filter((each) => each.user === user && each.expiresAt > this.#now());
    return live.reduce((best, { state }) => order.indexOf(state) > order.indexOf(best) ? state : best, "");
  }

  /** Publications that hold. */
  get count(): number {
    return [...this.#entries.values()].filter((each) => each.expiresAt > this.#now()).length;
  }

  forgetAll(): void {
    this.#entries.clear();
  }

  receive(request: Received): Answer {
    const tag = request.header("SIP-If-Match");
    const former = this.#entries.get(tag);
    if (tag !== "" && (former === undefined || former.expiresAt <= this.#now())) return ["412 Gone"];
    const seconds = Number(request.header("Expires"));
    const next = `t${++this.#count}`;
    if (seconds === 0) {
      this.#entries.delete(tag);
      return ["200 OK", "Expires: 0"];
    }
    const isSwallowed = former?.state === "terminated" && request.body !== "";
    if (!isSwallowed) {
      this.#entries.delete(tag);
      const state = request.body === "" ? former!.state : stateOf(request);
      this.#entries.set(next, { user: userOf(request), state, expiresAt: this.#now() + seconds * 1_000 });
    }
    return ["200 OK", `SIP-ETag: ${next}`, `Expires: ${seconds}`];
  }
}

const hints = { 1000: "Custom:d0", 1001: "Custom:d1", 1002: "Custom:d2" };

/** A step of a generator that repeats itself from run to run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * sides);
  };
}

function makeMad(server: Server, compositor: Compositor, roll: (sides: number) => number): void {
  server.answer = (request) => {
    switch (roll(12)) {
      case 0:
        return undefined;
      case 1:
        compositor.receive(request);
        return undefined;
      case 2:
        return ["503 Service Unavailable"];
      case 3:
        return ["500 Server Internal Error"];
      case 4:
        return ["403 Forbidden"];
      case 5:
        compositor.forgetAll();
    }
    return compositor.receive(request);
  };
}

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

test.each(seeds)("life %d ends in the truth", async (seed) => {
  const all = bench({ hints, profile: "asterisk", sections: { trunk: section({ expiration: 60 }) } });
  const { server, clock, pass, set, publishers, timers } = all;
  const compositor = new Compositor(() => clock.now());
  const roll = dice(seed);
  makeMad(server, compositor, roll);
  await pass();
  const truth = new Map<string, DeviceState>();
  for (let step = 0; step < 60; step++) {
    const device = roll(3);
    const state = states[roll(states.length)]!;
    truth.set(`100${device}`, state);
    set(`d${device}`, state);
    await pass([0, 10, 1_000, 40_000][roll(4)]!);
  }
  server.answer = (request) => compositor.receive(request);
  // The longest wait is that after a refusal.
  await pass(1_000_000);
  for (const exten of Object.keys(hints)) {
    expect([exten, compositor.shows(exten)]).toEqual([exten, shown[truth.get(exten) ?? "NOT_INUSE"]!]);
  }
  expect(compositor.count).toBe(3);
  expect(publishers.snapshot().map((row) => row.state)).toEqual(["published", "published", "published"]);
  publishers.stop();
  await pass(3_000);
  expect([compositor.count, timers.armedCount]).toEqual([0, 0]);
});

test("a calm server shows the truth after every change, and keeps one publication per extension", async () => {
  const { server, clock, pass, set } = bench({ hints, profile: "asterisk" });
  const compositor = new Compositor(() => clock.now());
  server.answer = (request) => compositor.receive(request);
  await pass();
  const roll = dice(99);
  for (let step = 0; step < 500; step++) {
    const device = roll(3);
    const state = states[roll(states.length)]!;
    set(`d${device}`, state);
    await pass(10);
    expect([step, compositor.shows(`100${device}`), compositor.count]).toEqual([step, shown[state]!, 3]);
  }
});
