/**
 * hintd on a bad day: the network loses, repeats and delays datagrams, phones take seconds to answer, some are gone. Once it is
 * over, every phone that lives shows what is true, and nothing is left of those that do not.
 */
import { afterAll, expect, test } from "bun:test";
import { Impairment } from "../bench/impairment.ts";
import { Phones } from "../bench/phones.ts";
import { Publisher } from "../bench/publisher.ts";
import { startMeasuredHintd } from "../bench/servers.ts";

const WATCHERS = 600;
const RESOURCES = 12;
const CHANGES = 25;
const seed = Math.floor(Math.random() * 2 ** 32);

const hintd = await startMeasuredHintd();
afterAll(() => hintd.end());

/** Resolves once `condition` holds; it is looked at after each datagram. */
function until(phones: Phones, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (condition()) resolve();
    };
    phones.onProgress(look);
    look();
  });
}

test(`every living watcher ends with the newest state, whatever the network did (seed ${seed})`, async () => {
  const impairment = new Impairment({ seed, loss: 0.05, duplicates: 0.05, late: 0.1, slow: 0.03 });
  const target = { address: "127.0.0.1", port: hintd.port };
  const resources = Array.from({ length: RESOURCES }, (_, i) => String(2000 + i));
  const phones = await Phones.open({
    ...target,
    watchers: WATCHERS,
    resources,
    event: "dialog",
    expires: 3_600,
    user: "guest",
    impairment,
  });
  phones.areBodiesKept = true;
  // The publisher's own network is a good one.
  const desk = await Phones.open({
    ...target,
    watchers: 0,
    resources: [],
    event: "dialog",
    expires: 0,
    user: "publisher",
  });
  const publisher = new Publisher(desk, { ...target, trigger: "dialog" });

  for (let watcher = 0; watcher < WATCHERS; watcher++) {
    phones.subscribe(watcher);
    if (watcher % 20 === 19) await until(phones, () => phones.pendingCount < 40);
  }
  await until(phones, () => phones.grantedCount === WATCHERS);
  const goneCount = phones.vanish(0.1);
  expect(goneCount).toBeGreaterThan(0);
  for (let change = 0; change < CHANGES; change++) {
    await Promise.all(resources.map((exten, i) => publisher.change(exten, (change + i) % 2 === 0)));
  }
  await Promise.all(resources.map((exten, i) => publisher.change(exten, i % 2 === 0)));

  const stateOf = (watcher: number) => /<state>([^<]*)</.exec(phones.bodyOf(watcher))?.[1];
  const expected = (watcher: number) => watcher % RESOURCES % 2 === 0 ? "confirmed" : "early";
  const living = Array.from({ length: WATCHERS }, (_, watcher) => watcher).filter((each) => !phones.isGone(each));
  await until(phones, () => living.every((watcher) => stateOf(watcher) === expected(watcher)));
  expect(impairment.lostCount).toBeGreaterThan(WATCHERS / 20);

  // Those that live leave; those that are gone must not be waited for.
  impairment.isOff = true;
  phones.grantedCount = 0;
  for (const watcher of living) phones.subscribe(watcher, 0);
  await until(phones, () => phones.grantedCount === living.length);
}, 60_000);
