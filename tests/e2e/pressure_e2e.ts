/**
 * hintd on a bad day: the network loses, repeats and delays datagrams, phones take seconds to answer, some are gone. Once it is
 * over, every phone that lives shows what is true, and nothing is left of those that do not.
 */
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { Impairment } from "../bench/impairment.ts";
import { Phones } from "../bench/phones.ts";
import { Publisher } from "../bench/publisher.ts";
import { type Office, startHintd, untilSo } from "./hintd.ts";

const WATCHERS = 600;
const RESOURCES = 12;
const CHANGES = 25;
const seed = Math.floor(Math.random() * 2 ** 32);

/** `isOpen` lets phones and publisher in; afterwards nobody is waited for longer than a second. */
function config({ sipPort, httpPort, dataDir }: Office, isOpen: boolean): string {
  return `
[server]
data_dir = ${JSON.stringify(dataDir)}
[timers]
timer_b_ms = ${isOpen ? 12_000 : 1_000}
[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"
[http]
bind = "127.0.0.1:${httpPort}"
${isOpen ? '[endpoints.guest]\nmax_subscriptions = 1000\n[endpoints.publisher]\npublish = ["*"]' : ""}
[contexts.default.hints]
${Array.from({ length: RESOURCES }, (_, i) => `${2000 + i} = "Custom:d${2000 + i}"`).join("\n")}
`;
}

const hintd = await startHintd((office) => config(office, true));
afterAll(() => hintd.dispose());

type Status = { subscription_count: number; counters: { queues: { notify: number; timers: number; answers: number } } };

/** What hintd still has to do: subscriptions, NOTIFYs to write, deadlines of what lives, answers to repeat. */
async function remains() {
  const { subscription_count, counters } = await (await hintd.fetch("/status")).json() as Status;
  return { subscriptions: subscription_count, ...counters.queues };
}

/** Resolves once nothing more than `wanted` remains. */
function untilOver(wanted: Awaited<ReturnType<typeof remains>>): Promise<void> {
  return untilSo(async () => {
    const { subscriptions, notify, timers, answers } = await remains();
    return subscriptions <= wanted.subscriptions && notify === 0 && timers <= wanted.timers &&
      answers <= wanted.answers;
  });
}

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
  const target = { address: "127.0.0.1", port: hintd.sipPort };
  const before = await remains();
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
  expect((await remains()).subscriptions).toBe(goneCount);

  // Nobody may come any more: those that are gone are told so, and given up.
  writeFileSync(hintd.configFile, config(hintd.office, false));
  expect((await hintd.run("reload")).exitCode).toBe(0);
  await untilOver(before);
}, 90_000);
