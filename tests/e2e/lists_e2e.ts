/** Lists on the wire: sipp watches one over UDP, in several NOTIFYs, and over TCP, in one; linphone brings its own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { within } from "./lines.ts";
import { startLinphone } from "./phones.ts";
import { expectSipp } from "./sipp.ts";

const SECONDS = 40_000;

let hintd: Hintd;

beforeAll(async () => {
  const more = '[lists.panel]\nevent = "dialog"\nlist_item = ["2000", "2001"]\n';
  hintd = await startHintd((office) => officeConfig(office, { more }));
});

afterAll(() => hintd?.dispose());

describe("sipp watches a list (RFC 4662)", () => {
  const more = readFileSync(join(import.meta.dir, "sipp/parts/told.xml"), "utf8");

  test("over UDP, where each lamp of a whole state has a NOTIFY of its own", async () => {
    const values = { user: "guest", rest: more };
    const { messages } = await expectSipp(hintd, "list", { transport: "udp", values });
    const received = messages.filter((message) => message.includes("NOTIFY sip:"));
    for (const notify of received) expect(notify.length).toBeLessThan(1_500);
  }, SECONDS);

  test("over TCP, in one NOTIFY", async () => {
    await expectSipp(hintd, "list", { transport: "tcp", values: { user: "guest", rest: "" } });
  }, SECONDS);
});

interface Row {
  readonly exten: string;
  readonly user_agent: string;
  readonly last_notify: { readonly sent_at: string; readonly status: number } | null;
}

/** The subscription of linphone, once `isIt` holds for it. */
function rowOf(isIt: (row: Row) => boolean): Promise<Row> {
  const search = async (): Promise<Row> => {
    for (;;) {
      const { items } = await (await hintd.fetch("/subscriptions")).json() as { items: Row[] };
      const row = items.find((each) => each.exten === "rls");
      if (row !== undefined && isIt(row)) return row;
    }
  };
  return within(search(), () => `the subscription of linphone\n${hintd.log}`);
}

test("linphone brings its list, deflated, and takes what it is told of it (RFC 5367)", async () => {
  await hintd.setDevice("Custom:door", "NOT_INUSE");
  const phone = await startLinphone({
    server: hintd.sipPort,
    user: "carol",
    password: PASSWORD,
    buddy: "2000",
    isList: true,
  });
  try {
    const first = await rowOf(({ last_notify }) => last_notify?.status === 200);
    expect(first.user_agent).toContain("Linphone");
    await hintd.setDevice("Custom:door", "INUSE");
    const { last_notify } = await rowOf((row) =>
      row.last_notify?.status === 200 && row.last_notify.sent_at !== first.last_notify!.sent_at
    );
    expect(last_notify!.status).toBe(200);
  } finally {
    await phone.dispose();
  }
}, SECONDS);
