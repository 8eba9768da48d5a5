/** Measures what a PUBLISH of a change takes that all who watch share: reading, composing, the disk, and the document. */
import { fdatasync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Generators } from "../../../lib/body/generators.ts";
import { DocumentFault } from "../../../lib/body/read/document_fault.ts";
import { readDialogInfo } from "../../../lib/body/read/dialog_info.ts";
import type { PublicationRecord } from "../../../lib/publication/publications_port.ts";
import { isReject } from "../../../lib/publication/refusals.ts";
import { Journal } from "../../../lib/store/journal.ts";
import { PublicationsStore } from "../../../lib/store/publications_store.ts";
import { sampleCall, sampleSubject, variantsOf } from "../../body/samples.ts";
import { afterwards, copy, demand, less, look, microsOf, type Part, quietOf, sink } from "./measure.ts";
import { EXTENSIONS, Office, openFresh, publish, rowCount, Time } from "./office.ts";
import { read } from "./sip.ts";

/** PUBLISHes that arrive in one turn of the event loop, as many as the load test has on their way. */
const TURN_COUNT = 16;
/** Rows of one sample. */
const ROWS = 1_600;
/** Flushes of one sample. */
const FLUSHES = 100;
const PAGE_BYTES = 4_096;

/** PUBLISHes of all extensions. */
export function newPublishes(): Uint8Array[] {
  return Array.from({ length: EXTENSIONS }, (_, i) => publish(2000 + i, true));
}

/** Reading the document, and deciding, composing and working out the hints. */
export function publishParts(pool: readonly Uint8Array[]): [document: Part, compose: Part, record: PublicationRecord] {
  const messages = pool.map(read);
  const document = microsOf(EXTENSIONS, (i) => {
    if (readDialogInfo(messages[i]!.body) instanceof DocumentFault) throw new Error("refused");
  });
  const looked = microsOf(EXTENSIONS, (i) => look(messages[i]!.body));

  const office = new Office(true);
  const { publications, engine } = office.core;
  const entityTags: (string | undefined)[] = [];
  let round = 0;
  let requests = messages;
  const both = microsOf(EXTENSIONS, (i) => {
    const outcome = publications.publish(requests[i]!, "publisher");
    if (isReject(outcome)) throw new Error("refused");
    entityTags[i] = outcome.entityTag;
  }, () => {
    office.time.finish();
    const isBusy = ++round % 2 === 0;
    requests = messages.map((_, i) => read(publish(2000 + i, isBusy, entityTags[i])));
  });
  afterwards(() => {
    const states = Array.from(
      { length: EXTENSIONS },
      (_, i) => engine.lookup("default", `${2000 + i}`)!.state.extension,
    );
    const wanted = round % 2 === 0 ? "INUSE" : "RINGING";
    demand(states.every((state) => state === wanted), "every extension is as it was published");
    office.close();
  });
  const values = messages.map(({ body }) => readDialogInfo(body));
  const table = new Map<string, object>();
  const kept = microsOf(EXTENSIONS, (i) => void table.set(`PJSIP/${i}`, { value: values[i], modification: i }));
  const record = {
    id: "o240tp91qamltoen",
    entityTag: "bq4mxkd30c",
    publisher: "publisher",
    event: "dialog",
    user: "2000",
    target: "Custom:d2000",
    mediaType: "application/dialog-info+xml",
    value: values[0],
    modification: 1,
    publishedAt: 1_767_225_600_000,
    expiresAt: 1_767_229_200_000,
  };
  return [
    { name: "read the document", own: document, floor: looked, what: "every byte of it looked at once" },
    {
      name: "decide, compose, work out the hint",
      own: less(both, document),
      floor: kept,
      what: "one object in a Map",
    },
    record,
  ];
}

/** Keeping a publication. */
export function keepPart(record: PublicationRecord): Part {
  const database = openFresh();
  const time = new Time();
  const store = new PublicationsStore(database, new Journal({ database, turn: time.turn, timers: time.timers }));
  const records = Array.from({ length: EXTENSIONS }, (_, i) => ({ ...record, id: `${record.id}${i}` }));
  const own = microsOf(ROWS, (i) => {
    store.commit({ saved: [records[i % EXTENSIONS]!], removed: [] });
    if ((i + 1) % TURN_COUNT === 0) time.finish();
  });
  const bare = openFresh();
  const insert = bare.prepare<void, [string, string]>("INSERT OR REPLACE INTO publications (id, record) VALUES (?, ?)");
  const texts = records.map((each) => JSON.stringify(each));
  const floor = microsOf(ROWS, (i) => {
    if (i % TURN_COUNT !== 0) return;
    bare.commit(() => {
      for (let n = i; n < i + TURN_COUNT; n++) insert.run(records[n % EXTENSIONS]!.id, texts[n % EXTENSIONS]!);
    });
  });
  afterwards(() => {
    demand(rowCount(database, "publications") === EXTENSIONS, "all records are kept");
    demand(rowCount(bare, "publications") === EXTENSIONS, "all bare rows are there");
    time.timers.stop();
    database.close();
    bare.close();
  });
  return {
    name: `keep it on the disk, ${TURN_COUNT} in a transaction`,
    own,
    floor,
    what: `the bare INSERT OR REPLACE of ${texts[0]!.length} characters, as many at once`,
  };
}

/** Having one page flushed, all threads: nothing is ours in it. */
export async function flushPart(): Promise<Part> {
  const directory = mkdtempSync(join(tmpdir(), "hintd-flush-"));
  const file = openSync(join(directory, "page"), "w");
  const page = new Uint8Array(PAGE_BYTES);
  const samples: number[] = [];
  for (let sample = 0; sample < 10; sample++) {
    const before = process.cpuUsage();
    for (let i = 0; i < FLUSHES; i++) {
      writeSync(file, page, 0, PAGE_BYTES, 0);
      await new Promise<void>((resolve, reject) => fdatasync(file, (error) => error ? reject(error) : resolve()));
    }
    const { user, system } = process.cpuUsage(before);
    samples.push((user + system) / FLUSHES);
  }
  rmSync(directory, { recursive: true });
  const micros = () => quietOf(samples);
  return {
    name: "have a page flushed to the disk",
    own: micros,
    floor: micros,
    what: "the same: nothing in it is ours",
  };
}

/** Rendering the document that all of one kind share. */
export function renderPart(): Part {
  const generators = new Generators();
  const [variant] = variantsOf("asterisk");
  const subject = sampleSubject({ extension: "RINGING", calls: [sampleCall()] });
  const render = () => generators.render("application/dialog-info+xml", subject, variant!);
  const bytes = new TextEncoder().encode(
    render().text({ entity: "sip:2000@127.0.0.1", remote: "", version: 0, guid: "" }),
  );
  return {
    name: "render the document, once for each kind",
    own: microsOf(ROWS, () => void (sink.value += render().mediaType.length)),
    floor: microsOf(ROWS, () => copy(bytes)),
    what: "as many bytes copied",
  };
}
