/** NOTIFY outside any dialog: a provider tells of messages, and hintd keeps and passes on what it says (RFC 3842 §3.9). */
import { expect, test } from "bun:test";
import { Site } from "../support/site.ts";
import type { Phone, SubscribeOptions } from "../support/phone.ts";

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.provider]
match = ["192.0.2.10"]
identify_by = ["ip"]
incoming_mwi_mailbox = "100@line"

[endpoints.alice]
match = ["192.0.2.11"]
identify_by = ["ip"]
mailboxes = ["100@line"]

[endpoints.secret]
auth = { username = "secret", password = "x" }
incoming_mwi_mailbox = "900"

[contexts.default]
`;

const FULL = "Messages-Waiting: yes\r\nMessage-Account: sip:1@provider\r\nVoice-Message: 2/8 (1/0)\r\n";

function notify(phone: Phone, parts: Partial<SubscribeOptions> & { type?: string } = {}) {
  const { type = "application/simple-message-summary", extra = [], ...rest } = parts;
  phone.subscribe({
    method: "NOTIFY",
    event: "message-summary",
    expires: null,
    exten: "hintd",
    from: "sip:provider@192.0.2.10",
    body: FULL,
    extra: ["Subscription-State: terminated", ...(type === "" ? [] : [`Content-Type: ${type}`]), ...extra],
    ...rest,
  });
}

async function told(parts?: Parameters<typeof notify>[1], address = "192.0.2.10") {
  const site = await Site.start(config);
  const phone = site.phone(address);
  notify(phone, parts);
  await site.pass();
  return { site, phone, mailbox: site.core.engine.devices.mailboxOf("100@line") };
}

test("sets the mailbox of incoming_mwi_mailbox, which its watchers learn and a restart keeps", async () => {
  const { site, phone, mailbox } = await told();
  expect(phone.response.status).toBe(200);
  expect(mailbox).toEqual({ new: 2, old: 8, newUrgent: 1 });
  const alice = site.phone("192.0.2.11");
  alice.subscribe({ exten: "alice", event: "message-summary", from: "sip:alice@192.0.2.1" });
  await site.pass();
  expect(alice.notify.body).toContain("Voice-Message: 2/8 (1/0)");
  notify(phone, { body: "Messages-Waiting: no\r\n" });
  await site.pass();
  expect(alice.notify.body).toContain("Voice-Message: 0/0 (0/0)");
  await site.restart();
  expect(site.core.engine.devices.mailboxOf("100@line")).toEqual({ new: 0, old: 0 });
});

test.each<[string, Parameters<typeof notify>[1], number]>([
  ["inside a dialog that is not here (RFC 6665 §4.1.3)", { toTag: "x" }, 481],
  ["of another event package", { event: "presence" }, 489],
  ["without Event", { event: "" }, 489],
  ["of another type", { type: "application/pidf+xml" }, 415],
  ["without a body", { body: "", type: "" }, 415],
  ["that is empty", { body: "" }, 400],
  ["with counts that are none", { body: "Messages-Waiting: yes\r\nVoice-Message: 1\r\n" }, 400],
])("%s is refused and changes nothing", async (_title, parts, status) => {
  const { phone, mailbox } = await told(parts);
  expect([phone.response.status, mailbox]).toEqual([status, undefined]);
});

test("of an endpoint without incoming_mwi_mailbox is 404, of an unproven one 401", async () => {
  expect((await told({ from: "sip:alice@192.0.2.11" }, "192.0.2.11")).phone.response.status).toBe(404);
  const { phone, site } = await told({ from: "sip:secret@192.0.2.99" }, "192.0.2.99");
  expect(phone.response.status).toBe(401);
  expect(site.core.engine.devices.mailboxOf("900")).toBeUndefined();
});

test("that the disk refuses is 503 with Retry-After, and changes nothing", async () => {
  const site = await Site.start(config);
  const phone = site.phone("192.0.2.10");
  site.database.rows("PRAGMA query_only = 1");
  notify(phone);
  await site.pass();
  expect([phone.response.status, phone.response.header("Retry-After")]).toEqual([503, "60"]);
  expect(site.core.engine.devices.mailboxOf("100@line")).toBeUndefined();
});
