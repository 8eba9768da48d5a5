/*
 * A voice message is left, far away, and a lamp lights up here:
 *
 *   voicemail (Asterisk)      hintd             alice (asked)   bob's phone (did not ask)   branch
 *     | PUBLISH asterisk-mwi    |                   |                |                        |
 *     |------------------------>| NOTIFY yes 1/0    |                |                        |
 *     |                     200 |------------------>|                |                        |
 *     |<------------------------| NOTIFY yes 1/0, outside any dialog |                        |
 *     |                         |----------------------------------->|                        |
 *     |                         | PUBLISH asterisk-mwi: only what was set here                |
 *     |                         |------------------------------------------------------------>|
 */
import { expect, test } from "bun:test";
import type { Phone, Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[endpoints.voicemail]
match = ["192.0.2.5"]
identify_by = ["ip"]
publish = ["*"]

[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
aors = ["alice"]

[aors.alice]
mailboxes = ["100"]

[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]
mailboxes = ["100"]
qualify_frequency = 0

[outbound_publish.branch]
server_uri = "sip:192.0.2.50"
event = "asterisk-mwi"
`;

const voice = ({ body }: Received) => /^Voice-Message: (.*)\r$/m.exec(body)?.[1];
const told = (phone: Phone) => phone.notifies.map(voice);

async function office() {
  const site = await Site.start(config);
  const [voicemail, alice, bob, branch] = ["5", "10", "11", "50"].map((host) => site.phone(`192.0.2.${host}`)) as [
    Phone,
    Phone,
    Phone,
    Phone,
  ];
  const published: { uniqueid: string; new: string | number }[] = [];
  const receive = branch.receiveMessage.bind(branch);
  branch.receiveMessage = (...args) => {
    receive(...args);
    const request = branch.inbox.at(-1)!;
    if (request.method !== "PUBLISH") return;
    const document = JSON.parse(request.body);
    if (document.type === "mailboxstate") published.push(document);
    branch.answer(request, "200 OK", ["SIP-ETag: tag", "Expires: 3600"]);
  };
  alice.subscribe({ exten: "alice", event: "message-summary" });
  bob.subscribe({
    method: "REGISTER",
    exten: "bob",
    uri: "sip:192.0.2.1",
    event: "",
    from: "sip:bob@192.0.2.1",
    contact: "<sip:bob@192.0.2.11:5060>",
  });
  await site.pass(1_000);
  return { site, voicemail, alice, bob, published };
}

const report = (uniqueid: string, fresh: number) => ({
  method: "PUBLISH",
  exten: "mwi",
  event: "asterisk-mwi",
  from: "sip:voicemail@192.0.2.5",
  extra: ["Content-Type: application/json"],
  body: JSON.stringify({ type: "mailboxstate", uniqueid, new: fresh, old: 0, eid: "00:11:22:33:44:55" }),
});

test("counts that another server publishes, then counts that are set here, reach everybody who should know", async () => {
  const { site, voicemail, alice, bob, published } = await office();
  expect([told(alice), told(bob)]).toEqual([["0/0 (0/0)"], ["0/0 (0/0)"]]);

  voicemail.subscribe(report("100@default", 1));
  await site.pass(1_000);
  expect(voicemail.response.status).toBe(200);
  expect([told(alice).at(-1), told(bob).at(-1)]).toEqual(["1/0 (0/0)", "1/0 (0/0)"]);
  // What was learned from one server is not told to another one as one's own.
  expect(published.filter(({ uniqueid }) => uniqueid === "100@default")).toEqual([]);

  site.core.engine.setMailbox("200", { new: 4, old: 0 });
  await site.pass(1_000);
  expect(published.map((each) => [each.uniqueid, Number(each.new)])).toEqual([["200@default", 4]]);
  expect([alice.notifies.length, bob.notifies.length]).toEqual([2, 2]);
});

test("after a pulled plug both kinds of phones learn what was kept, and what was published is still there", async () => {
  const { site, voicemail, alice, bob } = await office();
  site.core.engine.setMailbox("100", { new: 3, old: 1, newUrgent: 2 });
  await site.pass();
  const before = alice.notify;
  for (const phone of [alice, bob]) phone.clear();
  await site.restart(undefined, 5_000);
  await site.pass();
  expect([told(alice), told(bob)]).toEqual([["3/1 (2/0)"], ["3/1 (2/0)"]]);
  expect(alice.notify.sequence).toBeGreaterThan(before.sequence);
  expect(alice.notify.header("Subscription-State")).toBe("active;expires=594");

  voicemail.subscribe(report("100@default", 9));
  await site.pass();
  for (const phone of [alice, bob]) phone.clear();
  await site.restart();
  await site.pass();
  expect([told(alice), told(bob)]).toEqual([["9/0 (0/0)"], ["9/0 (0/0)"]]);
});

test("a storm of changes ends in the truth, with few NOTIFYs, though some are lost", async () => {
  const { site, alice, bob } = await office();
  for (const phone of [alice, bob]) phone.clear();
  let seen = 0;
  for (const phone of [alice, bob]) phone.onNotify = () => (seen++ % 3 === 0 ? undefined : "200 OK");
  for (let i = 1; i <= 50; i++) {
    site.core.engine.setMailbox("100", { new: i, old: 50 - i });
    await site.pass(20);
  }
  await site.pass(120_000);
  expect([told(alice).at(-1), told(bob).at(-1)]).toEqual(["50/0 (0/0)", "50/0 (0/0)"]);
});
