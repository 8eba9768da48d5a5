/** Sends every message of RFC 4475 and RFC 5118 to a running hintd, and looks at what comes back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { type Hintd, startHintd } from "./hintd.ts";
import { openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

type Outcome = { section: string; about: string; server: number | "silence" };

const directory = join(import.meta.dir, "../torture");
const outcomes = Object.entries(
  parseToml(readFileSync(join(directory, "outcomes.toml"), "utf8")) as unknown as Record<string, Outcome>,
);

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd();
});

afterAll(() => hintd?.dispose());

function load(file: string): Buffer {
  return readFileSync(join(directory, "messages", file));
}

/** Port to which the answer goes when the top Via has no rport (RFC 3261 §18.2.2). */
function answerPort(message: string): number {
  const via = /^(?:Via|v)[ \t]*:\s*SIP\s*\/\s*2\.0\s*\/\s*\S+\s+(?:\[[^\]]*\]|[^\s:;,]+)\s*(?::\s*(\d+))?/im.exec(
    message,
  );
  return Number(via?.[1] ?? 5060);
}

/** What names a transaction: some messages of the RFCs share it, and are then retransmissions of each other. */
function transactionOf(message: string): string {
  return /branch\s*=\s*([^\s;,]+)/i.exec(message)?.[1] ?? "";
}

describe("over UDP", () => {
  const seen = new Set<string>();
  for (const [index, [file, { section, about, server }]] of outcomes.entries()) {
    test(`${file} gets ${server}: ${about} (${section})`, async () => {
      const bytes = load(file);
      const transaction = transactionOf(bytes.toString("latin1"));
      if (seen.has(transaction)) {
        await hintd.end();
        await hintd.start();
        seen.clear();
      }
      seen.add(transaction);
      // An address of its own for each message, so that answers cannot be mixed up and 5060 is free.
      const host = `127.0.1.${index + 1}`;
      const phone = await openUdp(hintd.sipPort, { host, port: answerPort(bytes.toString("latin1")) });
      phone.send(bytes);
      phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1", callId: "marker" }));
      await phone.next((message) => /^Call-ID: marker\r$/m.test(message));
      const answer = phone.received.find((message) => !/^Call-ID: marker\r$/m.test(message));
      phone.close();
      expect(answer === undefined ? "silence" : startLine(answer)).toStartWith(
        server === "silence" ? "silence" : `SIP/2.0 ${server} `,
      );
    });
  }

  test("hintd is well after all of them, and again from the start", async () => {
    const phone = await openUdp(hintd.sipPort);
    for (const [file] of outcomes) phone.send(load(file));
    phone.close();
    expect(await hintd.isWell()).toBe(true);
  });
});

test("over TCP each of them, alone on its connection, leaves hintd well", async () => {
  for (const [file] of outcomes) {
    const phone = await openTcp(hintd.sipPort);
    phone.send(load(file));
    phone.close();
  }
  expect(await hintd.isWell()).toBe(true);
}, 30_000);
