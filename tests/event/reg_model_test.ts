/** RFC 3680 §5.2 from the watcher's side: whatever phones and networks do, its table ends up true, and nobody leaves it without a word. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { findAll, findElement, readInfoset, textOf } from "../body/infoset.ts";
import type { Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.alice]
match = ["192.0.2.10", "192.0.2.20"]
identify_by = ["ip"]
max_contacts = 4
remove_existing = true
minimum_expiration = 1
qualify_frequency = 0
`;

/** Longest time for which the watcher answers nothing, or refusals: it is tried again before what it missed is forgotten. */
const DEAF_MILLIS = 30_000;

const user = fc.constantFrom("a", "b", "c", "d", "e", "f");
const action = fc.oneof(
  fc.record({ kind: fc.constant("register" as const), user, expires: fc.constantFrom(0, 0, 3, 20, 600, 600) }),
  fc.record({ kind: fc.constant("takeAway" as const), index: fc.nat(3) }),
  fc.record({ kind: fc.constant("pass" as const), millis: fc.constantFrom(0, 10, 1_000, 4_990, 6_000) }),
  fc.record({
    kind: fc.constant("answer" as const),
    answer: fc.constantFrom(undefined, "200 OK", "200 OK", "503 Busy", "480 Away"),
  }),
);

/** State of each contact, by URI, as a document tells it. */
function tableOf({ body }: Received): Map<string, string> {
  return new Map(
    findAll(readInfoset(body), "contact").map((contact) => [
      textOf(findElement(contact, "uri")),
      contact.attributes.state!,
    ]),
  );
}

/** URIs of the contacts that are there. */
function activeOf(table: ReadonlyMap<string, string>): string[] {
  return [...table.keys()].filter((uri) => table.get(uri) === "active").sort();
}

test("a watcher that misses some NOTIFYs knows the truth in the end, and saw every contact go", async () => {
  const lives = fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
    const site = await Site.start(config);
    const [phone, watcher] = [site.phone("192.0.2.10"), site.phone("192.0.2.20")];
    const { registrar } = site.core;
    const delivered: Received[] = [];
    let answer: string | undefined = "200 OK";
    let deafMillis = 0;
    let sequence = 0;
    watcher.onNotify = (notify) => {
      if (answer === "200 OK" && delivered.at(-1)?.sequence !== notify.sequence) delivered.push(notify);
      return answer;
    };
    watcher.subscribe({ exten: "alice", event: "reg" });
    await site.pass();
    for (const each of actions) {
      switch (each.kind) {
        case "register":
          phone.subscribe({
            method: "REGISTER",
            exten: "alice",
            event: "",
            contact: `<sip:${each.user}@192.0.2.10>`,
            expires: each.expires,
            callId: "register",
            sequence: ++sequence,
          });
          break;
        case "takeAway": {
          const contact = registrar.snapshot()[each.index];
          if (contact !== undefined) registrar.removeContact("alice", contact.id, "deactivated");
          break;
        }
        case "pass":
          await site.pass(each.millis);
          deafMillis = answer === "200 OK" ? 0 : deafMillis + each.millis;
          if (deafMillis > DEAF_MILLIS) answer = "200 OK";
          break;
        case "answer":
          answer = each.answer;
      }
    }
    answer = "200 OK";
    await site.pass(300_000);

    const tables = delivered.map(tableOf);
    expect(activeOf(tables.at(-1)!)).toEqual(registrar.snapshot().map(({ uri }) => uri).sort());
    for (const [i, table] of tables.slice(1).entries()) {
      expect(activeOf(tables[i]!).filter((uri) => !table.has(uri))).toEqual([]);
    }
    const versions = delivered.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  });
  await fc.assert(lives, { numRuns: 200 });
});
