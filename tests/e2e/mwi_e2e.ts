/** Message waiting on the compiled binary: counts come by API, CLI and NOTIFY, lamps of phones follow, and all of it outlives `kill -9`. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { startBaresip } from "./phones.ts";
import { expectSipp } from "./sipp.ts";
import { body, header, okTo, openTcp, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: `
9000 = "MWI:900"

[endpoints.desk]
mailboxes = ["100@default"]
voicemail_extension = "*97"
max_contacts = 10
qualify_frequency = 0

[endpoints.provider]
incoming_mwi_mailbox = "900"

[endpoints.branch]
mailboxes = ["900"]
`,
    }).replace("[endpoints.bob]", '[endpoints.bob]\nmailboxes = ["200"]')
  );
});

afterAll(() => hintd?.dispose());

const isNotify = (message: string) => message.startsWith("NOTIFY ");
const isResponse = (message: string) => message.startsWith("SIP/2.0 ");
const fromOf = (user: string) => `<sip:${user}@127.0.0.1>;tag=${user}`;
const watch = ["Event: message-summary", "Accept: application/simple-message-summary", "Expires: 600"];

async function put(mailbox: string, counts: object): Promise<Record<string, unknown>> {
  const response = await hintd.fetch(`/mailboxes/${mailbox}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(counts),
  });
  expect(response.status).toBe(200);
  return await response.json() as Record<string, unknown>;
}

function subscribe(phone: Wire, transport: "UDP" | "TCP", user: string, exten = user): void {
  phone.send(
    requestFrom(phone, transport, {
      method: "SUBSCRIBE",
      uri: `sip:${exten}@127.0.0.1`,
      from: fromOf(user),
      headers: watch,
    }),
  );
}

function register(phone: Wire, user: string): void {
  const uri = "sip:127.0.0.1";
  const to = `<sip:${user}@127.0.0.1>`;
  phone.send(requestFrom(phone, "UDP", { method: "REGISTER", uri, from: fromOf(user), to, headers: ["Expires: 600"] }));
}

async function nextSummary(phone: Wire): Promise<string> {
  const notify = await phone.next(isNotify);
  phone.send(okTo(notify));
  return notify;
}

for (const transport of ["udp", "tcp"] as const) {
  test(`sipp is told of its messages over ${transport}, from the first state to the last (RFC 3842 §3)`, async () => {
    await expectSipp(hintd, "messages", { transport, values: { user: "desk" } });
  }, 40_000);
}

for (const transport of ["UDP", "TCP"] as const) {
  test(`what the API sets is told to a subscriber over ${transport} (RFC 3842 §3.8)`, async () => {
    await put("100@default", { new: 0 });
    const phone = await (transport === "UDP" ? openUdp(hintd.sipPort) : openTcp(hintd.sipPort));
    subscribe(phone, transport, "desk", "*97");
    expect(startLine(await phone.next(isResponse))).toBe("SIP/2.0 200 OK");
    const account = `Message-Account: sip:*97@127.0.0.1\r\n`;
    expect(body(await nextSummary(phone))).toBe(`Messages-Waiting: no\r\n${account}Voice-Message: 0/0 (0/0)\r\n`);
    expect(await put("100@default", { new: 2, old: 5, new_urgent: 1 })).toMatchObject({ new: 2, is_published: false });
    const changed = await nextSummary(phone);
    expect(body(changed)).toBe(`Messages-Waiting: yes\r\n${account}Voice-Message: 2/5 (1/0)\r\n`);
    expect(header(changed, "Content-Type")).toBe("application/simple-message-summary");
    await hintd.fetch("/mailboxes/100@default", { method: "DELETE" });
    expect(body(await nextSummary(phone))).toContain("Voice-Message: 0/0 (0/0)");
    phone.close();
  });
}

test("a phone that only registers is told outside any dialog, at once and at every change", async () => {
  await put("100", { new: 0 });
  const phone = await openUdp(hintd.sipPort);
  register(phone, "desk");
  expect(startLine(await phone.next())).toBe("SIP/2.0 200 OK");
  const first = await nextSummary(phone);
  expect(startLine(first)).toStartWith(`NOTIFY sip:guest@127.0.0.1:${phone.port}`);
  expect([header(first, "Subscription-State"), header(first, "Event")]).toEqual(["terminated", "message-summary"]);
  expect(body(first)).toContain("Voice-Message: 0/0 (0/0)");
  const { exitCode, stdout } = await hintd.run("mailbox", "set", "100", "3", "1");
  expect([exitCode, stdout]).toEqual([0, "100@default has 3 new and 1 old\n"]);
  expect(body(await nextSummary(phone))).toContain("Voice-Message: 3/1 (0/0)");
  expect(await hintd.counters("unsolicited")).toMatchObject({ failed: 0, refused: 0 });
  phone.close();
});

test("what a provider tells by NOTIFY is kept, told, and shown by a hint", async () => {
  const [branch, provider, blf] = [
    await openUdp(hintd.sipPort),
    await openUdp(hintd.sipPort),
    await openUdp(hintd.sipPort),
  ];
  subscribe(branch, "UDP", "branch");
  await nextSummary(branch);
  blf.send(requestFrom(blf, "UDP", {
    method: "SUBSCRIBE",
    uri: "sip:9000@127.0.0.1",
    headers: ["Event: dialog", "Expires: 600"],
  }));
  expect(body(await nextSummary(blf))).toContain("<state>terminated</state>");
  const tell = (text: string) =>
    provider.send(requestFrom(provider, "UDP", {
      method: "NOTIFY",
      uri: "sip:hintd@127.0.0.1",
      from: fromOf("provider"),
      headers: [
        "Event: message-summary",
        "Subscription-State: terminated",
        "Content-Type: application/simple-message-summary",
      ],
      body: text,
    }));
  tell("Messages-Waiting: yes\r\nVoice-Message: 7/2 (1/0)\r\n");
  expect(startLine(await provider.next())).toBe("SIP/2.0 200 OK");
  expect(body(await nextSummary(branch))).toContain("Voice-Message: 7/2 (1/0)");
  expect(body(await nextSummary(blf))).toContain("<state>confirmed</state>");
  tell("no summary");
  expect(startLine(await provider.next())).toStartWith("SIP/2.0 400 ");
  const { stdout } = await hintd.run("mailbox", "list");
  expect(stdout).toMatch(/^900@default +7 +2 +1\/0 .* 9000@default$/m);
  for (const wire of [branch, provider, blf]) wire.close();
});

test("baresip asks for its messages and shows how many there are", async () => {
  await put("200", { new: 0 });
  const options = { server: hintd.sipPort, user: "bob", password: PASSWORD, buddy: "2000", hasMessages: true };
  const phone = await startBaresip(options);
  try {
    await phone.lines.line(/^-+ MWI for /);
    await phone.lines.line(/^Voice-Message: 0\/0/);
    const from = phone.lines.all.length;
    await put("200", { new: 4, old: 1 });
    await phone.lines.line(/^Messages-Waiting: yes/, { from });
    await phone.lines.line(/^Voice-Message: 4\/1/, { from });
  } finally {
    await phone.dispose();
  }
}, 40_000);

test("after kill -9 both kinds of phones are told what was kept, in the dialog that they know", async () => {
  await put("100", { new: 1 });
  const [asked, registered] = [await openUdp(hintd.sipPort), await openUdp(hintd.sipPort)];
  subscribe(asked, "UDP", "desk");
  const before = await nextSummary(asked);
  register(registered, "desk");
  await nextSummary(registered);
  await put("100", { new: 9, old: 9 });
  await nextSummary(asked);
  await nextSummary(registered);
  await hintd.end("SIGKILL");
  await hintd.start();
  const after = await nextSummary(asked);
  expect(body(after)).toContain("Voice-Message: 9/9 (0/0)");
  expect(header(after, "Call-ID")).toBe(header(before, "Call-ID"));
  expect(parseInt(header(after, "CSeq"))).toBeGreaterThan(parseInt(header(before, "CSeq")) + 1);
  expect(body(await nextSummary(registered))).toContain("Voice-Message: 9/9 (0/0)");
  for (const wire of [asked, registered]) wire.close();
});
