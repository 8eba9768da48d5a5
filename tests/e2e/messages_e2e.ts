/** What phones and hintd said, seen by the API and by tshark; `browser_e2e.ts` looks at the page. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageRow } from "../../lib/http/messages.ts";
import { type Hintd, PASSWORD, startHintd } from "./hintd.ts";
import { okTo, openTcp, openUdp, requestFrom, type Wire } from "./wire.ts";

let hintd: Hintd;
const directory = mkdtempSync(join(tmpdir(), "hintd-messages-"));

beforeAll(async () => {
  hintd = await startHintd();
}, 30_000);

afterAll(async () => {
  await hintd?.dispose();
  rmSync(directory, { recursive: true, force: true });
});

/** A phone that watches the gate; its first NOTIFY is answered. Returns its Call-ID. */
async function watch(phone: Wire, transport: "UDP" | "TCP"): Promise<string> {
  const headers = ["Event: dialog", "Expires: 600", "User-Agent: test phone"];
  phone.send(requestFrom(phone, transport, { method: "SUBSCRIBE", uri: "sip:2001@127.0.0.1", headers }));
  const notify = await phone.next((message) => message.startsWith("NOTIFY "));
  phone.send(okTo(notify));
  return /^Call-ID: (.*)\r$/m.exec(notify)![1]!;
}

async function messagesOf(dialog: string): Promise<MessageRow[]> {
  const response = await hintd.fetch(`/messages?dialog=${encodeURIComponent(dialog)}`);
  return (await response.json() as { items: MessageRow[] }).items;
}

/** The messages of a dialog, once there are `count`. */
async function untilSaid(dialog: string, count: number): Promise<MessageRow[]> {
  for (;;) {
    const messages = await messagesOf(dialog);
    if (messages.length >= count) return messages;
  }
}

/** What tshark reads in a capture: one line of fields per message. It is told who speaks SIP: some ports are known for other protocols. */
async function tshark(capture: ArrayBuffer, transport: "UDP" | "TCP", ports: readonly number[]): Promise<string[][]> {
  const file = join(directory, "hintd.pcap");
  writeFileSync(file, new Uint8Array(capture));
  const fields = ["frame.time_epoch", "ip.src", "sip.Method", "sip.Status-Code", "sip.Call-ID", "_ws.malformed"];
  const command = ["tshark", "-r", file, "-o", "tcp.check_checksum:TRUE", "-Y", "sip", "-T", "fields"];
  command.push(...ports.flatMap((port) => ["-d", `${transport.toLowerCase()}.port==${port},sip`]));
  const child = Bun.spawn([...command, ...fields.flatMap((field) => ["-e", field])], { stderr: "pipe" });
  const [lines, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(await child.exited, complaints).toBe(0);
  return lines.trimEnd().split("\n").map((line) => line.split("\t"));
}

for (const transport of ["UDP", "TCP"] as const) {
  test(`tshark reads a dialog by ${transport} as SIP, message for message`, async () => {
    const phone = transport === "UDP" ? await openUdp(hintd.sipPort) : await openTcp(hintd.sipPort);
    const dialog = await watch(phone, transport);
    const messages = await untilSaid(dialog, 4);
    expect(messages.map(({ is_sent, method, status }) => [is_sent, method, status])).toEqual([
      [false, "SUBSCRIBE", null],
      [true, "SUBSCRIBE", 200],
      [true, "NOTIFY", null],
      [false, "NOTIFY", 200],
    ]);
    const capture = await hintd.fetch(`/messages.pcap?dialog=${encodeURIComponent(dialog)}`);
    const seen = await tshark(await capture.arrayBuffer(), transport, [hintd.sipPort, phone.port]);
    expect(
      seen.map(([, address, method, status, callId, malformed = ""]) => [address, method, status, callId, malformed]),
    )
      .toEqual(messages.map(({ method, status }) => [
        "127.0.0.1",
        status === null ? method : "",
        status === null ? "" : String(status),
        dialog,
        "",
      ]));
    for (const [i, [time]] of seen.entries()) {
      expect(Math.abs(Number(time) * 1_000 - Date.parse(messages[i]!.at))).toBeLessThan(1.1);
    }
    phone.close();
  });
}

test("no answer, page or capture shows the proof of a password (RFC 7616 §3.4.1)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const proof = "0123456789abcdef0123456789abcdef";
  const headers = [
    `Authorization: Digest username="alice", realm="hintd", nonce="n", uri="sip:1000@127.0.0.1", response="${proof}"`,
    "Event: dialog",
  ];
  phone.send(
    requestFrom(phone, "UDP", {
      method: "SUBSCRIBE",
      uri: "sip:1000@127.0.0.1",
      from: "<sip:alice@127.0.0.1>;tag=a",
      headers,
    }),
  );
  await phone.next((message) => message.startsWith("SIP/2.0 401 "));
  const [api, page, capture] = await Promise.all([
    hintd.fetch("/messages?extension=alice").then((response) => response.text()),
    fetch(`${hintd.url}/messages?extension=alice`).then((response) => response.text()),
    fetch(`${hintd.url}/messages.pcap`).then(async (response) =>
      Buffer.from(await response.arrayBuffer()).toString("latin1")
    ),
  ]);
  for (const text of [api, page, capture]) {
    expect(text).toContain("x".repeat(proof.length));
    expect(text).not.toContain(proof);
    expect(text).not.toContain(PASSWORD);
  }
  phone.close();
});
