/**
 * A person looks at every page of a furnished office with Chromium, and does everything that can be done there.
 *
 * With `SCREENSHOTS=DIRECTORY` every page is saved as it was seen.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import axe from "axe-core";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { command } from "./hintd.ts";
import { type FurnishedOffice, openOffice } from "./office.ts";
import { openUdp, requestFrom } from "./wire.ts";

const shots = process.env.SCREENSHOTS;

/** Every kind of page, by a path; those that are text alone need no second look in the dark. */
const pages = ["/", "/hints/default/1001", "/hints/default/802", "/messages", "/help/phones"];
const texts = ["/api", "/help", "/help/reference", "/nowhere"];

const looks = [
  ["light", 1280],
  ["dark", 1280],
  ["light", 390],
] as const;

const PASSWORD = "open sesame";

let office: FurnishedOffice;
let guarded: FurnishedOffice;
let browser: Browser;
beforeAll(async () => {
  const hash = Bun.spawnSync([...command, "hash-password"], { stdin: Buffer.from(`${PASSWORD}\n`) }).stdout.toString();
  [office, guarded, browser] = await Promise.all([
    openOffice(),
    openOffice(`password_hash = "${hash.trim()}"`),
    chromium.launch({
      executablePath: Bun.which("chromium")!,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    }),
  ]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  for (const each of [office, guarded]) {
    each?.phones.forEach((phone) => phone.close());
    await each?.hintd.dispose();
  }
});

/** A page of a context of its own that may load nothing from elsewhere and complain of nothing; `close` checks that. */
async function open(path: string, options: BrowserContextOptions = {}, url = office.hintd.url) {
  const context = await browser.newContext(options);
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
      await context.close();
    },
  };
}

/** What axe finds, and whether the page scrolls sideways. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { scrollWidth, clientWidth } = document.documentElement;
    return [
      ...(await axe.run()).violations.flatMap(({ id, nodes }) =>
        nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)
      ),
      ...(scrollWidth > clientWidth ? [`scrolls sideways: ${scrollWidth} > ${clientWidth}`] : []),
    ];
  });
}

const live = (page: Page) => page.waitForSelector("#live[data-state=open]");

async function shoot(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  await page.screenshot({ path: join(shots, `${name.replace(/\W+/g, "-")}.png`), fullPage: true });
}

describe.each(looks)("%s, %i wide", (colorScheme, width) => {
  for (const path of colorScheme === "light" ? [...pages, ...texts] : pages) {
    test(path, async () => {
      const { page, close } = await open(path, { colorScheme, viewport: { width, height: 900 } });
      expect(await faultsOf(page)).toEqual([]);
      await shoot(page, `${colorScheme} ${width} ${path}`);
      await close();
    });
  }

  test("/login", async () => {
    const { page, close } = await open("/", { colorScheme, viewport: { width, height: 900 } }, guarded.hintd.url);
    expect(new URL(page.url()).pathname).toBe("/login");
    expect(await faultsOf(page)).toEqual([]);
    await shoot(page, `${colorScheme} ${width} login`);
    await close();
  });
});

describe("the status page", () => {
  test("follows lamps, watchers and problems without being loaded again", async () => {
    const { page, close } = await open("/");
    await live(page);
    await page.evaluate(() => document.body.setAttribute("data-mark", "same page"));
    for (const state of ["RINGING", "INUSE", "NOT_INUSE"]) {
      await office.hintd.setDevice("Custom:door", state);
      await page.waitForSelector(`[id='lamp/default/802'][data-state=${state}]`);
    }
    const phone = await openUdp(office.hintd.sipPort);
    const from = `<sip:reception@127.0.0.1>;tag=new${phone.port}`;
    const headers = ["Event: dialog", "Expires: 600", "User-Agent: Newcomer 1.0"];
    phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:801@127.0.0.1", from, headers }));
    await page.waitForFunction(() => document.getElementById("subscriptions")!.textContent!.includes("Newcomer 1.0"));
    phone.send(requestFrom(phone, "UDP", {
      method: "SUBSCRIBE",
      uri: "sip:801@127.0.0.1",
      from: "<sip:stranger@127.0.0.1>;tag=x",
      headers: ["Event: dialog"],
    }));
    await page.waitForFunction(() => document.getElementById("problems")!.textContent!.includes("stranger"));
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
});

describe("the page of an extension", () => {
  test("a click sets a custom state, and other open pages follow", async () => {
    const [wall, hint] = [await open("/"), await open("/hints/default/802")];
    await live(wall.page);
    await hint.page.click("button[value=ONHOLD]");
    await hint.page.waitForSelector(".hint-head[data-state=ONHOLD]");
    await wall.page.waitForSelector("[id='lamp/default/802'][data-state=ONHOLD]");
    await live(hint.page);
    await office.hintd.setDevice("Custom:door", "RINGING");
    await hint.page.waitForSelector(".hint-head[data-state=RINGING]");
    await wall.close();
    await hint.close();
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
