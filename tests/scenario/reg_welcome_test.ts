/*
 * A person with two phones: each knows where the other is, and the desk phone learns why it is no longer registered.
 *
 *   desk                        hintd                      mobile
 *    | SUBSCRIBE reg              |                          |
 *    |--------------------------->|                          |
 *    | NOTIFY init                |                          |
 *    |<---------------------------|                          |
 *    | REGISTER                   |                          |
 *    |--------------------------->|        REGISTER          |
 *    | NOTIFY desk                |<-------------------------|
 *    |<---------------------------|      SUBSCRIBE reg       |
 *    | NOTIFY desk, mobile        |<-------------------------|
 *    |<---------------------------| NOTIFY desk, mobile      |
 *    |                            |------------------------->|
 *    | NOTIFY desk deactivated    | (the operator)           |
 *    |<---------------------------|------------------------->|
 *    | REGISTER                   |                          |
 *    |--------------------------->|  NOTIFY desk, mobile     |
 *    |<---------------------------|------------------------->|
 */
import { expect, test } from "bun:test";
import { findAll, findElement, readInfoset, textOf } from "../body/infoset.ts";
import type { Phone, Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const config = `
[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[defaults.endpoint]
identify_by = ["ip"]

[endpoints.joe-desk]
match = ["192.0.2.10"]
aors = ["joe"]

[endpoints.joe-mobile]
match = ["192.0.2.11"]
aors = ["joe"]

[endpoints.neighbour]
match = ["192.0.2.12"]

[aors.joe]
max_contacts = 2
qualify_frequency = 0
`;

const joe = "sip:joe@192.0.2.1";
let sequence = 0;

async function register(site: Site, phone: Phone, name: string, expires = 600): Promise<void> {
  phone.subscribe({
    method: "REGISTER",
    exten: "joe",
    event: "",
    uri: "sip:192.0.2.1",
    from: joe,
    contact: `"${name}" <sip:joe@${phone.address}:5060>`,
    callId: name,
    sequence: ++sequence,
    expires,
  });
  await site.pass(6_000);
}

/** Contacts by display name, with state and event. */
const told = ({ body }: Received) =>
  findAll(readInfoset(body), "contact").map((contact) =>
    `${textOf(findElement(contact, "display-name"))} ${contact.attributes.state} ${contact.attributes.event}`
  );

async function home() {
  const site = await Site.start(config);
  const [desk, mobile] = [site.phone("192.0.2.10"), site.phone("192.0.2.11")];
  desk.subscribe({ exten: "joe", event: "reg", from: joe });
  await site.pass();
  expect(told(desk.notify)).toEqual([]);
  await register(site, desk, "desk");
  await register(site, mobile, "mobile");
  mobile.subscribe({ exten: "joe", event: "reg", from: joe });
  await site.pass();
  return { site, desk, mobile };
}

test("two phones of one person know of each other, and one that is sent away comes back (RFC 3680 §3.2, §3.3)", async () => {
  const { site, desk, mobile } = await home();
  const both = ["desk active registered", "mobile active registered"];
  expect(desk.notifies.map(told)).toEqual([[], both.slice(0, 1), both]);
  expect(mobile.notifies.map(told)).toEqual([both]);

  const { registrar } = site.core;
  const contact = registrar.snapshot().find(({ uri }) => uri.includes(desk.address));
  registrar.removeContact("joe", contact!.id, "deactivated");
  await site.pass(6_000);
  for (const phone of [desk, mobile]) {
    expect(told(phone.notify)).toEqual(["mobile active registered", "desk terminated deactivated"]);
  }

  await register(site, desk, "desk");
  for (const phone of [desk, mobile]) {
    expect(told(phone.notify)).toEqual(["mobile active registered", "desk active registered"]);
  }
});

test("the neighbour learns neither where joe is nor that there is one", async () => {
  const { site } = await home();
  const neighbour = site.phone("192.0.2.12");
  const answers: string[] = [];
  for (const exten of ["joe", "nobody"]) {
    neighbour.subscribe({ exten, event: "reg", from: "sip:neighbour@192.0.2.1" });
    await site.pass();
    answers.push(neighbour.response.startLine);
  }
  expect(answers).toEqual(["SIP/2.0 404 Not Found", "SIP/2.0 404 Not Found"]);
  expect(neighbour.notifies).toEqual([]);
});

test("after a pulled plug both know what is true, though one of them expired meanwhile", async () => {
  const { site, desk, mobile } = await home();
  await register(site, mobile, "mobile", 60);
  for (const phone of [desk, mobile]) phone.clear();
  await site.restart(undefined, 120_000);
  await site.pass();
  for (const phone of [desk, mobile]) {
    expect(phone.notifies.map(told)).toEqual([["desk active registered"]]);
    expect(phone.notify.header("Subscription-State")).toStartWith("active;expires=");
  }
  await register(site, mobile, "mobile");
  for (const phone of [desk, mobile]) {
    expect(told(phone.notify)).toEqual(["desk active registered", "mobile active registered"]);
  }
});
