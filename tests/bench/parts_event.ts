/** Measures decisions, state, fan-out and memory of subscriptions: each alone, and whole messages through a whole core. */
import { subscriberOf } from "../../lib/app/policy.ts";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { contactUriOf, sentByOf } from "../../lib/event/contact.ts";
import { type NotifyHeadParts, writeNotify, writeNotifyHead } from "../../lib/event/notify_template.ts";
import type { Subscription } from "../../lib/event/subscription.ts";
import { numbersOf, recordOf } from "../../lib/event/subscription_record.ts";
import { isReject } from "../../lib/event/refusals.ts";
import { routeRequest } from "../../lib/dialog/route_set.ts";
import { Journal } from "../../lib/store/journal.ts";
import { SubscriptionsStore } from "../../lib/store/subscriptions_store.ts";
import { branchLength, newBranch } from "../../lib/transaction/branch.ts";
import { sampleSubject, variantsOf } from "../body/samples.ts";
import { copy, cpuMicros, demand, microsOf, type Part, quietOf, sink } from "./parts_measure.ts";
import {
  answerTo,
  config,
  EXTENSIONS,
  isGranted,
  isNotify,
  Office,
  openFresh,
  refresh,
  subscribe,
  Time,
  TURN_COUNT,
} from "./parts_office.ts";
import { read } from "./parts_sip.ts";

/** Watchers that are measured together. */
const POOL = 400;
/** Watchers that are told of one change: no more than may be on their way at once. */
const WATCHERS = 120;
/** Rows of one sample, in transactions of TURN_COUNT. */
const ROWS = 2_000;
const AGE_MILLIS = 33_000;

const subscriber = subscriberOf("guest", config.endpoints["guest"]!);

/** Deciding on a new SUBSCRIBE and on a refresh, its record made and its NOTIFY queued. */
export function decisionParts(): [made: Part, refreshed: Part] {
  const office = new Office(true);
  const { core, flow, time } = office;
  const context = { subscriber, flow };
  const requests = Array.from({ length: POOL }, (_, i) => read(subscribe(i)));
  const made = microsOf(POOL, (i) => {
    if (isReject(core.notifier.subscribe(requests[i]!, context))) throw new Error("refused");
  }, () => {
    demand(core.subscriptions.count === 0 || core.subscriptions.count === POOL, "all subscriptions are made");
    office.dropAll();
  });
  office.tellAll();

  const living = [...core.subscriptions.all()];
  demand(living.length === POOL && living.every((each) => each.lastNotify?.status === 200), "all are told");
  const refreshes = living.map((each) => read(refresh(each)));
  let granted = 0;
  const refreshed = microsOf(POOL, (i) => {
    const request = refreshes[i]!;
    const outcome = core.notifier.refresh(core.notifier.find(request)!, request, context);
    if (!isReject(outcome)) granted++;
  }, () => {
    demand(granted === 0 || granted === POOL, "all refreshes are granted");
    granted = 0;
    office.tellAll();
    // The same requests are new once more.
    for (const { dialog } of living) dialog.remoteSequence--;
  });

  const plain = { ...living[0]! };
  const [byTag, byPhone] = [new Map<string, object>(), new Map<string, object>()];
  const floor = microsOf(POOL, (i) => {
    const kept = { ...plain, countedAt: i };
    byTag.set(living[i]!.dialog.localTag, kept);
    byPhone.set(living[i]!.phone, kept);
  }, () => {
    byTag.clear();
    byPhone.clear();
  });
  demand(byTag.size === POOL && byPhone.size === POOL, "all objects are kept");
  const floorOfRefresh = microsOf(POOL, (i) => {
    const found = living[i]!;
    sink.value += byTag.get(found.dialog.localTag) === undefined ? 1 : 0;
    found.expiresAt = time.now() + 3_600_000;
  });
  office.close();
  return [
    {
      name: "decide, make and index the subscription",
      own: made,
      floor,
      what: `one object of ${Object.keys(plain).length} fields in two Maps`,
    },
    {
      name: "find the subscription, decide and prolong",
      own: refreshed,
      floor: floorOfRefresh,
      what: "one lookup, the time, one field",
    },
  ];
}

/** Writing the head of a subscription's NOTIFYs, and a NOTIFY. */
export function notifyParts(): { head: Part; write: Part; notify: Uint8Array } {
  const office = new Office(true);
  office.settle(0, 1);
  const [subscription] = [...office.core.subscriptions.all()] as [Subscription];
  const headParts: NotifyHeadParts = {
    dialog: subscription.dialog,
    route: routeRequest(subscription.dialog),
    viaTransport: "UDP",
    sentBy: sentByOf(office.flow),
    contact: contactUriOf(office.flow),
    event: subscription.eventHeader,
    userAgent: config.server.user_agent,
    contentType: subscription.kind.mediaType,
    isList: false,
    branchLength,
  };
  office.close();
  const body = new Generators().render("application/dialog-info+xml", sampleSubject(), variantsOf("asterisk")[0]!);
  const { dialog } = subscription;
  const fill = holeFill({ entity: dialog.localUri, remote: dialog.remoteUri, guid: dialog.localTag });
  const patch = { branch: newBranch(7), sequence: 1, expiresSeconds: 3_600, isPending: false, reason: undefined };
  const head = writeNotifyHead(headParts);
  const notify = writeNotify(head, patch, body, fill);
  const what = "as many bytes copied";
  return {
    notify,
    head: {
      name: "write the NOTIFY's head",
      own: microsOf(POOL, () => void (sink.value += writeNotifyHead(headParts).branchAt)),
      floor: microsOf(POOL, () => copy(head.bytes)),
      what,
    },
    write: {
      name: "write the NOTIFY",
      own: microsOf(POOL, () => {
        patch.sequence++;
        fill.version++;
        sink.value += writeNotify(head, patch, body, fill).length;
      }),
      floor: microsOf(POOL, () => copy(notify)),
      what,
    },
  };
}

/**
 * A change until all NOTIFYs have left, and taking their 200s; each for one watcher. That a change is stored and its body
 * rendered is not in it: all watchers share that.
 */
export function fanoutCosts(): { told: number; taken: number } {
  const office = new Office(true);
  const { core } = office;
  // All to one extension.
  for (let i = 0; i < WATCHERS; i++) office.settle(i * EXTENSIONS, 1);
  const [{ watched }] = [...core.subscriptions.all()] as [Subscription];
  const change = () => {
    core.fanout.watchedChanged(watched, "device");
    office.time.finish();
  };
  let answers: Uint8Array[] = [];
  const answerAll = () => {
    answers = office.take().map(answerTo);
    office.receive(answers);
  };
  const told = microsOf(1, change, answerAll, WATCHERS);
  demand(office.sent.length === WATCHERS && office.sent.every(isNotify), "all watchers are told");
  answerAll();
  const taken = microsOf(1, () => office.receive(answers), () => {
    change();
    answers = office.take().map(answerTo);
    demand(answers.length === WATCHERS, "all watchers are told, and of one change once");
  }, WATCHERS);
  const { notifySent, notifyAnswered } = core.counters.snapshot()["event"] as Record<string, number>;
  demand(notifySent === notifyAnswered, "all NOTIFYs are answered");
  office.close();
  return { told, taken };
}

/** Keeping a new subscription, and the numbers of one that is refreshed; written as the journal does it. */
export function diskParts(): [made: Part, refreshed: Part] {
  const office = new Office(true);
  office.settle(0, POOL);
  const living = [...office.core.subscriptions.all()];
  const context = { clock: office.time, timers: office.time.timers, start: 1 };
  const records = living.map((each) => recordOf(each, context));
  const numbers = living.map((each) => numbersOf(each, context));
  office.close();

  const database = openFresh();
  const time = new Time();
  const store = new SubscriptionsStore(database, new Journal({ database, turn: time.turn, timers: time.timers }));
  const inTurns = (step: (i: number) => void) => (i: number) => {
    step(i);
    if ((i + 1) % TURN_COUNT === 0) time.finish();
  };
  const bare = openFresh();
  const insert = bare.prepare<void, [number, string]>(
    "INSERT OR REPLACE INTO subscriptions (id, record) VALUES (?, ?)",
  );
  const update = bare.prepare<void, number[]>(
    "INSERT OR REPLACE INTO subscription_numbers " +
      "(id, local_sequence, remote_sequence, version, start, granted_seconds, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const inTransactions = (step: (i: number) => void) => (i: number) => {
    if (i % TURN_COUNT !== 0) return;
    bare.commit(() => {
      for (let n = 0; n < TURN_COUNT; n++) step(i + n);
    });
  };

  let id = 0;
  const saved = microsOf(ROWS, inTurns((i) => store.save(++id, records[i % POOL]!)));
  const [row] = database.rows<{ count: number; text: string }>(
    "SELECT count(*) AS count, max(record) AS text FROM subscriptions",
  );
  demand(row!.count === id, "all records are kept");
  let bareId = 0;
  const inserted = microsOf(ROWS, inTransactions(() => insert.run(++bareId, row!.text)));
  const savedNumbers = microsOf(ROWS, inTurns((i) => store.saveNumbers(i % POOL + 1, numbers[i % POOL]!)));
  demand(
    database.rows<{ count: number }>("SELECT count(*) AS count FROM subscription_numbers")[0]!.count === POOL,
    "all numbers are kept",
  );
  const updated = microsOf(ROWS, inTransactions((i) => update.run(i % POOL + 1, 1, 2, 3, 1, 3_600, 1_767_225_600_000)));
  demand(bare.rows<{ count: number }>("SELECT count(*) AS count FROM subscriptions")[0]!.count === bareId, "all rows");
  time.timers.stop();
  database.close();
  bare.close();
  return [
    {
      name: `keep it on the disk, ${TURN_COUNT} in a transaction`,
      own: saved,
      floor: inserted,
      what: `the bare INSERT of ${row!.text.length} characters, as many at once`,
    },
    {
      name: `keep its numbers on the disk, ${TURN_COUNT} in a transaction`,
      own: savedNumbers,
      floor: updated,
      what: "the bare INSERT OR REPLACE of seven numbers, as many at once",
    },
  ];
}

/** Microseconds of one message, with all that it causes but sockets. */
export interface WholeCosts {
  readonly subscribe: number;
  readonly refresh: number;
  readonly notify: number;
}

const RUNS = 16;
const COUNT = 2_000;

/**
 * Whole messages through a whole core on a disk: new SUBSCRIBEs, refreshes and changes, with the answers to their NOTIFYs.
 *
 * @param others Subscriptions that live beside those that are measured.
 */
export function wholeCosts(others: number): WholeCosts {
  const office = new Office(false);
  const { core, time } = office;
  office.settle(COUNT, others);
  const costs = { subscribe: [] as number[], refresh: [] as number[], notify: [] as number[] };
  const told = (what: string, count: number) => {
    const sent = office.take();
    demand(sent.filter(isNotify).length === count, `all are told of ${what}`);
    return sent;
  };
  const exchange = (requests: readonly Uint8Array[]) => {
    let micros = cpuMicros(() => office.receive(requests));
    const sent = told("requests", requests.length);
    demand(sent.filter(isGranted).length === requests.length, "all are granted");
    const answers = sent.filter(isNotify).map(answerTo);
    micros += cpuMicros(() => office.receive(answers));
    return micros;
  };
  const exchangeAll = (requests: readonly Uint8Array[]) => {
    let micros = 0;
    for (let at = 0; at < COUNT; at += TURN_COUNT) micros += exchange(requests.slice(at, at + TURN_COUNT));
    // Transactions end.
    return (micros + cpuMicros(() => time.pass(AGE_MILLIS))) / COUNT;
  };
  const changeAll = () => {
    let micros = 0;
    for (let exten = 0; exten < EXTENSIONS; exten++) {
      const watched = core.engine.lookup("default", `${2000 + exten}`)!;
      micros += cpuMicros(() => {
        core.fanout.watchedChanged(watched, "device");
        time.finish();
      });
      for (let left = core.subscriptions.watchersOf(watched).size; left > 0;) {
        const sent = office.take();
        demand(sent.length > 0 && sent.every(isNotify), "all are told of the change");
        left -= sent.length;
        const answers = sent.map(answerTo);
        micros += cpuMicros(() => office.receive(answers));
      }
    }
    return micros / (COUNT + others);
  };
  for (let run = 0; run < RUNS; run++) {
    costs.subscribe.push(exchangeAll(Array.from({ length: COUNT }, (_, i) => subscribe(i))));
    const made = [...core.subscriptions.all()].slice(others);
    demand(made.length === COUNT && office.rowCount("subscriptions") === COUNT + others, "all are kept");
    costs.refresh.push(exchangeAll(made.map((each) => refresh(each))));
    demand(office.rowCount("subscription_numbers") >= COUNT, "all numbers are kept");
    costs.notify.push(changeAll());
    for (const each of made) core.fanout.drop(each);
    office.tellAll();
    demand(office.rowCount("subscriptions") === others, "the measured ones are forgotten");
  }
  office.close();
  const warm = (values: number[]) => quietOf(values.slice(RUNS / 2));
  return { subscribe: warm(costs.subscribe), refresh: warm(costs.refresh), notify: warm(costs.notify) };
}
