/** Message waiting for phones that do not ask: whom hintd tells, when, and what becomes of those who do not listen. */
import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { Site } from "../support/site.ts";
import type { Phone } from "../support/phone.ts";

const config = (alice = "", server = "") => `
[server]
${server}

[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.alice]
match = ["192.0.2.10", "192.0.2.20"]
identify_by = ["ip"]
mailboxes = ["100", "101"]
voicemail_extension = "*97"
max_contacts = 2
qualify_frequency = 0
${alice}

[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]

[aors.line]
mailboxes = ["100"]
max_contacts = 2
qualify_frequency = 0

[contexts.default]
`;

interface RegisterOptions {
  readonly callId?: string;
  readonly sequence?: number;
  readonly expires?: number;
  readonly user?: string;
}

function register(
  phone: Phone,
  { callId = "reg-1", sequence = 1, expires = 3_600, user = "alice" }: RegisterOptions = {},
) {
  phone.subscribe({
    method: "REGISTER",
    exten: user,
    event: "",
    uri: "sip:192.0.2.1",
    callId,
    sequence,
    expires,
    contact: `<sip:alice@${phone.address}:5060>`,
  });
}

async function registered(toml = config()) {
  const site = await Site.start(toml);
  const phone = site.phone("192.0.2.10");
  register(phone);
  await site.pass();
  return { site, phone, engine: site.core.engine };
}

const voice = (body: string) => /^Voice-Message: (.*)\r$/m.exec(body)?.[1];
const told = (phone: Phone) => phone.notifies.map((notify) => voice(notify.body));

describe("who is told", () => {
  test("a phone that registers gets a NOTIFY outside any dialog, behind its 200 (RFC 3842 §3.8)", async () => {
    const { phone } = await registered();
    expect(phone.inbox.map((received) => received.startLine)).toEqual([
      "SIP/2.0 200 OK",
      "NOTIFY sip:alice@192.0.2.10:5060 SIP/2.0",
    ]);
    const { notify } = phone;
    const head = ["To", "Contact", "Event", "Subscription-State", "Allow-Events", "Content-Type", "CSeq"].map((name) =>
      notify.header(name)
    );
    expect(head).toEqual([
      "<sip:alice@192.0.2.10:5060>",
      "<sip:192.0.2.1:5060>",
      "message-summary",
      "terminated",
      expect.stringContaining("message-summary"),
      "application/simple-message-summary",
      "1 NOTIFY",
    ]);
    expect(notify.header("From")).toMatch(/^<sip:alice@192\.0\.2\.1:5060>;tag=\w+$/);
    expect(notify.body).toBe(
      "Messages-Waiting: no\r\nMessage-Account: sip:*97@192.0.2.1:5060\r\nVoice-Message: 0/0 (0/0)\r\n",
    );
    expect(notify.header("Content-Length")).toBe(String(notify.body.length));
  });

  test("every contact is told of every change, once, with the sum of all mailboxes", async () => {
    const { site, phone, engine } = await registered();
    const other = site.phone("192.0.2.20");
    register(other, { callId: "reg-2" });
    await site.pass();
    engine.setMailbox("100", { new: 1, old: 2, newUrgent: 1 });
    engine.setMailbox("101", { new: 4, old: 0 });
    engine.setMailbox("102", { new: 9, old: 9 });
    await site.pass();
    expect([told(phone), told(other)]).toEqual([["0/0 (0/0)", "5/2 (1/0)"], ["0/0 (0/0)", "5/2 (1/0)"]]);
  });

  test("without aggregate_mwi each mailbox has a message of its own", async () => {
    const { site, phone, engine } = await registered(config("aggregate_mwi = false"));
    expect(phone.notifies.length).toBe(2);
    phone.clear();
    engine.setMailbox("101", { new: 4, old: 0 });
    await site.pass();
    expect(told(phone)).toEqual(["4/0 (0/0)"]);
  });

  test("mwi_from_user stands in From, what a URI may not hold escaped", async () => {
    const { phone } = await registered(config('mwi_from_user = "voice mail"'));
    expect(phone.notify.header("From")).toStartWith("<sip:voice%20mail@192.0.2.1:5060>;tag=");
  });

  test("profile rfc leaves out urgent messages that there are not", async () => {
    const { phone } = await registered(config('body_profile = "rfc"'));
    expect(voice(phone.notify.body)).toBe("0/0");
  });

  test("a contact that leaves is not told any more; nor is an endpoint without mailboxes", async () => {
    const { site, phone, engine } = await registered();
    register(phone, { sequence: 2, expires: 0 });
    const bob = site.phone("192.0.2.11");
    register(bob, { user: "bob" });
    await site.pass();
    phone.clear();
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    expect([phone.notifies.length, bob.notifies.length, site.core.unsolicited.lampCount]).toEqual([0, 0, 0]);
  });
});

describe("when nothing is sent", () => {
  test("a refresh of a phone that knows, counts that came back to what they were", async () => {
    const { site, phone, engine } = await registered();
    phone.clear();
    register(phone, { sequence: 2 });
    await site.pass();
    engine.setMailbox("100", { new: 1, old: 0 });
    engine.setMailbox("100", undefined);
    await site.pass();
    expect(phone.notifies.length).toBe(0);
  });

  test("a phone that begins anew, with another Call-ID, is told (it may have been off)", async () => {
    const { site, phone } = await registered();
    phone.clear();
    register(phone, { callId: "reg-new" });
    await site.pass();
    expect(told(phone)).toEqual(["0/0 (0/0)"]);
  });

  test("while a NOTIFY is unanswered; then the newest counts go out", async () => {
    const { site, phone, engine } = await registered();
    phone.clear();
    phone.onNotify = () => undefined;
    for (let i = 1; i <= 5; i++) engine.setMailbox("100", { new: i, old: 0 });
    await site.pass();
    for (let i = 6; i <= 9; i++) {
      engine.setMailbox("100", { new: i, old: 0 });
      await site.pass();
    }
    expect(told(phone)).toEqual(["5/0 (0/0)"]);
    phone.answer(phone.notify, "200 OK");
    await site.pass();
    expect(told(phone)).toEqual(["5/0 (0/0)", "9/0 (0/0)"]);
  });
});

describe("a start", () => {
  test("tells every phone that is still registered, with the counts that were kept", async () => {
    const { site, phone, engine } = await registered();
    engine.setMailbox("100", { new: 3, old: 1, oldUrgent: 1 });
    await site.pass();
    phone.clear();
    await site.restart();
    await site.pass();
    expect(told(phone)).toEqual(["3/1 (0/1)"]);
  });

  test("with mwi_disable_initial_unsolicited it does not; a change after it is told", async () => {
    const { site, phone } = await registered(config("", "mwi_disable_initial_unsolicited = true"));
    expect(told(phone)).toEqual(["0/0 (0/0)"]);
    phone.clear();
    await site.restart();
    await site.pass();
    expect(phone.notifies.length).toBe(0);
    site.core.engine.setMailbox("100", { new: 3, old: 1 });
    await site.pass();
    expect(told(phone)).toEqual(["3/1 (0/0)"]);
  });
});

describe("a phone that does not listen", () => {
  test("and is gone costs one transaction, not one per change; it is told when it registers again", async () => {
    const { site, phone, engine } = await registered();
    phone.onNotify = () => undefined;
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass(40_000);
    const count = phone.notifies.length;
    await site.pass(1_800_000);
    expect(phone.notifies.length).toBe(count);
    expect(site.core.counters.snapshot()["unsolicited"]).toEqual({ sent: 2, answered: 1, failed: 1, refused: 0 });
    phone.onNotify = () => "200 OK";
    phone.clear();
    register(phone, { sequence: 2 });
    await site.pass();
    expect(told(phone)).toEqual(["1/0 (0/0)"]);
  });

  test("and could not be reached is tried again with the next change", async () => {
    const { site, phone, engine } = await registered();
    phone.onNotify = () => undefined;
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass(60_000);
    phone.onNotify = () => "200 OK";
    phone.clear();
    engine.setMailbox("100", { new: 2, old: 0 });
    await site.pass();
    expect(told(phone)).toEqual(["2/0 (0/0)"]);
  });

  test("and answers no probe is left alone; its next answered probe brings the counts", async () => {
    const site = await Site.start(config("").replace("qualify_frequency = 0", "qualify_frequency = 30"));
    const phone = site.phone("192.0.2.10");
    const probesAnswered = { now: false };
    const receive = phone.receiveMessage.bind(phone);
    phone.receiveMessage = (bytes, start, end, flow) => {
      receive(bytes, start, end, flow);
      const last = phone.inbox.at(-1)!;
      if (last.method === "OPTIONS" && probesAnswered.now) phone.answer(last, "200 OK");
    };
    register(phone);
    await site.pass(120_000);
    phone.clear();
    site.core.engine.setMailbox("100", { new: 7, old: 0 });
    await site.pass(60_000);
    expect(phone.notifies.length).toBe(0);
    probesAnswered.now = true;
    await site.pass(60_000);
    expect(told(phone)).toEqual(["7/0 (0/0)"]);
  });

  test.each(["481 Subscription Does Not Exist", "489 Bad Event", "405 Method Not Allowed"])(
    "and says %s is told no more before it begins anew",
    async (status) => {
      const { site, phone, engine } = await registered();
      phone.onNotify = () => status;
      engine.setMailbox("100", { new: 1, old: 0 });
      await site.pass();
      expect(phone.notifies.length).toBe(2);
      engine.setMailbox("100", { new: 2, old: 0 });
      register(phone, { sequence: 2 });
      await site.pass(600_000);
      expect(phone.notifies.length).toBe(2);
      phone.onNotify = () => "200 OK";
      register(phone, { callId: "reg-new" });
      await site.pass();
      expect(told(phone)).toEqual(["0/0 (0/0)", "1/0 (0/0)", "2/0 (0/0)"]);
    },
  );

  test("but asks for patience is told again after Retry-After, with the newest counts", async () => {
    const { site, phone, engine } = await registered();
    phone.clear();
    phone.onNotify = (notify) => {
      phone.answer(notify, "480 Temporarily Unavailable", ["Retry-After: 20"]);
      return undefined;
    };
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass(19_000);
    phone.onNotify = () => "200 OK";
    engine.setMailbox("100", { new: 2, old: 0 });
    await site.pass(500);
    expect(told(phone)).toEqual(["1/0 (0/0)"]);
    await site.pass(2_000);
    expect(told(phone)).toEqual(["1/0 (0/0)", "2/0 (0/0)"]);
  });
});

describe("a phone that subscribes", () => {
  const subscribe = (phone: Phone, exten = "alice", expires = 600) =>
    phone.subscribe({ exten, event: "message-summary", contact: `<sip:alice@${phone.address}:5060>`, expires });

  test("to its own mailboxes is told there only; the other phone goes on as before", async () => {
    const { site, phone, engine } = await registered();
    const other = site.phone("192.0.2.20");
    register(other, { callId: "reg-2" });
    const first = subscribe(phone);
    await site.pass();
    const toTag = phone.response.tag("To");
    phone.clear();
    other.clear();
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["active;expires=600"]);
    expect(other.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["terminated"]);

    // Once it is over, the phone is told unsolicited again.
    phone.clear();
    phone.again(first, toTag, { expires: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State")).sort()).toEqual([
      "terminated",
      "terminated;reason=timeout",
    ]);
    phone.clear();
    engine.setMailbox("100", { new: 2, old: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["terminated"]);
  });

  test("with aors and mwi_subscribe_replaces_unsolicited, likewise, also over a restart", async () => {
    const { site, phone } = await registered(
      config('aors = ["line"]\nmwi_subscribe_replaces_unsolicited = true').replace('"100", "101"', '"100"'),
    );
    expect(phone.response.status).toBe(404);
    register(phone, { user: "line", sequence: 2 });
    await site.pass();
    subscribe(phone, "line");
    await site.pass();
    expect(phone.response.status).toBe(200);
    await site.restart();
    await site.pass();
    phone.clear();
    site.core.engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["active;expires=600"]);
  });

  test("to a list with its own mailboxes is told there only", async () => {
    const { site, phone, engine } = await registered(
      config() + '[lists.floor]\nevent = "message-summary"\nlist_item = ["alice"]\n',
    );
    phone.subscribe({
      exten: "floor",
      event: "message-summary",
      contact: `<sip:alice@${phone.address}:5060>`,
      extra: ["Supported: eventlist"],
    });
    await site.pass();
    phone.clear();
    engine.setMailbox("100", { new: 1, old: 0 });
    await site.pass();
    expect(phone.notifies.map((notify) => notify.header("Subscription-State"))).toEqual(["active;expires=600"]);
  });

  test("with aors and without it is refused with 500", async () => {
    const { site, phone } = await registered(config('aors = ["line"]'));
    subscribe(phone, "line");
    await site.pass();
    expect(phone.response.status).toBe(500);
  });
});

describe("a reload", () => {
  test("that gives another mailbox or voicemail_extension is told; one that takes all away ends it", async () => {
    const { site, phone, engine } = await registered();
    engine.setMailbox("300", { new: 3, old: 0 });
    phone.clear();
    await site.reload(config().replace('"101"', '"300"'));
    await site.pass();
    await site.reload(config().replace('"101"', '"300"').replace("*97", "*98"));
    await site.pass();
    await site.reload(config().replace('"101"', '"300"').replace("*97", "*98"));
    await site.pass();
    expect(phone.notifies.map((notify) => [voice(notify.body), /sip:(.*?)@/.exec(notify.body)?.[1]])).toEqual([
      ["3/0 (0/0)", "*97"],
      ["3/0 (0/0)", "*98"],
    ]);
    await site.reload(config().replace('mailboxes = ["100", "101"]', ""));
    engine.setMailbox("300", { new: 4, old: 0 });
    await site.pass();
    expect([phone.notifies.length, site.core.unsolicited.lampCount]).toEqual([2, 0]);
  });
});

test("many phones: so many NOTIFYs at once as the window holds, dead ones give their place to others after T1", async () => {
  const count = 3 * limits.unsolicitedWindow;
  const contacts = Array.from({ length: count }, (_, i) => `"sip:p${i}@192.0.2.${100 + i}:5060"`);
  const site = await Site.start(
    config(`max_contacts = ${count}\ncontact = [${contacts.join(", ")}]`).replace("max_contacts = 2", ""),
  );
  const phones = contacts.map((_, i) => site.phone(`192.0.2.${100 + i}`));
  const toldCount = () => phones.filter((phone) => phone.notifies.length > 0).length;
  for (const phone of phones) phone.onNotify = () => undefined;
  await site.restart();
  await site.pass();
  expect(toldCount()).toBe(limits.unsolicitedWindow);
  await site.pass(501);
  expect(toldCount()).toBe(2 * limits.unsolicitedWindow);
  await site.pass(501);
  expect(toldCount()).toBe(count);
});
