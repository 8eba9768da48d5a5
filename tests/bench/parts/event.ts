/** Measures decisions, fan-out and memory of subscriptions, each alone. */
import { subscriberOf } from "../../../lib/app/policy.ts";
import { Generators } from "../../../lib/body/generators.ts";
import { holeFill } from "../../../lib/body/rendered.ts";
import { ownAddressOf } from "../../../lib/event/contact.ts";
import { keptHead, type NotifyHeadParts, writeNotify, writeNotifyHead } from "../../../lib/event/notify_template.ts";
import type { Subscription } from "../../../lib/event/subscription.ts";
import { numbersOf, recordOf } from "../../../lib/event/subscription_record.ts";
import { isReject } from "../../../lib/event/refusals.ts";
import { routeRequest } from "../../../lib/dialog/route_set.ts";
import { Journal } from "../../../lib/store/journal.ts";
import { SubscriptionsStore } from "../../../lib/store/subscriptions_store.ts";
import { branchLength, newBranch } from "../../../lib/transaction/branch.ts";
import { sampleSubject, variantsOf } from "../../body/samples.ts";
import { afterwards, copy, demand, type Micros, microsOf, type Part, sink } from "./measure.ts";
import {
  answerTo,
  config,
  EXTENSIONS,
  isNotify,
  Office,
  openFresh,
  refresh,
  rowCount,
  subscribe,
  Time,
  TURN_COUNT,
} from "./office.ts";
import { read } from "./sip.ts";

/** Watchers that are measured together. */
const POOL = 400;
/** Watchers that are told of one change: no more than may be on their way at once. */
const WATCHERS = 120;
/** Rows of one sample, in transactions of TURN_COUNT. */
const ROWS = 2_000;

const subscriber = subscriberOf("guest", config.endpoints["guest"]!);

/** Deciding a new SUBSCRIBE, and making and indexing its subscription. */
export function decisionPart(): Part {
  const office = new Office(true);
  const { core, flow } = office;
  const context = { subscriber, flow };
  const requests = Array.from({ length: POOL }, (_, i) => read(subscribe(i)));
  const own = microsOf(POOL, (i) => {
    if (isReject(core.notifier.subscribe(requests[i]!, context))) throw new Error("refused");
  }, () => office.dropAll());
  afterwards(() => {
    demand(core.subscriptions.count === POOL, "all subscriptions are made");
    office.close();
  });
  if (isReject(core.notifier.subscribe(requests[0]!, context))) throw new Error("refused");
  const plain = { ...[...core.subscriptions.all()][0]! };
  const [byTag, byPhone] = [new Map<string, object>(), new Map<string, object>()];
  const floor = microsOf(POOL, (i) => {
    const { callId } = requests[i]!;
    const kept = { ...plain, countedAt: i };
    byTag.set(callId, kept);
    byPhone.set(callId, kept);
  }, () => {
    byTag.clear();
    byPhone.clear();
  });
  afterwards(() => demand(byTag.size === POOL && byPhone.size === POOL, "all objects are kept"));
  const what = `one object of ${Object.keys(plain).length} fields in two Maps`;
  return { name: "decide, make and index the subscription", own, floor, what };
}

/** Deciding a refresh. */
export function prolongPart(): Part {
  const office = new Office(true);
  const { core, flow, time } = office;
  const context = { subscriber, flow };
  office.settle(0, POOL);
  const living = [...core.subscriptions.all()];
  demand(living.length === POOL && living.every((each) => each.answerStatus === 200), "all are told");
  const refreshes = living.map((each) => read(refresh(each)));
  const own = microsOf(POOL, (i) => {
    const request = refreshes[i]!;
    if (isReject(core.notifier.refresh(core.notifier.find(request)!, request, context))) throw new Error("refused");
  }, () => {
    office.tellAll();
    for (const { dialog } of living) dialog.remoteSequence = 1;
  });
  afterwards(() => {
    demand(living.every(({ dialog }) => dialog.remoteSequence === 2), "all are prolonged");
    office.close();
  });
  const byTag = new Map(living.map((each) => [each.dialog.localTag, { expiresAt: 0 }]));
  const floor = microsOf(POOL, (i) => {
    byTag.get(living[i]!.dialog.localTag)!.expiresAt = time.now() + 3_600_000;
  });
  return { name: "find the subscription, decide and prolong", own, floor, what: "one lookup, the time, one field" };
}

/** Writing the head of a subscription's NOTIFYs, and a NOTIFY. */
export function notifyParts(): { head: Part; write: Part; notify: Uint8Array } {
  const office = new Office(true);
  office.settle(0, 1);
  const [subscription] = [...office.core.subscriptions.all()] as [Subscription];
  const headParts: NotifyHeadParts = {
    dialog: subscription.dialog,
    route: routeRequest(subscription.dialog),
    own: ownAddressOf(office.flow),
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
  const head = keptHead(writeNotifyHead(headParts));
  const room = new Uint8Array(4_096);
  const into = { room: (bytes: number) => room.subarray(0, bytes) };
  const notify = writeNotify(head, patch, body, fill, into);
  const what = "as many bytes copied";
  return {
    notify,
    head: {
      name: "write the NOTIFY's head",
      own: microsOf(POOL, () => void (sink.value += writeNotifyHead(headParts).lineLength)),
      floor: microsOf(POOL, () => copy(head.own)),
      what,
    },
    write: {
      name: "write the NOTIFY",
      own: microsOf(POOL, () => {
        patch.sequence++;
        fill.version++;
        sink.value += writeNotify(head, patch, body, fill, into).length;
      }),
      floor: microsOf(POOL, () => copy(notify)),
      what,
    },
  };
}

/** WATCHERS of one extension. */
function openCrowd() {
  const office = new Office(true);
  const { core } = office;
  for (let i = 0; i < WATCHERS; i++) office.settle(i * EXTENSIONS, 1);
  const [{ watched }] = [...core.subscriptions.all()] as [Subscription];
  afterwards(() => {
    office.tellAll();
    const { notifySent, notifyAnswered } = core.counters.snapshot()["event"] as Record<string, number>;
    demand(notifySent === notifyAnswered, "all NOTIFYs are answered");
    office.close();
  });
  return {
    office,
    change() {
      core.fanout.watchedChanged(watched, "device");
      office.time.finish();
    },
    answers(): Uint8Array[] {
      const sent = office.take();
      demand(sent.length === WATCHERS && sent.every(isNotify), "all watchers are told of a change, and once");
      return sent.map(answerTo);
    },
  };
}

/** Telling a watcher of a change, and taking its 200; transactions and writing included. */
export function fanoutCosts(): { told: Micros; taken: Micros } {
  const telling = openCrowd();
  telling.change();
  const told = microsOf(1, () => telling.change(), () => telling.office.receive(telling.answers()), WATCHERS);
  const taking = openCrowd();
  let answers: Uint8Array[] = [];
  const taken = microsOf(1, () => taking.office.receive(answers), () => {
    taking.change();
    answers = taking.answers();
  }, WATCHERS);
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
  store.save(++id, records[0]!);
  time.finish();
  const [row] = database.rows<{ text: string }>("SELECT record AS text FROM subscriptions");
  let bareId = 0;
  const inserted = microsOf(ROWS, inTransactions(() => insert.run(++bareId, row!.text)));
  const savedNumbers = microsOf(ROWS, inTurns((i) => store.saveNumbers(i % POOL + 1, numbers[i % POOL]!)));
  const updated = microsOf(ROWS, inTransactions((i) => update.run(i % POOL + 1, 1, 2, 3, 1, 3_600, 1_767_225_600_000)));
  afterwards(() => {
    demand(rowCount(database, "subscriptions") === id, "all records are kept");
    demand(rowCount(database, "subscription_numbers") === POOL, "all numbers are kept");
    demand(rowCount(bare, "subscriptions") === bareId, "all bare rows are there");
    demand(rowCount(bare, "subscription_numbers") === POOL, "all bare numbers are there");
    time.timers.stop();
    database.close();
    bare.close();
  });
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
