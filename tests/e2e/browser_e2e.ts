/**
 * A person looks at every page of a furnished office with Chromium, and does everything that can be done there.
 *
 * With `SCREENSHOTS=DIRECTORY` every page is saved as it was seen.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import axe from "axe-core";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { watching } from "../http/conversation.ts";
import { startServer } from "../http/support.ts";
import { command } from "./hintd.ts";
import { type FurnishedOffice, openOffice } from "./office.ts";
import { header, okTo, openUdp, requestFrom, type Wire } from "./wire.ts";

const shots = process.env.SCREENSHOTS;

/** Every kind of page. */
const paths = [
  "/hints/default/1001",
  "/hints/default/802",
  "/messages",
  "/messages?method=INVITE",
  "/help",
  "/help/phones",
  "/help/reference",
  "/api",
  "/nowhere",
];

const looks = [["light", 390], ["light", 1280], ["dark", 1280]] as const;

const PASSWORD = "open sesame";

let office: FurnishedOffice;
let guarded: FurnishedOffice;
let browser: Browser;
let everyday: BrowserContext;
beforeAll(async () => {
  if (shots !== undefined) mkdirSync(shots, { recursive: true });
  const hash = Bun.spawnSync([...command, "hash-password"], { stdin: Buffer.from(`${PASSWORD}\n`) }).stdout.toString();
  [office, guarded, browser] = await Promise.all([
    openOffice(),
    openOffice(`password_hash = "${hash.trim()}"`),
    chromium.launch({
      executablePath: Bun.which("chromium")!,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    }),
  ]);
  everyday = await browser.newContext({ reducedMotion: "reduce" });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  for (const each of [office, guarded]) {
    each?.phones.forEach((phone) => phone.close());
    await each?.hintd.dispose();
  }
});

/** A page that may load nothing from elsewhere and complain of nothing; `close` checks that. With options it shares no cookies. */
async function open(path: string, options?: BrowserContextOptions, url = office.hintd.url) {
  const context = options === undefined ? everyday : await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`loads ${request.url()}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("status of 4")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => void complaints.push(String(error)));
  await page.goto(url + path);
  return {
    page,
    async close() {
      expect(complaints).toEqual([]);
      await (context === everyday ? page : context).close();
    },
  };
}

/** What axe finds, of all rules or of some, and whether the page scrolls sideways. */
async function faultsOf(page: Page, rules?: string[]): Promise<string[]> {
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(axe.source);
  return await page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: object): Promise<{
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const { scrollWidth, clientWidth } = document.documentElement;
    const { violations } = await axe.run({ resultTypes: ["violations"], ...rules && { runOnly: rules } });
    return [
      ...violations.flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)
      ),
      ...(scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} > ${clientWidth}`] : []),
    ];
  }, rules);
}

/** Looks at a page light and dark, wide and narrow; only colours tell dark from light. */
async function lookAt(page: Page, name: string): Promise<void> {
  for (const [colorScheme, width] of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    expect(await faultsOf(page, colorScheme === "dark" ? ["color-contrast"] : undefined)).toEqual([]);
    if (shots === undefined) continue;
    const file = `${name} ${colorScheme} ${width}`.replace(/\W+/g, "-").replace(/^-/, "");
    await page.screenshot({ path: join(shots, `${file}.png`), fullPage: true });
  }
}

const live = (page: Page) => page.waitForSelector("#live[data-state=open]");

/** A phone of the reception that watches the door; its first NOTIFY is answered. */
async function watchDoor(agent: string): Promise<{ phone: Wire; dialog: string; answerNotify(): Promise<void> }> {
  const phone = await openUdp(office.hintd.sipPort);
  const from = `<sip:reception@127.0.0.1>;tag=new${phone.port}`;
  const headers = ["Event: dialog", "Expires: 600", `User-Agent: ${agent}`];
  const request = requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:802@127.0.0.1", from, headers });
  const dialog = header(request, "Call-ID");
  const answerNotify = async () => phone.send(okTo(await phone.next((message) => message.startsWith("NOTIFY "))));
  phone.send(request);
  await answerNotify();
  const rows = async () =>
    await (await office.hintd.fetch(`/messages?dialog=${dialog}`)).json() as { items: unknown[] };
  while ((await rows()).items.length < 4);
  return { phone, dialog, answerNotify };
}

describe("light and dark, wide and narrow", () => {
  let status: Awaited<ReturnType<typeof open>>;
  let other: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    [status, other] = await Promise.all([open("/"), open("/nowhere")]);
    await live(status.page);
    await status.page.evaluate(() => document.getElementById("charts")!.setAttribute("data-mark", "old"));
  });
  afterAll(() => Promise.all([status.close(), other.close()]));

  test.each(paths)("%s", async (path) => {
    await other.page.goto(office.hintd.url + path);
    await lookAt(other.page, path);
  });

  test("/messages, a dialog with one of its messages", async () => {
    const { page } = other;
    await page.goto(`${office.hintd.url}/messages?extension=sales`);
    await page.click("#dialogs a");
    await page.locator(".rung summary").nth(2).click();
    await page.waitForSelector(".rung pre:visible");
    await lookAt(page, "ladder");
  });

  test("/login", async () => {
    const { page, close } = await open("/", {}, guarded.hintd.url);
    expect(new URL(page.url()).pathname).toBe("/login");
    await lookAt(page, "login");
    await close();
  });

  test("/, with charts that came by themselves", async () => {
    await status.page.waitForSelector("#charts:not([data-mark]) svg");
    await lookAt(status.page, "status");
  });
});

describe("the status page", () => {
  test("follows lamps, watchers, mailboxes and problems without being loaded again", async () => {
    const { page, close } = await open("/");
    await live(page);
    await page.evaluate(() => document.body.setAttribute("data-mark", "same page"));
    const untilShown = (id: string, words: string) =>
      page.waitForFunction(([id, words]) => document.getElementById(id!)!.textContent!.includes(words!), [id, words]);
    for (const state of ["RINGING", "INUSE", "NOT_INUSE"]) {
      await office.hintd.setDevice("Custom:door", state);
      await page.waitForSelector(`[id='lamp/default/802'][data-state=${state}]`);
    }
    const { phone } = await watchDoor("Newcomer 1.0");
    await untilShown("subscriptions", "Newcomer 1.0");
    const headers = ["Event: dialog"];
    const from = "<sip:stranger@127.0.0.1>;tag=x";
    phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:801@127.0.0.1", from, headers }));
    await untilShown("problems", "stranger");
    await office.hintd.run("mailbox", "set", "100", "0", "7");
    await page.waitForSelector("[id='lamp/default/850'][data-state=NOT_INUSE]");
    await untilShown("mailboxes", "7 heard");
    phone.close();
    expect(await page.getAttribute("body", "data-mark")).toBe("same page");
    await close();
  });

  test("the search narrows the wall", async () => {
    const { page, close } = await open("/");
    await page.fill("#search", "lindq");
    expect(await page.locator(".lamp:visible").count()).toBe(1);
    await close();
  });

  test("shows endpoints with contacts, lists, publications and mailboxes", async () => {
    const { page, close } = await open("/");
    const texts = Object.fromEntries(
      await Promise.all(
        ["endpoints", "lists", "publications", "mailboxes", "subscriptions", "problems"].map(async (id) =>
          [id, await page.innerText(`#${id}`)] as const
        ),
      ),
    );
    expect(texts.endpoints).toContain("Yealink SIP-T46U");
    expect(texts.lists).toContain("sales");
    expect(texts.publications).toContain("PJSIP/bob");
    expect(texts.mailboxes).toContain("100@default");
    expect(texts.subscriptions).toContain("reception");
    expect(texts.problems).toContain("dave");
    await close();
  });

  test("a reload is a click: what has changed, or every mistake", async () => {
    const { hintd } = office;
    const right = readFileSync(hintd.configFile, "utf8");
    const { page, close } = await open("/");
    writeFileSync(hintd.configFile, `${right}\n[contexts.late.hints]\n900 = "Custom:late(Late arrival)"\n`);
    await page.click("text=Reload it");
    expect(await page.innerText(".notice")).toContain("1 hint added");
    await page.waitForSelector("[id='lamp/late/900']");
    writeFileSync(hintd.configFile, right.replace("Custom:door", "Kustom:door"));
    await page.click("text=Reload it");
    expect(await page.innerText(".notice[role=alert]")).toContain("Kustom:door");
    expect(await page.innerText("[id='lamp/default/802']")).toContain("Front door");
    expect(await faultsOf(page)).toEqual([]);
    writeFileSync(hintd.configFile, right);
    await page.click("text=Reload it");
    expect(await page.innerText(".notice")).toContain("1 hint removed");
    await close();
  });

  test("what changes while a page is fetched anew stays on it", async () => {
    const { hintd } = office;
    const right = readFileSync(hintd.configFile, "utf8");
    await hintd.setDevice("Custom:door", "RINGING");
    const [{ page, close }, witness] = [await open("/"), await open("/")];
    await live(page);
    await live(witness.page);
    const [isRead, isTold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route(`${hintd.url}/`, async (route) => {
      const response = await route.fetch();
      isRead.resolve();
      await isTold.promise;
      await route.fulfill({ response });
    });
    writeFileSync(hintd.configFile, `${right}\n[contexts.late.hints]\n901 = "Custom:later(Later arrival)"\n`);
    await hintd.run("reload");
    await isRead.promise;
    await page.evaluate(() => document.getElementById("main")!.setAttribute("data-is-old", ""));
    await hintd.setDevice("Custom:door", "BUSY");
    // Whatever the other page has been told, this one has been told, too.
    await witness.page.waitForSelector("[id='lamp/default/802'][data-state=BUSY]");
    isTold.resolve();
    await page.waitForSelector("#main:not([data-is-old]) [id='lamp/default/802'][data-state=BUSY]");
    writeFileSync(hintd.configFile, right);
    await hintd.run("reload");
    await page.waitForSelector("[id='lamp/late/901']", { state: "detached" });
    await witness.close();
    await close();
  });
});

describe("the page of an extension", () => {
  test("a click sets a custom state, a form a presence, and other open pages follow", async () => {
    const [wall, hint] = [await open("/"), await open("/hints/default/802")];
    await live(wall.page);
    await hint.page.click("button[value=ONHOLD]");
    await hint.page.waitForSelector(".hint-head[data-state=ONHOLD]");
    await wall.page.waitForSelector("[id='lamp/default/802'][data-state=ONHOLD]");
    await live(hint.page);
    await office.hintd.setDevice("Custom:door", "RINGING");
    await hint.page.waitForSelector(".hint-head[data-state=RINGING]");
    await hint.page.goto(`${office.hintd.url}/hints/default/1000`);
    await hint.page.selectOption("select[name=state]", "dnd");
    await hint.page.fill("input[name=message]", "in a meeting");
    await hint.page.click(".fields button");
    await wall.page.waitForSelector("[id='lamp/default/1000'] >> text=in a meeting");
    await wall.close();
    await hint.close();
  });

  test("a click ends a subscription, and its phone is told", async () => {
    const { phone } = await watchDoor("Unwanted 1.0");
    const { page, close } = await open("/hints/default/802");
    await page.locator("tr", { hasText: "Unwanted 1.0" }).locator("button").click();
    const notify = await phone.next((message) => message.startsWith("NOTIFY "));
    expect(header(notify, "Subscription-State")).toStartWith("terminated");
    expect(await page.innerText("main")).not.toContain("Unwanted 1.0");
    phone.close();
    await close();
  });

  test("says why the lamp is as it is, down to the phone's answer", async () => {
    const { page, close } = await open("/hints/default/1001");
    const why = await page.innerText("main");
    for (const words of ["PJSIP/bob", "in use", "alice", "200"]) {
      expect(why.toLowerCase()).toContain(words.toLowerCase());
    }
    await close();
  });

  test("without script, forms do the same", async () => {
    const { page, close } = await open("/hints/default/1003", { javaScriptEnabled: false });
    await page.fill("input[name=message]", "at the dentist");
    await page.selectOption("select[name=state]", "away");
    await page.click(".fields button");
    const hint = await (await office.hintd.fetch("/hints/default/1003")).json() as { presence: { message: string } };
    expect(hint.presence.message).toBe("at the dentist");
    await page.goto(`${office.hintd.url}/?q=chidi`);
    expect(await page.locator(".lamp").count()).toBe(1);
    await close();
  });
});

describe("the page of messages", () => {
  test("hears a phone speak, keeps an opened message open, pauses, and goes on", async () => {
    const { phone, dialog, answerNotify } = await watchDoor("Speaker 1.0");
    const { page, close } = await open(`/messages?dialog=${dialog}`);
    const untilState = (words: string) => page.waitForSelector(`#messages-state >> text="${words}"`);
    const rungs = page.locator(".rung");
    await untilState("Live");
    expect(await rungs.count()).toBe(4);
    expect(await page.locator(".rung pre:visible").count()).toBe(0);
    await rungs.locator("summary").nth(2).click();
    expect(await page.locator(".rung pre:visible").innerText()).toContain("Subscription-State: active");

    await office.hintd.setDevice("Custom:door", "INUSE");
    await answerNotify();
    await rungs.nth(5).waitFor();
    expect(await page.locator(".rung pre:visible").count()).toBe(1);

    await page.click("#pause");
    await office.hintd.setDevice("Custom:door", "NOT_INUSE");
    await answerNotify();
    await untilState("Paused; there is more");
    expect(await rungs.count()).toBe(6);
    await page.click("#pause");
    await rungs.nth(7).waitFor();
    phone.close();
    await close();
  });

  test("the first message of all brings the list and its ladder", async () => {
    const server = await startServer();
    const { page, close } = await open("/messages", undefined, server.url);
    await page.waitForSelector("#messages-state >> text=Live");
    expect(await page.innerText("#messages-panes")).toContain("No phone has said anything");
    expect(await page.locator("#messages-capture:visible").count()).toBe(0);
    for (const { text, isSent } of watching({ callId: "first" })) server.controls.say(text, { isSent });
    await page.waitForSelector("#dialogs >> text=bob");
    await page.locator(".rung").nth(8).waitFor();
    await page.waitForSelector("#messages-capture:visible");
    await close();
    await server.stop();
  });

  test("without script, every message is a click away from the lamp; a search and a capture, too", async () => {
    const { phone, dialog } = await watchDoor("Quiet 1.0");
    const { page, close } = await open("/hints/default/802", { javaScriptEnabled: false });
    await page.click(`a[href="/messages?dialog=${dialog}"]`);
    expect(await page.innerText("#ladder code")).toBe(dialog);
    await page.locator(".rung summary").first().click();
    expect(await page.innerText(".rung pre:visible")).toStartWith("SUBSCRIBE sip:802@");
    await page.fill("#extension", "no such extension");
    await page.click(".messages-search button");
    expect(await page.innerText("#dialogs")).toContain("No dialog fits");
    await page.click(".messages-search a");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(".messages-tools a")]);
    expect(download.suggestedFilename()).toBe("hintd.pcap");
    expect(readFileSync(await download.path()).readUInt32BE()).toBe(0xa1b2c3d4);
    phone.close();
    await close();
  });
});

describe("signing in", () => {
  test("the right password opens the page that was asked for, and signing out closes it", async () => {
    const { url } = guarded.hintd;
    const { page, close } = await open("/help/phones", {}, url);
    await page.fill("#password", PASSWORD);
    await page.click("main button");
    await page.waitForURL(`${url}/help/phones`);
    const [cookie] = await page.context().cookies();
    expect([cookie!.httpOnly, cookie!.sameSite]).toEqual([true, "Strict"]);
    await page.click("header button");
    await page.waitForSelector("#password");
    await page.goto(`${url}/`);
    expect(new URL(page.url()).pathname).toBe("/login");
    await close();
  });

  test("wrong passwords are told, then put off", async () => {
    const { page, close } = await open("/login", {}, guarded.hintd.url);
    for (let attempt = 0; attempt < 5; attempt++) {
      await page.fill("#password", "wrong");
      await page.click("main button");
      expect(await page.innerText("[role=alert]")).toMatch(/not the password/);
    }
    await page.fill("#password", PASSWORD);
    await page.click("main button");
    expect(await page.innerText("[role=alert]")).toMatch(/Too many attempts; try again in \d+ s/);
    expect(await faultsOf(page)).toEqual([]);
    await close();
  });
});
