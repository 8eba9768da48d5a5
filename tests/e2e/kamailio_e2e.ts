/** A real Kamailio takes hintd's publications, forgets them, fails and comes back; and hintd takes Kamailio's. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Hintd, officeConfig, prepareHintd } from "./hintd.ts";
import { type Kamailio, KAMAILIO_AUTH, KAMAILIO_HOST, startKamailio } from "./kamailio.ts";
import { freePort } from "./ports.ts";
import { lampOf, Watcher } from "./watcher.ts";
import { header, okTo, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

let kamailio: Kamailio;
let hintd: Hintd;
let callee: Wire;

beforeAll(async () => {
  const port = await freePort(KAMAILIO_HOST);
  const auth = `auth = { username = "${KAMAILIO_AUTH.username}", password = "${KAMAILIO_AUTH.password}" }`;
  hintd = await prepareHintd((office) =>
    officeConfig(office, {
      more: `
3000 = "PJSIP/desk"
3001 = "PJSIP/shop"

[endpoints.desk]
contact = ["sip:desk@127.0.0.1:9"]
qualify_frequency = 0

[endpoints.shop]

[endpoints.kamailio]
match = ["${KAMAILIO_HOST}"]
identify_by = ["ip"]
publish = ["*"]

[endpoints.reader]
body_profile = "rfc"

[outbound_publish.lamps]
server_uri = "sip:${KAMAILIO_HOST}:${port}"
event = "dialog"
exten = "^2"
multi_user = true
${auth}

[outbound_publish.people]
server_uri = "sip:${KAMAILIO_HOST}:${port};transport=tcp"
event = "presence"
exten = "^2"
multi_user = true
expiration = 60
${auth}
`,
    })
  );
  callee = await openUdp(port, { server: KAMAILIO_HOST });
  kamailio = await startKamailio({ port, hintd: hintd.sipPort, callee: callee.port, minExpires: 90, maxExpires: 4 });
  await hintd.start();
});

afterAll(async () => {
  callee?.close();
  await hintd?.dispose();
  await kamailio?.dispose();
});

/** Watches presence; lamps are what a watcher watches unless told otherwise. */
const presence = { event: "presence", accept: "application/pidf+xml" };
const atKamailio = () => ({ host: KAMAILIO_HOST, port: kamailio.port });
const atHintd = () => ({ port: hintd.sipPort });

const noted = { RINGING: /<note>Ringing</, INUSE: /<note>On the phone</, NOT_INUSE: /<note>Ready</ };

describe("Kamailio, told by hintd,", () => {
  test("asks for a password and a longer life, and has every hint from the start (RFC 3903 §4.2, §5)", async () => {
    for (const exten of ["2000", "2001"]) {
      await kamailio.lines.line(new RegExp(`challenged ${exten}$`));
      await kamailio.lines.line(new RegExp(`too brief ${exten}: 60$`));
      await kamailio.lines.line(new RegExp(`PUBLISH dialog ${exten} by udp: tag=<null> expires=3600 bytes=[1-9]`));
      await kamailio.lines.line(new RegExp(`PUBLISH presence ${exten} by tcp: tag=<null> expires=90 bytes=[1-9]`));
    }
    expect(kamailio.lines.text).not.toMatch(/PUBLISH \w+ [^2]/);
  });

  test("has the same publication live on, refreshed under its tag without a body (RFC 3903 §4.3)", async () => {
    for (const [event, seconds] of [["dialog", 3_600], ["presence", 90]] as const) {
      await kamailio.lines.line(new RegExp(`PUBLISH ${event} 2001 .* tag=a\\S+ expires=${seconds} bytes=0$`));
    }
  });

  test("tells its own watchers of every change, also after a document without living dialogs", async () => {
    const lamp = await Watcher.begin({ ...atKamailio(), exten: "2000" });
    const person = await Watcher.begin({ ...atKamailio(), exten: "2000", ...presence });
    for (const state of ["RINGING", "INUSE", "NOT_INUSE", "INUSE", "NOT_INUSE"] as const) {
      await hintd.setDevice("Custom:door", state);
      await Promise.all([lamp.until(lampOf[state]), person.until(noted[state])]);
    }
    lamp.close();
    person.close();
  }, 30_000);

  test(
    "is left alone while it is down, then told anew what it has forgotten, and what changed (RFC 3903 §4.4, §5)",
    async () => {
      const before = await hintd.counters("publish");
      const from = hintd.lines.all.length;
      await kamailio.end();
      await hintd.setDevice("Custom:gate", "INUSE");
      await hintd.lines.line(/A server does not take publications.*people/, { from });
      const { unanswered } = await hintd.counters("publish");
      expect(unanswered! - before.unanswered!).toBeLessThan(5);
      await kamailio.start();
      await hintd.lines.line(/A server answers again.*people/, { from });
      const again = kamailio.lines.all.findLastIndex((line) => line.includes("init_tcp"));
      for (const event of ["dialog", "presence"]) {
        await kamailio.lines.line(new RegExp(`PUBLISH ${event} 2001 .* tag=<null> .* bytes=[1-9]`), { from: again });
      }
      const lamp = await Watcher.begin({ ...atKamailio(), exten: "2001" });
      const person = await Watcher.begin({ ...atKamailio(), exten: "2001", ...presence });
      await Promise.all([lamp.until(lampOf.INUSE), person.until(noted.INUSE)]);
      expect((await hintd.counters("publish")).tagsForgotten).toBeGreaterThan(before.tagsForgotten!);
      lamp.close();
      person.close();
    },
    40_000,
  );
});

describe("hintd, told by Kamailio,", () => {
  const pidf = (activity: string) =>
    `<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:3000@127.0.0.1">
  <tuple id="k"><status><basic>open</basic></status></tuple>
  <dm:person id="p"><rpid:activities><rpid:${activity}/></rpid:activities></dm:person>
</presence>`;

  /** Has Kamailio publish somebody's presence, and returns what it was granted; an empty document removes it. */
  async function publish(expires: number, document: string): Promise<Record<string, unknown>> {
    const type = document === "" ? "." : "application/pidf+xml";
    const params = ["sip:3000@127.0.0.1", String(expires), "presence", type, "desk", ".", ".", "."];
    const granted = await kamailio.call("pua.publish", document === "" ? params : [...params, document]);
    return granted as Record<string, unknown>;
  }

  test("shows presence that is published, modified and removed (RFC 3903 §4.2–§4.5)", async () => {
    const watcher = await Watcher.begin({ ...atHintd(), exten: "3000", ...presence, user: "reader" });
    await watcher.until(/<basic>open</);
    const { "SIP-ETag": first } = await publish(600, pidf("away"));
    await watcher.until(/<rpid:away ?\/>/);
    const { "SIP-ETag": second } = await publish(600, pidf("vacation"));
    await watcher.until(/<rpid:vacation ?\/>/);
    expect(first).not.toBe(second);
    const { items } = await (await hintd.fetch("/publications")).json() as { items: object[] };
    expect(items).toMatchObject([{ endpoint: "kamailio", event: "presence", target: "PJSIP/desk" }]);
    await publish(0, "");
    expect(await watcher.until(/<basic>open</)).not.toContain("vacation");
    watcher.close();
  });

  test("shows a call that goes through Kamailio from its ringing to its end (RFC 4235 §4.1)", async () => {
    const called = await Watcher.begin({ ...atHintd(), exten: "3000" });
    const calling = await Watcher.begin({ ...atHintd(), exten: "3001" });
    const caller = await openUdp(kamailio.port, { server: KAMAILIO_HOST });
    const parties = { from: "<sip:3001@127.0.0.2>;tag=caller", to: "<sip:3000@127.0.0.2>" };
    caller.send(requestFrom(caller, "UDP", { method: "INVITE", uri: "sip:3000@127.0.0.2", ...parties }));
    const invite = await callee.next((message) => message.startsWith("INVITE "));
    callee.send(answerTo(invite, "180 Ringing"));
    const callId = header(invite, "Call-ID");
    expect(await called.until(lampOf.RINGING)).toContain(`call-id="${callId}" local-tag="callee" remote-tag="caller"`);
    callee.send(answerTo(invite, "200 OK"));
    const [route] = routesOf(await caller.next((message) => startLine(message) === "SIP/2.0 200 OK"));
    await Promise.all([called.until(lampOf.INUSE), calling.until(lampOf.INUSE)]);
    for (const [cseq, method] of [[1, "ACK"], [2, "BYE"]] as const) {
      const to = `${parties.to};tag=callee`;
      const uri = `sip:3000@127.0.0.1:${callee.port}`;
      caller.send(
        requestFrom(caller, "UDP", { ...parties, to, method, cseq, uri, callId, headers: [`Route: ${route}`] }),
      );
    }
    callee.send(okTo(await callee.next((message) => message.startsWith("BYE "))));
    await Promise.all([called.until(lampOf.NOT_INUSE), calling.until(lampOf.NOT_INUSE)]);
    for (const each of [called, calling, caller]) each.close();
  }, 30_000);

  function routesOf(message: string): string[] {
    return message.split("\r\n").filter((line) => line.startsWith("Record-Route:")).map((line) => line.slice(14));
  }

  function answerTo(invite: string, status: string): string {
    const copied = invite.split("\r\n").filter((line) => /^(via|from|call-id|cseq|record-route)\s*:/i.test(line));
    const own = [`To: ${header(invite, "To")};tag=callee`, `Contact: <sip:3000@127.0.0.1:${callee.port}>`];
    return [`SIP/2.0 ${status}`, ...copied, ...own, "Content-Length: 0", "", ""].join("\r\n");
  }
});

test("a graceful stop leaves nothing behind at Kamailio (RFC 3903 §4.5)", async () => {
  const from = kamailio.lines.all.length;
  expect(await hintd.end()).toBe(0);
  for (const [event, exten] of [["dialog", 2000], ["dialog", 2001], ["presence", 2000], ["presence", 2001]]) {
    await kamailio.lines.line(new RegExp(`PUBLISH ${event} ${exten} .* tag=a\\S+ expires=0 bytes=0$`), { from });
  }
  const lamp = await Watcher.begin({ ...atKamailio(), exten: "2001" });
  expect(await lamp.next()).not.toMatch(/<state>(?!terminated)/);
  lamp.close();
});
