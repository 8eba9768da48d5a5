/** A browser shows the page of a running hintd. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Browser, chromium } from "playwright-core";
import { type Hintd, startHintd } from "./hintd.ts";

let hintd: Hintd;
let browser: Browser;

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
});

test("the browser sees a lamp change without a reload", async () => {
  const page = await browser.newPage();
  await page.goto(hintd.url);
  await page.waitForSelector("#live[data-state=open]");
  // Gone as soon as the page is loaded anew.
  await page.evaluate(() => document.body.setAttribute("data-mark", "same page"));
  for (const state of ["RINGING", "INUSE", "NOT_INUSE"]) {
    await hintd.setDevice("Custom:door", state);
    await page.waitForSelector(`[id='lamp/default/2000'][data-state=${state}]`);
  }
  expect(await page.getAttribute("body", "data-mark")).toBe("same page");
  expect(await page.innerText("[id='lamp/default/2000']")).toContain("Front Door");
  await page.close();
}, 30_000);

test("the browser sees a phone begin to watch", async () => {
  const { openUdp, okTo, requestFrom } = await import("./wire.ts");
  const page = await browser.newPage();
  await page.goto(hintd.url);
  await page.waitForSelector("#live[data-state=open]");
  const phone = await openUdp(hintd.sipPort);
  const headers = ["Event: dialog", "Expires: 600", "User-Agent: test phone"];
  phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:2001@127.0.0.1", headers }));
  phone.send(okTo(await phone.next((message) => message.startsWith("NOTIFY "))));
  await page.waitForFunction(() => document.getElementById("subscriptions")?.textContent?.includes("guest"));
  phone.close();
  await page.close();
}, 30_000);
