/** Measures whole messages through a whole core on a disk: new SUBSCRIBEs, refreshes and NOTIFYs, each with its answer. */
import { afterwards, cpuMicros, demand, measured, type Micros } from "./measure.ts";
import {
  answerTo,
  EXTENSIONS,
  isGranted,
  isNotify,
  Office,
  refresh,
  rowCount,
  subscribe,
  TURN_COUNT,
} from "./office.ts";

/** What one message takes, with all that it causes but sockets. */
export interface WholeCosts {
  readonly subscribe: Micros;
  readonly refresh: Micros;
  readonly notify: Micros;
}

/** Messages of one sample. */
const COUNT = 2_000;
/** Longer than Timer J. */
const AGE_MILLIS = 33_000;
/** The compiler is busy with so much code for forty thousand messages. */
const WARM_MICROS = 1_500_000;
const WARM_ANSWER_MICROS = 300_000;

/** A house of `others` subscriptions, and COUNT more that are measured. */
class House {
  readonly #office = new Office(false);
  readonly #others: number;

  constructor(others: number) {
    this.#others = others;
    this.#office.settle(COUNT, others);
  }

  /** Microseconds of a new SUBSCRIBE. */
  subscribe(): number {
    const { core, database } = this.#office;
    for (const each of this.#measured()) core.fanout.drop(each);
    this.#office.tellAll();
    demand(rowCount(database, "subscriptions") === this.#others, "those of the last round are forgotten");
    const micros = this.#exchange(Array.from({ length: COUNT }, (_, i) => subscribe(i)));
    demand(rowCount(database, "subscriptions") === COUNT + this.#others, "all are kept");
    return micros;
  }

  /** Microseconds of a refresh. */
  refresh(): number {
    const micros = this.#exchange(this.#measured().map((each) => refresh(each)));
    demand(rowCount(this.#office.database, "subscription_numbers") >= COUNT, "all numbers are kept");
    return micros;
  }

  /** Microseconds of a NOTIFY of a change. */
  notify(): number {
    const { core, time } = this.#office;
    let micros = 0;
    for (let exten = 0; exten < EXTENSIONS; exten++) {
      const watched = core.engine.lookup("default", `${2000 + exten}`)!;
      micros += cpuMicros(() => {
        core.fanout.watchedChanged(watched, "device");
        time.finish();
      });
      for (let left = core.subscriptions.watchersOf(watched).size; left > 0;) {
        const sent = this.#office.take();
        demand(sent.length > 0 && sent.every(isNotify), "all are told of the change");
        left -= sent.length;
        const answers = sent.map(answerTo);
        micros += cpuMicros(() => this.#office.receive(answers));
      }
    }
    return micros / (COUNT + this.#others);
  }

  close(): void {
    const { notifySent, notifyAnswered } = this.#office.core.counters.snapshot()["event"] as Record<string, number>;
    demand(notifySent === notifyAnswered, "every NOTIFY is answered");
    this.#office.close();
  }

  #measured() {
    return [...this.#office.core.subscriptions.all()].slice(this.#others);
  }

  #exchange(requests: readonly Uint8Array[]): number {
    demand(requests.length === COUNT, "as many requests as are counted");
    const office = this.#office;
    let micros = 0;
    for (let at = 0; at < COUNT; at += TURN_COUNT) {
      micros += cpuMicros(() => office.receive(requests.slice(at, at + TURN_COUNT)));
      const sent = office.take();
      demand(sent.filter(isGranted).length === TURN_COUNT, "all are granted");
      const answers = sent.filter(isNotify).map(answerTo);
      demand(answers.length === TURN_COUNT, "all are told");
      micros += cpuMicros(() => office.receive(answers));
    }
    // Transactions end. No more than that: subscriptions would end some time, too.
    return (micros + cpuMicros(() => office.time.pass(AGE_MILLIS))) / COUNT;
  }
}

/** Has the whole measured, in an empty house. */
export function wholeCosts(): WholeCosts {
  const house = new House(0);
  afterwards(() => house.close());
  const subscribe = measured(() => house.subscribe(), COUNT, WARM_MICROS);
  const refresh = measured(() => house.refresh(), COUNT, WARM_ANSWER_MICROS);
  const notify = measured(() => house.notify(), COUNT, WARM_ANSWER_MICROS);
  return { subscribe, refresh, notify };
}

/** The whole amid `others` subscriptions, once; when all is warm. */
export function crowdedCosts(others: number): { [message in keyof WholeCosts]: number } {
  const house = new House(others);
  // The first round meets memory for the first time.
  house.subscribe();
  const costs = { subscribe: house.subscribe(), refresh: house.refresh(), notify: house.notify() };
  house.close();
  return costs;
}
