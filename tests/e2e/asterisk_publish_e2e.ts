/** What Asterisks tell each other of devices and mailboxes, told to hintd, told by hintd, and between two hintds. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { freePort } from "./ports.ts";
import { lampOf, Watcher } from "./watcher.ts";
import { body, header, okTo, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

/** Where the Asterisk is that these tests play. */
const ASTERISK_HOST = "127.0.0.3";
const EID = "00:16:3e:aa:bb:cc";

const summary = { event: "message-summary", accept: "application/simple-message-summary" };
const isPublish = (message: string) => message.startsWith("PUBLISH ");
const isResponse = (message: string) => message.startsWith("SIP/2.0 ");
const device = (name: string, state: string) => ({ type: "devicestate", device: name, state, cachable: 1, eid: EID });
const mailbox = (box: string, fresh: number, old: number) => ({
  type: "mailboxstate",
  uniqueid: box,
  old,
  new: fresh,
  eid: EID,
});
const refresh = { type: "refresh", eid: EID };

/** An `outbound-publish` of res_pjsip: one Call-ID, one request at a time, the last tag with each but the first. */
class OutboundPublish {
  readonly #wire: Wire;
  readonly #uri: string;
  readonly #event: string;
  readonly #callId = crypto.randomUUID();
  #cseq = Math.floor(Math.random() * 32_768);
  #tag = "";

  constructor(wire: Wire, uri: string, event: string) {
    this.#wire = wire;
    this.#uri = uri;
    this.#event = event;
  }

  /** Sends a message, or none to refresh, or none for 0 seconds to remove; returns the answer. */
  async send(message?: object, expires = 3_600): Promise<string> {
    this.#wire.send(requestFrom(this.#wire, "UDP", {
      method: "PUBLISH",
      uri: this.#uri,
      from: `<${this.#uri}>;tag=${this.#callId}`,
      callId: this.#callId,
      cseq: ++this.#cseq,
      headers: [
        ...(this.#tag === "" ? [] : [`SIP-If-Match: ${this.#tag}`]),
        `Event: ${this.#event}`,
        `Expires: ${expires}`,
        "User-Agent: Asterisk PBX 20.5.0",
        ...(message === undefined ? [] : ["Content-Type: application/json"]),
      ],
      ...(message === undefined ? {} : { body: JSON.stringify(message) }),
    }));
    const answer = await this.#wire.next(isResponse);
    expect(startLine(answer)).toBe("SIP/2.0 200 OK");
    this.#tag = header(answer, "SIP-ETag");
    return answer;
  }
}

/** The side of an Asterisk that takes PUBLISHs: whole numbers for tags, one publication of each event. */
class InboundPublication {
  readonly #wire: Wire;
  readonly #tags = new Map<string, number>();
  #serial = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Takes requests until a message of an event satisfies; returns all messages of the event on the way. */
  async until(event: string, isIt: (message: Record<string, unknown>) => boolean): Promise<Record<string, unknown>[]> {
    for (const messages: Record<string, unknown>[] = [];;) {
      const request = await this.#take();
      if (request === undefined || header(request, "Event") !== event || body(request) === "") continue;
      const message = JSON.parse(body(request)) as Record<string, unknown>;
      messages.push(message);
      if (isIt(message)) return messages;
    }
  }

  /** Loses all publications, as an Asterisk does that is started again. */
  forget(): void {
    this.#tags.clear();
  }

  /** Answers the next request; returns it unless its tag is unknown. */
  async #take(): Promise<string | undefined> {
    const request = await this.#wire.next(isPublish);
    const event = header(request, "Event");
    const tag = header(request, "SIP-If-Match");
    if (tag !== "" && String(this.#tags.get(event)) !== tag) {
      this.#wire.send(okTo(request).replace("200 OK", "412 Conditional Request Failed"));
      return undefined;
    }
    this.#tags.set(event, ++this.#serial);
    const headers = [`SIP-ETag: ${this.#serial}`, `Expires: ${header(request, "Expires")}`, "Content-Length: 0"];
    this.#wire.send(okTo(request).replace("Content-Length: 0", headers.join("\r\n")));
    return request;
  }
}

describe("hintd beside an Asterisk", () => {
  let hintd: Hintd;
  let asterisk: Wire;
  let inbound: InboundPublication;
  const uri = () => `sip:hintd@127.0.0.1:${hintd.sipPort}`;

  beforeAll(async () => {
    const port = await freePort(ASTERISK_HOST);
    hintd = await startHintd((office) =>
      officeConfig(office, {
        more: `
3000 = "PJSIP/far"
3001 = "MWI:300"

[endpoints.pbx]
match = ["${ASTERISK_HOST}"]
identify_by = ["ip"]
publish = ["*"]

[endpoints.desk]
mailboxes = ["300"]

[outbound_publish.devices]
server_uri = "sip:hintd@${ASTERISK_HOST}:${port}"
event = "asterisk-devicestate"

[outbound_publish.mailboxes]
server_uri = "sip:hintd@${ASTERISK_HOST}:${port}"
event = "asterisk-mwi"
`,
      })
    );
    asterisk = await openUdp(hintd.sipPort, { host: ASTERISK_HOST, port });
    inbound = new InboundPublication(asterisk);
  });

  afterAll(async () => {
    await hintd?.dispose();
    asterisk?.close();
  });

  test("asks it for everything, then tells it every device of its own", async () => {
    const messages = await inbound.until("asterisk-devicestate", ({ device }) => device === "PJSIP/desk");
    expect(messages[0]).toEqual({ type: "refresh", eid: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) });
    expect(messages.slice(1).map(({ device, state }) => `${device} ${state}`)).toEqual([
      "PJSIP/alice UNAVAILABLE",
      "PJSIP/bob UNAVAILABLE",
      "PJSIP/carol UNAVAILABLE",
      "PJSIP/guest UNAVAILABLE",
      "PJSIP/pbx UNAVAILABLE",
      "PJSIP/desk UNAVAILABLE",
    ]);
  });

  test("tells it of each change, and everything anew when it has forgotten, or asks", async () => {
    await hintd.setDevice("Custom:door", "RINGING");
    const isDoor = ({ device }: Record<string, unknown>) => device === "Custom:door";
    const [told] = await inbound.until("asterisk-devicestate", isDoor);
    expect(told).toEqual({ type: "devicestate", device: "Custom:door", state: "RINGING", cachable: 1, eid: told!.eid });
    inbound.forget();
    await hintd.setDevice("Custom:door", "INUSE");
    const again = await inbound.until("asterisk-devicestate", ({ device }) => device === "PJSIP/desk");
    expect(again.map(({ device }) => device)).toContain("Custom:door");
    await hintd.run("mailbox", "set", "500", "2", "1");
    const [box] = await inbound.until("asterisk-mwi", ({ type }) => type === "mailboxstate");
    expect(box).toEqual({ type: "mailboxstate", uniqueid: "500@default", old: 1, new: 2, eid: told!.eid });
    const peer = await openUdp(hintd.sipPort, { host: ASTERISK_HOST });
    await new OutboundPublish(peer, uri(), "asterisk-devicestate").send(refresh);
    const asked = await inbound.until("asterisk-devicestate", ({ device }) => device === "PJSIP/desk");
    expect(asked.every(({ type }) => type === "devicestate")).toBe(true);
    peer.close();
  });

  test("shows its devices, once, while it publishes them, also when it was started again", async () => {
    const watcher = await Watcher.begin({ port: hintd.sipPort, exten: "3000" });
    await watcher.until(lampOf.NOT_INUSE);
    const [first, second] = [
      await openUdp(hintd.sipPort, { host: ASTERISK_HOST }),
      await openUdp(hintd.sipPort, { host: ASTERISK_HOST }),
    ];
    const before = new OutboundPublish(first, uri(), "asterisk-devicestate");
    await before.send(device("PJSIP/far", "RINGING"));
    await watcher.until(lampOf.RINGING);
    await before.send(device("Queue:support", "INUSE"));
    const granted = await before.send();
    expect(header(granted, "Expires")).toBe("3600");
    const after = new OutboundPublish(second, uri(), "asterisk-devicestate");
    await after.send(device("PJSIP/far", "INUSE"));
    expect(await watcher.next()).toMatch(lampOf.INUSE);
    await after.send(device("PJSIP/far", "NOT_INUSE"));
    expect(await watcher.next()).toMatch(lampOf.NOT_INUSE);
    await after.send(undefined, 0);
    expect(await watcher.next()).toMatch(lampOf.RINGING);
    await before.send(undefined, 0);
    expect(await watcher.next()).toMatch(lampOf.NOT_INUSE);
    for (const each of [watcher, first, second]) each.close();
  });

  test("shows its mailboxes to phones and lamps, and hides its own counts meanwhile", async () => {
    await hintd.run("mailbox", "set", "300", "1");
    const phone = await Watcher.begin({ port: hintd.sipPort, exten: "desk", user: "desk", ...summary });
    const lamp = await Watcher.begin({ port: hintd.sipPort, exten: "3001" });
    expect(await phone.next()).toContain("Voice-Message: 1/0");
    expect(await lamp.next()).toMatch(lampOf.INUSE);
    const wire = await openUdp(hintd.sipPort, { host: ASTERISK_HOST });
    const publish = new OutboundPublish(wire, uri(), "asterisk-mwi");
    await publish.send(mailbox("300@default", 4, 2));
    expect(await phone.next()).toContain("Voice-Message: 4/2");
    await publish.send(mailbox("300@default", 0, 6));
    expect(await phone.next()).toContain("Voice-Message: 0/6");
    expect(await lamp.next()).toMatch(lampOf.NOT_INUSE);
    await publish.send(undefined, 0);
    expect(await phone.next()).toContain("Voice-Message: 1/0");
    for (const each of [phone, lamp, wire]) each.close();
  });

  test("tells it nothing of what it said itself", async () => {
    const wire = await openUdp(hintd.sipPort, { host: ASTERISK_HOST });
    await new OutboundPublish(wire, uri(), "asterisk-devicestate").send(device("Custom:far", "INUSE"));
    await new OutboundPublish(wire, uri(), "asterisk-mwi").send(mailbox("far@default", 1, 0));
    await hintd.setDevice("Custom:gate", "INUSE");
    await hintd.run("mailbox", "set", "600", "1");
    const devices = await inbound.until("asterisk-devicestate", ({ device }) => device === "Custom:gate");
    const boxes = await inbound.until("asterisk-mwi", ({ uniqueid }) => uniqueid === "600@default");
    expect(JSON.stringify([devices, boxes])).not.toContain("far");
    wire.close();
  });
});

test("two hintds show each other's devices and mailboxes, and nothing goes round in circles", async () => {
  const ports = [await freePort(), await freePort()] as const;
  const auth = 'auth = { username = "peer", password = "between-us" }';
  const start = (own: number, other: number) =>
    startHintd((office) => {
      office.sipPort = own;
      const section = (event: string) => `
[outbound_publish.${event}]
server_uri = "sip:peer@127.0.0.1:${other}"
event = "${event}"
${auth}
`;
      const peer = `
_3XXX = "Custom:\${EXTEN}"
4000 = "MWI:400"

[endpoints.peer]
publish = ["*"]
${auth}
`;
      return officeConfig(office, { more: peer + section("asterisk-devicestate") + section("asterisk-mwi") });
    });
  const [one, two] = await Promise.all([start(ports[0], ports[1]), start(ports[1], ports[0])]);
  const open: Watcher[] = [];
  const watch = async (at: Hintd, exten: string) => {
    const watcher = await Watcher.begin({ port: at.sipPort, exten });
    open.push(watcher);
    return watcher;
  };
  /** Sets a device that none was told of here, and returns when it lights at the other: all that waited before is told. */
  const fence = async (here: Hintd, there: Hintd, exten: string) => {
    const watcher = await watch(there, exten);
    await here.setDevice(`Custom:${exten}`, "INUSE");
    await watcher.until(lampOf.INUSE);
  };
  try {
    const [atOne, atTwo] = [await watch(one, "2000"), await watch(two, "2000")];
    await fence(one, two, "3001");
    await fence(two, one, "3002");
    await fence(one, two, "3003");
    const before = [await one.counters("publish"), await two.counters("publish")];
    for (const state of ["RINGING", "INUSE", "NOT_INUSE", "INUSE"] as const) {
      await one.setDevice("Custom:door", state);
      await Promise.all([atOne.until(lampOf[state]), atTwo.until(lampOf[state])]);
    }
    await two.setDevice("Custom:door", "RINGING");
    await atOne.until(lampOf.INUSE);
    await one.setDevice("Custom:door", "NOT_INUSE");
    await Promise.all([atOne.until(lampOf.RINGING), atTwo.until(lampOf.RINGING)]);
    await two.setDevice("Custom:door", "NOT_INUSE");
    await Promise.all([atOne.until(lampOf.NOT_INUSE), atTwo.until(lampOf.NOT_INUSE)]);
    const box = await watch(two, "4000");
    await one.run("mailbox", "set", "400", "3");
    await box.until(lampOf.INUSE);
    await fence(two, one, "3004");
    await fence(one, two, "3005");
    const after = [await one.counters("publish"), await two.counters("publish")];
    const sent = after.map(({ documentsSent }, i) => documentsSent! - before[i]!.documentsSent!);
    // Five states of the door, a mailbox, a fence; two states of the door, a fence. Each document is challenged anew at most once.
    const challenged = after.map(({ challengesAnswered }, i) => challengesAnswered! - before[i]!.challengesAnswered!);
    expect(sent.map((count, i) => count - challenged[i]!)).toEqual([7, 3]);
  } finally {
    for (const watcher of open) watcher.close();
    await Promise.all([one.dispose(), two.dispose()]);
  }
}, 40_000);
