/**
 * Measures the writing of a NOTIFY: head copied and patched, shared body joined with the watcher's holes filled; and the head itself.
 *
 * Run: node_modules/bun/bin/bun.exe tests/bench/notify_bench.ts. Budget: a NOTIFY of 900 bytes in 600 ns. Prints one JSON line.
 */
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import {
  keptHead,
  type NotifyHeadParts,
  type NotifyPatch,
  writeNotify,
  writeNotifyHead,
} from "../../lib/event/notify_template.ts";
import { branchLength, newBranch } from "../../lib/transaction/branch.ts";
import { sampleSubject, variantsOf } from "../body/samples.ts";
import { bestNanos } from "./micro.ts";

const ROUNDS = 20_000;
const body = new Generators().render("application/dialog-info+xml", sampleSubject(), variantsOf("asterisk")[0]!);
const fill = holeFill({ entity: "sip:1000@192.168.1.10", remote: "sip:alice@192.168.1.10", guid: "o240tp91qamltoen" });
const parts: NotifyHeadParts = {
  dialog: {
    callId: "i3z3k602yy7misle@192.168.1.20",
    localTag: "o240tp91qamltoen",
    remoteTag: "kimwul7ohg",
    localUri: "sip:1000@192.168.1.10",
    remoteUri: "sip:alice@192.168.1.10",
    localSequence: 1,
    remoteSequence: 1,
    remoteTarget: "sip:alice@192.168.1.20:5060",
    routeSet: [],
  },
  route: { requestUri: "sip:alice@192.168.1.20:5060", routes: [] },
  own: {
    viaTransport: "UDP",
    sentBy: "192.168.1.10:5060",
    contactUri: "sip:192.168.1.10:5060",
    contact: ["Contact", ""],
  },
  event: "dialog",
  userAgent: "hintd",
  contentType: "application/dialog-info+xml",
  isList: false,
  branchLength,
};
const head = keptHead(writeNotifyHead(parts));
const patch: NotifyPatch = {
  branch: newBranch(7),
  sequence: 1_000,
  expiresSeconds: 3_599,
  isPending: false,
  reason: undefined,
};
const room = new Uint8Array(4_096);
const into = { room: (bytes: number) => room.subarray(0, bytes) };
let length = 0;

const notify = bestNanos(ROUNDS, () => {
  patch.sequence++;
  fill.version++;
  length = writeNotify(head, patch, body, fill, into).length;
});
const heads = bestNanos(ROUNDS, () => {
  length += writeNotifyHead(parts).lineLength & 1;
});
process.stdout.write(`${JSON.stringify({ bench: "notify", bytes: length, budget: 600, notify, head: heads })}\n`);
