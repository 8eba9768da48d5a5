/**
 * Pulls the plug a hundred times under load, and compares what came back with books of its own: no acknowledged change, no live
 * subscription, no registration, no publication may be lost, no number may go back, and nobody is told twice.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Hintd } from "./hintd.ts";
import { prepareHintd } from "./hintd.ts";
import { Ledger } from "./ledger.ts";
import { within } from "./lines.ts";
import { Life, MortalPhone } from "./mortal_phone.ts";
import { header } from "./wire.ts";

const KILLS = 100;
/** The longest time between an answered OPTIONS and the end. */
const LIFE_MILLIS = 120;
/** In one life of so many the plug is not pulled before all was compared. */
const COMPARED_EVERY = 2;

const DEVICES = Array.from({ length: 8 }, (_, i) => `d${i}`);
const REGISTRANTS = Array.from({ length: 4 }, (_, i) => `r${i}`);
/** A publisher whose tag became uncertain goes on as the next one. */
const PUBLISHERS = Array.from({ length: 3 * KILLS + 10 }, (_, i) => `p${i}`);
const PUBLISHING_AT_ONCE = 3;
const STATES = ["NOT_INUSE", "RINGING", "INUSE", "ONHOLD", "BUSY"] as const;
const CALL_STATES = { NOT_INUSE: "terminated", RINGING: "early", INUSE: "confirmed" } as const;
type CallState = keyof typeof CALL_STATES;

const extenOf = (name: string) => `x${name}`;

const config = ({ sipPort, httpPort, dataDir }: Hintd["office"]) => `
[server]
data_dir = ${JSON.stringify(dataDir)}
[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"
[http]
bind = "127.0.0.1:${httpPort}"
[defaults.endpoint]
qualify_frequency = 0
[endpoints.guest]
${REGISTRANTS.map((name) => `[endpoints.${name}]\nmax_contacts = 5\nremove_existing = false`).join("\n")}
${PUBLISHERS.map((name) => `[endpoints.${name}]\ncontact = ["sip:${name}@127.0.0.1:9"]`).join("\n")}
[contexts.default.hints]
${DEVICES.map((name) => `${extenOf(name)} = "Custom:${name}"`).join("\n")}
${[...REGISTRANTS, ...PUBLISHERS].map((name) => `${extenOf(name)} = "PJSIP/${name}"`).join("\n")}
`;

/** The same numbers in every run with the same seed. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** How a dialog-info document shows a device state; what is not here is never shown. */
const SHOWN: Readonly<Record<string, string>> = {
  NOT_INUSE: "terminated",
  RINGING: "early",
  INUSE: "confirmed",
  ONHOLD: "confirmed",
  BUSY: "confirmed",
  UNAVAILABLE: "terminated",
};

class Watcher {
  readonly phone: MortalPhone;
  readonly name: string;
  tag = "";

  constructor(phone: MortalPhone, name: string) {
    this.phone = phone;
    this.name = name;
  }
}

class Office {
  readonly hintd: Hintd;
  readonly roll: (below: number) => number;
  readonly faults: string[] = [];
  readonly devices = new Ledger<string>("UNKNOWN");
  readonly presences = new Ledger<string>("not_set");
  readonly mailboxes = new Ledger<number>(0);
  readonly contacts = new Ledger<boolean>(false);
  readonly calls = new Ledger<string>("NOT_INUSE");
  watchers: Watcher[] = [];
  life = new Life();
  #usedPublishers = 0;

  constructor(hintd: Hintd, seed: number) {
    this.hintd = hintd;
    this.roll = dice(seed);
  }

  get #server(): number {
    return this.hintd.sipPort;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.roll(items.length)]!;
  }

  /** Has an actor act through all lives, one action after the other. */
  async #actThrough(isOver: () => boolean, act: () => Promise<unknown>): Promise<void> {
    while (!isOver()) {
      if (this.life.isOver) await this.#nextLife;
      else await act();
    }
  }

  #nextLife: Promise<void> = Promise.resolve();
  #beginLife: () => void = () => {};

  /** The plug: whatever is unanswered now stays so. */
  async kill(): Promise<void> {
    this.#nextLife = new Promise((begin) => this.#beginLife = begin);
    const ended = this.hintd.end("SIGKILL");
    this.life.end();
    await ended;
  }

  live(): void {
    this.life = new Life();
    this.#beginLife();
  }

  async #put(path: string, value: object): Promise<boolean> {
    const unix = join(this.hintd.office.dataDir, "control.sock");
    const init = { method: "PUT", body: JSON.stringify(value), headers: { "content-type": "application/json" }, unix };
    const answer = await fetch(`http://localhost/api/v1${path}`, init).then(({ ok }) => ok, () => undefined);
    if (answer === false) this.faults.push(`${path} was refused`);
    return answer === true;
  }

  /** Sets states by the API. */
  async #setStates(): Promise<void> {
    const kind = this.roll(4);
    const name = this.#pick(DEVICES);
    if (kind <= 1) {
      const state = this.#pick(STATES);
      const settle = this.devices.asked(name, state);
      settle(await this.#put(`/device-states/Custom:${name}`, { state }));
    } else if (kind === 2) {
      const state = this.#pick(["away", "dnd", "available"]);
      const settle = this.presences.asked(name, state);
      settle(await this.#put(`/presence-states/CustomPresence:${name}`, { state }));
    } else {
      const count = this.roll(1_000);
      const settle = this.mailboxes.asked(name, count);
      settle(await this.#put(`/mailboxes/${name}`, { new: count, old: 0 }));
    }
  }

  /** Subscribes, refreshes, unsubscribes. */
  async #watch(): Promise<void> {
    const { life } = this;
    const what = this.roll(10);
    if (this.watchers.length < 12 || (what === 0 && this.watchers.length < 40)) {
      const names = [...DEVICES, ...REGISTRANTS, ...PUBLISHERS.slice(0, this.#usedPublishers)];
      const watcher = new Watcher(await MortalPhone.open(this.#server), this.#pick(names));
      const answer = await this.#subscribe(watcher, life, 600);
      if (answer === undefined) return watcher.phone.close();
      watcher.tag = /tag=([^;\s]+)/.exec(header(answer, "To"))![1]!;
      this.watchers.push(watcher);
    } else {
      const watcher = this.#pick(this.watchers);
      const isLeaving = what === 1;
      const answer = await this.#subscribe(watcher, life, isLeaving ? 0 : 600);
      if (!isLeaving) return;
      // Whether it has left is known to nobody while it is not answered.
      this.watchers = this.watchers.filter((each) => each !== watcher);
      if (answer === undefined) watcher.phone.close();
      else watcher.phone.isTerminated = true;
    }
  }

  async #subscribe({ phone, name, tag }: Watcher, life: Life, seconds: number): Promise<string | undefined> {
    const exten = extenOf(name);
    const answer = await phone.ask(life, {
      method: "SUBSCRIBE",
      uri: `sip:${exten}@127.0.0.1:${this.#server}`,
      user: "guest",
      toUser: exten,
      ...(tag === "" ? {} : { toTag: tag }),
      headers: [
        "Event: dialog",
        "Accept: application/dialog-info+xml",
        `Expires: ${seconds}`,
        `Contact: <${phone.contact}>`,
      ],
    });
    if (answer !== undefined && !answer.startsWith("SIP/2.0 200")) {
      this.faults.push(`watcher of ${name}: ${answer.split("\r\n")[0]}`);
    }
    return answer;
  }

  /** Registers and removes contacts. */
  async #register(phones: ReadonlyMap<string, MortalPhone>): Promise<void> {
    const name = this.#pick(REGISTRANTS);
    const uri = `sip:c${this.roll(4)}@192.0.2.1`;
    const isAdded = this.roll(2) === 0;
    const settle = this.contacts.asked(`${name} ${uri}`, isAdded);
    const answer = await phones.get(name)!.ask(this.life, {
      method: "REGISTER",
      uri: "sip:127.0.0.1",
      user: name,
      headers: [`Contact: <${uri}>`, `Expires: ${isAdded ? 600 : 0}`],
    });
    if (answer !== undefined && !answer.startsWith("SIP/2.0 200")) {
      this.faults.push(`REGISTER of ${name}: ${answer.split("\r\n")[0]}`);
    }
    settle(answer !== undefined);
  }

  /** Publishes one resource after the other; goes on with a fresh one where a tag may be lost with its answer. */
  async #publish(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const name = PUBLISHERS[this.#usedPublishers++]!;
      const phone = await MortalPhone.open(this.#server);
      let tag = "";
      await this.#actThrough(() => isOver() || this.calls.isUncertain(name), async () => {
        const state = this.#pick(Object.keys(CALL_STATES) as CallState[]);
        const isRefresh = tag !== "" && this.roll(3) === 0;
        const isRemoval = tag !== "" && !isRefresh && this.roll(4) === 0;
        const settle = isRefresh
          ? this.calls.asked(name, this.calls.known(name))
          : this.calls.asked(name, isRemoval ? "NOT_INUSE" : state);
        const answer = await phone.ask(this.life, {
          method: "PUBLISH",
          uri: `sip:${name}@127.0.0.1:${this.#server}`,
          user: name,
          headers: [
            "Event: dialog",
            `Expires: ${isRemoval ? 0 : 600}`,
            ...(tag === "" ? [] : [`SIP-If-Match: ${tag}`]),
            ...(isRefresh || isRemoval ? [] : ["Content-Type: application/dialog-info+xml"]),
          ],
          body: isRefresh || isRemoval ? "" : dialogInfo(name, CALL_STATES[state]),
        });
        settle(answer !== undefined);
        if (answer === undefined) return;
        if (!answer.startsWith("SIP/2.0 200")) this.faults.push(`PUBLISH of ${name}: ${answer.split("\r\n")[0]}`);
        tag = isRemoval ? "" : header(answer, "SIP-ETag");
      });
      phone.close();
    }
  }

  /** All actors, until `isOver`. */
  async act(isOver: () => boolean): Promise<void> {
    const registrants = new Map<string, MortalPhone>();
    for (const name of REGISTRANTS) registrants.set(name, await MortalPhone.open(this.#server));
    await Promise.all([
      this.#actThrough(isOver, () => this.#setStates()),
      this.#actThrough(isOver, () => this.#watch()),
      this.#actThrough(isOver, () => this.#register(registrants)),
      ...Array.from({ length: PUBLISHING_AT_ONCE }, () => this.#publish(isOver)),
    ]);
    for (const phone of registrants.values()) phone.close();
  }

  async #items<Item>(path: string): Promise<Item[]> {
    return (await (await this.hintd.fetch(path)).json() as { items: Item[] }).items;
  }

  #settle<Value extends string | number | boolean>(ledger: Ledger<Value>, found: (key: string) => Value): void {
    for (const key of ledger.keys) {
      const fault = ledger.settle(key, found(key));
      if (fault !== undefined) this.faults.push(fault);
    }
  }

  /** Compares everything with the books, while nobody acts. */
  async compare(): Promise<void> {
    const told = Promise.all(this.watchers.map(({ phone }) => phone.told()));
    await within(told, () => {
      const silent = this.watchers.filter(({ phone }) => phone.notifyCount === 0);
      return `a NOTIFY to the watchers of ${silent.map(({ name }) => name).join(", ")}`;
    }, 5_000);
    const devices = await this.#items<{ device: string; state: string }>("/device-states");
    this.#settle(this.devices, (key) => devices.find(({ device }) => device === `Custom:${key}`)?.state ?? "UNKNOWN");
    const presences = await this.#items<{ provider: string; state: string }>("/presence-states");
    this.#settle(
      this.presences,
      (key) => presences.find(({ provider }) => provider === `CustomPresence:${key}`)?.state ?? "not_set",
    );
    const mailboxes = await this.#items<{ mailbox: string; new: number }>("/mailboxes");
    this.#settle(this.mailboxes, (key) => mailboxes.find(({ mailbox }) => mailbox.split("@")[0] === key)?.new ?? 0);
    const contacts = await this.#items<{ endpoint: string; uri: string }>("/contacts");
    this.#settle(this.contacts, (key) => contacts.some(({ endpoint, uri }) => `${endpoint} ${uri}` === key));
    const hints = await this.#items<{ exten: string; state: string }>("/hints");
    const lamps = new Map(hints.map(({ exten, state }) => [exten, state]));
    this.#settle(this.calls, (key) => lamps.get(extenOf(key))!);
    for (const { phone, name } of this.watchers) {
      const shown = /<state>(\w+)</.exec(phone.newest)?.[1];
      const lamp = lamps.get(extenOf(name))!;
      if (shown !== (SHOWN[lamp] ?? "terminated")) {
        this.faults.push(`a watcher of ${name} sees ${shown}; it is ${lamp}`);
      }
      if (phone.notifyCount > 1) this.faults.push(`a watcher of ${name} was told ${phone.notifyCount} times`);
      this.faults.push(...phone.complaints.splice(0).map((complaint) => `a watcher of ${name}: ${complaint}`));
    }
  }
}

function dialogInfo(name: string, state: string): string {
  return '<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" ' +
    `entity="sip:${name}@127.0.0.1"><dialog id="1"><state>${state}</state></dialog></dialog-info>`;
}

/** Resolves after `millis`, the random instant at which the plug is pulled. */
function passed(millis: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(() => resolve(), millis);
  return promise;
}

test(`after ${KILLS} kills under load nothing that was acknowledged is lost, and nothing goes back`, async () => {
  const seed = Number(process.env.HINTD_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const hintd = await prepareHintd(config);
  const office = new Office(hintd, seed);
  const ledgers = [office.devices, office.presences, office.mailboxes, office.contacts, office.calls];
  let isOver = false;
  let isAlive = true;
  let compared = 0;
  try {
    await hintd.start();
    // How much is done between two kills is the machine's affair: a slow one acts on after the last.
    const hasDoneEnough = () => ledgers.every(({ acknowledgedCount }) => acknowledgedCount > KILLS);
    const acting = office.act(() => !isAlive || (isOver && hasDoneEnough()));
    for (let kill = 1; kill <= KILLS; kill++) {
      await passed(office.roll(LIFE_MILLIS));
      await office.kill();
      for (const { phone } of office.watchers) phone.beginCount();
      await hintd.start();
      if (kill % COMPARED_EVERY === 0) {
        await office.compare();
        compared++;
      }
      expect({ seed, kill, faults: office.faults }).toEqual({ seed, kill, faults: [] });
      isOver = kill === KILLS;
      office.live();
    }
    await acting;
    expect(compared).toBe(KILLS / COMPARED_EVERY);
    for (const ledger of ledgers) expect(ledger.acknowledgedCount).toBeGreaterThan(KILLS);
  } finally {
    isAlive = false;
    office.life.end();
    office.live();
    await hintd.dispose();
  }
}, 180_000);
