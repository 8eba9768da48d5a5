/** What phones and hintd said, seen by a browser, by the API, and by tshark. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import axe from "axe-core";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import type { MessageRow } from "../../lib/http/messages.ts";
import { type Hintd, PASSWORD, startHintd } from "./hintd.ts";
import { okTo, openTcp, openUdp, requestFrom, type Wire } from "./wire.ts";

let hintd: Hintd;
let browser: Browser;
const directory = mkdtempSync(join(tmpdir(), "hintd-messages-"));

beforeAll(async () => {
  hintd = await startHintd();
  browser = await chromium.launch({
    executablePath: Bun.which("chromium")!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}, 30_000);

afterAll(async () => {
  await browser?.close();
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

/** What tshark reads in a capture: one line of fields per message. */
async function tshark(capture: ArrayBuffer): Promise<string[][]> {
  const file = join(directory, "hintd.pcap");
  writeFileSync(file, new Uint8Array(capture));
  const fields = ["frame.time_epoch", "ip.src", "sip.Method", "sip.Status-Code", "sip.Call-ID", "_ws.malformed"];
  const command = ["tshark", "-r", file, "-o", "tcp.check_checksum:TRUE", "-Y", "sip", "-T", "fields"];
  const child = Bun.spawn([...command, ...fields.flatMap((field) => ["-e", field])], { stderr: "pipe" });
  const [lines, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(await child.exited, complaints).toBe(0);
  return lines.trimEnd().split("\n").map((line) => line.split("\t"));
}

async function openPage(path: string, options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(hintd.url + path);
  return page;
}

/** What axe-core has against a page. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
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
    const seen = await tshark(await capture.arrayBuffer());
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

test("the browser sees a phone speak, opens a message, pauses, and goes on", async () => {
  const phone = await openUdp(hintd.sipPort);
  const dialog = await watch(phone, "UDP");
  await untilSaid(dialog, 4);
  const page = await openPage(`/messages?dialog=${encodeURIComponent(dialog)}`);
  await page.waitForFunction(() => document.getElementById("messages-state")?.textContent === "Live");
  expect(await page.locator(".rung").count()).toBe(4);
  expect(await page.locator(".rung pre:visible").count()).toBe(0);
  await page.locator(".rung summary").nth(2).click();
  expect(await page.locator(".rung pre:visible").innerText()).toContain("Subscription-State: active");

  await hintd.setDevice("Custom:gate", "INUSE");
  phone.send(okTo(await phone.next((message) => message.startsWith("NOTIFY "))));
  await page.waitForFunction(() => document.querySelectorAll(".rung").length === 6);
  expect(await page.locator(".rung pre:visible").count()).toBe(1);

  await page.click("#pause");
  await hintd.setDevice("Custom:gate", "NOT_INUSE");
  phone.send(okTo(await phone.next((message) => message.startsWith("NOTIFY "))));
  await page.waitForFunction(() => document.getElementById("messages-state")?.textContent === "Paused; there is more");
  expect(await page.locator(".rung").count()).toBe(6);
  await page.click("#pause");
  await page.waitForFunction(() => document.querySelectorAll(".rung").length === 8);
  phone.close();
  await page.context().close();
}, 30_000);

test("without script, and from the page of a hint, every message is a click away", async () => {
  const phone = await openUdp(hintd.sipPort);
  const dialog = await watch(phone, "UDP");
  await untilSaid(dialog, 4);
  const page = await openPage("/hints/default/2001", { javaScriptEnabled: false });
  await page.locator(`a[href="/messages?dialog=${encodeURIComponent(dialog)}"]`).click();
  expect(await page.locator("#ladder code").innerText()).toBe(dialog);
  await page.locator(".rung summary").first().click();
  expect(await page.locator(".rung pre:visible").innerText()).toStartWith("SUBSCRIBE sip:2001@");
  await page.fill("#extension", "no such extension");
  await page.click(".messages-search button");
  expect(await page.innerText("#dialogs")).toContain("No dialog fits");
  await page.click(".messages-search a");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(".messages-tools a")]);
  expect(download.suggestedFilename()).toBe("hintd.pcap");
  phone.close();
  await page.context().close();
}, 30_000);

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1280, 390]) {
    test(`axe-core has nothing against the page in ${colorScheme}, ${width} pixels wide`, async () => {
      const phone = await openUdp(hintd.sipPort);
      const dialog = await watch(phone, "UDP");
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
      const page = await context.newPage();
      for (const path of ["/messages", `/messages?dialog=${encodeURIComponent(dialog)}`]) {
        await page.goto(hintd.url + path);
        await page.waitForFunction(() => document.getElementById("messages-state")?.textContent === "Live");
        expect(await violationsOf(page)).toEqual([]);
        const isWide = await page.evaluate(() =>
          document.documentElement.scrollWidth > document.documentElement.clientWidth
        );
        expect(isWide).toBe(false);
      }
      phone.close();
      await context.close();
    }, 30_000);
  }
}
