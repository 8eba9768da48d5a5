/**
 * Looks at the pages with headless Chromium: live lamps, no accessibility violation, nothing loaded from elsewhere.
 *
 * Run: bun tests/http/page_browser_e2e.ts [DIRECTORY FOR SCREENSHOTS]
 */
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { instantText } from "../../lib/runtime/instant.ts";
import type { ProblemRow } from "../../lib/http/controls.ts";
import { endpointRow, type OfficeHint, subscriptionRow } from "./memory_controls.ts";
import { startServer, type TestServer } from "./support.ts";

const shots = process.argv[2];
let passed = 0;
let failed = 0;

function check(title: string, isRight: boolean, detail = ""): void {
  if (isRight) passed++;
  else failed++;
  process.stdout.write(`${isRight ? "ok  " : "FAIL"} ${title}${isRight || detail === "" ? "" : `\n     ${detail}`}\n`);
}

const people: [string, string, string][] = [
  ["1000", "Alice Ferreira", "NOT_INUSE"],
  ["1001", "Bob Lindqvist", "INUSE"],
  ["1002", "Chidi Okafor", "RINGING"],
  ["1003", "Dana Weiss", "ONHOLD"],
  ["1004", "Emil Novák", "UNAVAILABLE"],
  ["1005", "Front desk", "RINGINUSE"],
  ["1006", "Georg & Söhne <Einkauf>", "BUSY"],
  ["1007", "Hotline", "NOT_INUSE"],
  ["1008", "", "NOT_INUSE"],
  ["1009", "Imogen Featherstonehaugh-Cholmondeley", "NOT_INUSE"],
  ["801", "Night mode", "NOT_INUSE"],
  ["802", "Front door", "UNAVAILABLE"],
];

const hints: OfficeHint[] = people.map(([exten, name]) => ({
  exten,
  name,
  devices: exten.startsWith("80") ? [`Custom:${exten}`] : [`PJSIP/${exten}`, `Custom:${exten}-mobile`],
  providers: exten === "1003" || exten === "1009" ? [`CustomPresence:${exten}`] : [],
}));

async function furnish({ controls }: TestServer): Promise<void> {
  const soon = instantText(Date.now() + 1_800_000);
  const before = instantText(Date.now() - 90_000);
  controls.listRows.push({
    name: "sales",
    event: "presence",
    members: people.map(([exten]) => exten),
    missing: ["1099"],
    full_state: false,
    notification_batch_interval_ms: 0,
    subscriptions: ["s1"],
  });
  controls.publicationRows.push({
    id: "p1",
    endpoint: "pbx",
    event: "dialog",
    target: "PJSIP/1001",
    media_type: "application/dialog-info+xml",
    description: "1 dialog: confirmed",
    published_at: before,
    expires_at: soon,
  });
  const outbound = { section: "trunk", event: "dialog", last_status: 403, failing_since: before } as const;
  const failing = {
    exten: "1000",
    uri: "sip:1000@presence.example.com",
    state: "failing",
    why: "403 Forbidden",
  } as const;
  controls.outboundRows.push({ ...outbound, ...failing });
  await controls.setMailbox("100@default", { new: 2, old: 5, new_urgent: 1, old_urgent: 0 });
  for (const [index, [exten, , state]] of people.entries()) {
    const device = exten.startsWith("80") ? `Custom:${exten}` : `PJSIP/${exten}`;
    await controls.setDeviceState(device, state as "INUSE");
    if (state === "UNAVAILABLE") await controls.setDeviceState(`Custom:${exten}-mobile`, "UNAVAILABLE");
    controls.changedAt.set(
      `${exten}@default`,
      instantText(Date.now() - [4, 190, 9, 75, 90_000, 31][index % 6]! * 1_000),
    );
  }
  await controls.setPresenceState("CustomPresence:1003", { state: "dnd", subtype: "lunch", message: "back at two" });
  await controls.setPresenceState("CustomPresence:1009", {
    state: "away",
    subtype: "",
    message: "On the train to Leeds",
  });
  const agents = [
    "Yealink SIP-T46U 108.86.0.20",
    "snomD785/10.1.159.12",
    "Grandstream GXP2170 1.0.11.64",
    "baresip v2.0.0",
  ];
  for (let i = 0; i < 18; i++) {
    const isDead = i === 7;
    controls.subscriptionRows.push(subscriptionRow({
      id: `s${i}`,
      endpoint: ["alice", "bob", "reception"][i % 3]!,
      exten: people[i % people.length]![0],
      event: i % 4 === 3 ? "presence" : "dialog",
      media_type: i % 4 === 3 ? "application/pidf+xml" : "application/dialog-info+xml",
      source: `udp 192.168.1.${20 + i % 3}:5060`,
      user_agent: agents[i % 4]!,
      failure_count: isDead ? 3 : 0,
      last_notify: {
        sent_at: instantText(Date.now() - i * 17_000),
        status: isDead ? 408 : 200,
        answered_after_ms: isDead ? null : 3 + i,
      },
    }));
  }
  controls.endpointRows.push(
    endpointRow({ name: "alice", subscription_count: 6, contacts: [contact("alice", "sip:alice@192.168.1.20:5060")] }),
    endpointRow({
      name: "bob",
      state: "INUSE",
      subscription_count: 6,
      identified_by: "address",
      match: ["192.168.1.21"],
    }),
    endpointRow({ name: "reception", state: "UNAVAILABLE", subscription_count: 6, identified_by: "none" }),
  );
  controls.problemRows.push(
    problem(
      "error",
      "event",
      "3 NOTIFYs in a row to reception got no answer",
      "Is the phone still at 192.168.1.21?",
      "1007@default",
    ),
    problem(
      "warning",
      "config",
      "endpoint reception is believed on its word",
      "Give it auth or match",
      "config.toml:41:1",
    ),
  );
}

function contact(endpoint: string, uri: string) {
  return {
    endpoint,
    uri,
    is_permanent: true,
    status: "reachable",
    round_trip_ms: 3.4,
    user_agent: "Yealink",
    expires_at: null,
  } as const;
}

function problem(
  severity: "error" | "warning",
  area: string,
  message: string,
  remedy: string,
  where: string,
): ProblemRow {
  const at = instantText(Date.now() - 40_000);
  return { severity, area, message, remedy, where, first_at: at, last_at: at, count: severity === "error" ? 3 : 1 };
}

async function open(browser: Browser, url: string, scheme: "light" | "dark", width: number): Promise<Page> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin)) check(`nothing is loaded from ${request.url()}`, false);
  });
  page.on("console", (message) => {
    if (message.type() === "error") check("the console is quiet", false, message.text());
  });
  page.on("pageerror", (error) => check("the script runs without error", false, String(error)));
  await page.goto(url);
  return page;
}

async function audit(page: Page, title: string): Promise<void> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) =>
      `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`
    );
  });
  check(`axe finds nothing on ${title}`, violations.length === 0, violations.join("\n     ").slice(0, 2_000));
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  check(`${title} does not scroll sideways`, !isWide);
}

const server = await startServer({}, hints);
const guarded = await startServer({ password_hash: "$plain$open sesame" }, hints);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  await furnish(server);
  for (const [scheme, width] of [["light", 1280], ["dark", 1280], ["light", 390], ["dark", 390]] as const) {
    const title = `${scheme} ${width}`;
    const page = await open(browser, server.url, scheme, width);
    await page.waitForSelector("#live[data-state=open]");
    await audit(page, `status ${title}`);
    if (shots !== undefined) await page.screenshot({ path: `${shots}/status-${scheme}-${width}.png`, fullPage: true });
    await page.goto(`${server.url}/hints/default/1003`);
    await page.waitForSelector("#live[data-state=open]");
    await audit(page, `hint ${title}`);
    if (shots !== undefined) await page.screenshot({ path: `${shots}/hint-${scheme}-${width}.png`, fullPage: true });
    await page.context().close();
  }

  const page = await open(browser, server.url, "light", 1280);
  await page.waitForSelector("#live[data-state=open]");
  const door = page.locator("[id='lamp/default/802']");
  check("a lamp shows its state in words", (await door.innerText()).includes("Unreachable"));
  await page.evaluate(() => ((globalThis as unknown as { mark: boolean }).mark = true));
  const before = performance.now();
  await server.controls.setDeviceState("Custom:802", "RINGING");
  await page.waitForSelector("[id='lamp/default/802'][data-state=RINGING]");
  check(
    `the lamp follows without reload (${Math.round(performance.now() - before)} ms)`,
    (await door.innerText()).includes("Ringing"),
  );
  await page.waitForFunction(() => /2 ringing/.test(document.getElementById("legend")!.textContent!));
  check("the legend follows", true);
  server.controls.subscribe(subscriptionRow({ id: "new", endpoint: "newcomer" }));
  await page.waitForFunction(() => document.getElementById("subscriptions")!.textContent!.includes("newcomer"));
  check("the subscriptions follow", true);
  server.controls.complain(problem("error", "sip", "something new is wrong", "", ""));
  await page.waitForFunction(() =>
    document.getElementById("problems")!.textContent!.includes("something new is wrong")
  );
  check("the problems follow", true);
  server.controls.addHint({ exten: "900", name: "Late arrival", devices: ["Custom:late"] });
  await page.waitForSelector("[id='lamp/default/900']");
  check("a new hint appears", true);
  check(
    "the page was never reloaded",
    await page.evaluate(() => (globalThis as unknown as { mark?: boolean }).mark === true),
  );
  await page.fill("#search", "lindq");
  check("the search narrows the wall", await page.locator(".lamp:visible").count() === 1);
  if (shots !== undefined) await page.screenshot({ path: `${shots}/search.png` });
  await page.fill("#search", "");

  await page.click("[id='lamp/default/802'] a");
  await page.waitForSelector("h1");
  await page.click("button[value=INUSE]");
  await page.waitForSelector(".hint-head[data-state=INUSE]");
  check("a click sets a custom device", server.controls.deviceState("Custom:802")?.state === "INUSE");
  await page.waitForSelector("#live[data-state=open]");
  await server.controls.setDeviceState("Custom:802", "ONHOLD");
  await page.waitForSelector(".hint-head[data-state=ONHOLD]");
  check("the page of a hint follows", true);
  await page.context().close();

  const bare = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await bare.goto(`${server.url}/?q=chidi`);
  check("without script the server searches", await bare.locator(".lamp").count() === 1);
  await bare.goto(`${server.url}/hints/default/1003`);
  await bare.fill("input[name=message]", "at the dentist");
  await bare.selectOption("select[name=state]", "away");
  await bare.click(".fields button");
  check(
    "without script a form sets a presence",
    server.controls.presenceState("CustomPresence:1003")?.message === "at the dentist",
  );
  await bare.context().close();

  const login = await open(browser, guarded.url, "light", 1280);
  await audit(login, "login");
  if (shots !== undefined) await login.screenshot({ path: `${shots}/login.png` });
  await login.fill("#password", "open sesame");
  await login.click("main button");
  await login.waitForSelector("#live[data-state=open]");
  check("the password opens the page", await login.locator(".lamp").count() === people.length);
  await login.click("header button");
  await login.waitForSelector("#password");
  check("signing out closes it", true);
  await login.context().close();
} finally {
  await browser.close();
  await server.stop();
  await guarded.stop();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
