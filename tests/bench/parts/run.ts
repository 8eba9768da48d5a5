/**
 * Measures each part of the work on a new SUBSCRIBE, a refresh, a NOTIFY and a PUBLISH alone, beside the least that does the same on this
 * runtime, and compares their sums with whole messages through a whole core: what is left over is in no part.
 *
 * Run: `deno task bench:parts`; takes half a minute. All is processor time, the garbage collector's and the compiler's included.
 * Prints Markdown.
 */
import { decisionPart, diskParts, fanoutCosts, notifyParts, prolongPart } from "./event.ts";
import { less, measureAll, type Part, type Share, sink, tableOf, within } from "./measure.ts";
import { refresh } from "./office.ts";
import { flushPart, keepPart, newPublishes, publishParts, renderPart } from "./publish.ts";
import {
  answerPart,
  believeParts,
  checkPart,
  clientParts,
  digestParts,
  indexPart,
  newRequests,
  serverPart,
} from "./sip.ts";
import { socketPart } from "./sockets.ts";
import { crowdedCosts, wholeCosts } from "./whole.ts";

/** Subscriptions of a large house. */
const CROWD = 20_000;

const requests = newRequests();
const { head, write, notify } = notifyParts();
const flush = await flushPart();
const socket = await socketPart(requests[0]!, notify.length);

const index = indexPart("index the SUBSCRIBE", requests);
const check = checkPart("check its syntax", requests, index.own);
const server = serverPart("server transaction, made to ended", requests, index.own);
const answer = answerPart(requests);
const [believe, believeInDialog] = believeParts(requests);
const digest = digestParts(check.own);
const [begin, match, knowAnswer] = clientParts(notify);

const refreshes = requests.map((_, i) =>
  refresh({
    dialog: {
      callId: `call-${i}.${i * 7}`,
      localTag: "o240tp91qamltoen",
      remoteTag: `tag-${i}`,
      localUri: `sip:${2000 + i % 100}@127.0.0.1`,
      remoteUri: "sip:guest@127.0.0.1",
      localSequence: 1,
      remoteSequence: 1,
      remoteTarget: `sip:w${i}@127.0.0.1:40000`,
      routeSet: [],
    },
  })
);
const indexRefresh = indexPart("index the refresh", refreshes);
const checkRefresh = checkPart("check its syntax", refreshes, indexRefresh.own);
const serverRefresh = serverPart("server transaction, made to ended", refreshes, indexRefresh.own);

const publishes = newPublishes();
const indexPublish = indexPart("index the PUBLISH", publishes);
const checkPublish = checkPart("check its syntax", publishes, indexPublish.own);
const serverPublish = serverPart("server transaction, made to ended", publishes, indexPublish.own);
const [document, compose, record] = publishParts(publishes);

const [decide, prolong] = [decisionPart(), prolongPart()];
const [keep, keepNumbers] = diskParts();
const { told, taken } = fanoutCosts();
const queue: Part = {
  name: "mark, queue, count the window",
  own: less(told, write.own, begin.own),
  floor: within,
  what: "within making the transaction",
};
const settle: Part = {
  name: "settle the subscription",
  own: less(taken, knowAnswer.own, match.own),
  floor: within,
  what: "within looking at the 200's bytes",
};

const notifying: Share[] = [[queue, 1], [begin, 1], [write, 1], [knowAnswer, 1], [match, 1], [settle, 1]];
const subscribing: Share[] = [
  [index, 1],
  [check, 1],
  [server, 1],
  [believe, 1],
  [decide, 1],
  [keep, 1],
  [answer, 1],
  [head, 1],
  ...notifying,
];
const refreshing: Share[] = [
  [indexRefresh, 1],
  [checkRefresh, 1],
  [serverRefresh, 1],
  [believeInDialog, 1],
  [prolong, 1],
  [keepNumbers, 1],
  [answer, 1],
  ...notifying,
];
const publishing: Share[] = [
  [indexPublish, 1],
  [checkPublish, 1],
  [serverPublish, 1],
  [believe, 1],
  [document, 1],
  [compose, 1],
  [keepPart(record), 1],
  [answer, 1],
  [renderPart(), 1],
];

const whole = wholeCosts();
measureAll();
const crowded = crowdedCosts(CROWD);
const grown = (["subscribe", "refresh", "notify"] as const)
  .map((key) => `${key} ${crowded[key].toFixed(1)} µs instead of ${whole[key]().toFixed(1)}`).join(", ");

process.stdout.write([
  tableOf("a new SUBSCRIBE, its 200, its NOTIFY and that one's 200", subscribing, whole.subscribe),
  tableOf("a refresh, its 200, its NOTIFY and that one's 200", refreshing, whole.refresh),
  tableOf("a NOTIFY of a change, and its 200", notifying, whole.notify),
  tableOf("a PUBLISH of a change, shared by all who watch", publishing, undefined),
  tableOf("a flush, shared by all PUBLISHes that wait for it", [[flush, 1]], undefined),
  tableOf("sockets, two datagrams in and two out with a SUBSCRIBE", [[socket, 2]], undefined),
  tableOf("a password, besides the 401 and the second SUBSCRIBE", digest.map((part) => [part, 1]), undefined),
  `Amid ${CROWD} subscriptions the whole takes: ${grown}.`,
  "",
  "In no part, so only in the whole: the router and the handler of SUBSCRIBE, the journal's turn, first uses of memory.",
  "",
].join("\n"));
process.exit(sink.value === 0 ? 1 : 0);
