/** The keys of a phone, as Yealink and Poly send them: do-not-disturb becomes presence, for whoever watches and for the other phones. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { header, okTo, openTcp, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

const TYPE = "application/x-as-feature-event+xml";
const NAMESPACE = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

let hintd: Hintd;
beforeAll(async () => {
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more:
        '1003 = "PJSIP/dave,CustomPresence:dave(Dave)"\n[endpoints.dave]\nmatch = ["127.0.0.1"]\nidentify_by = ["ip"]\n',
    })
  );
});
afterAll(() => hintd?.dispose());

/** One phone of Dave's that is synchronised: its dialog, and the NOTIFYs that it answers. */
function phoneOfDave(wire: Wire, transport: "UDP" | "TCP") {
  let sequence = 0;
  let toTag = "";
  const callId = `features-${crypto.randomUUID()}`;
  async function subscribe(body = "") {
    sequence++;
    wire.send(requestFrom(wire, transport, {
      method: "SUBSCRIBE",
      uri: "sip:dave@127.0.0.1",
      from: `<sip:dave@127.0.0.1>;tag=${callId}`,
      to: `<sip:dave@127.0.0.1>${toTag === "" ? "" : `;tag=${toTag}`}`,
      callId,
      cseq: sequence,
      headers: [
        "Event: as-feature-event",
        `Accept: ${TYPE}`,
        "Expires: 600",
        ...(body === "" ? [] : [`Content-Type: ${TYPE}`]),
      ],
      body,
    }));
    const granted = await wire.next((message) => message.startsWith("SIP/2.0 "));
    toTag = /;tag=([^;\r]+)/.exec(header(granted, "To"))?.[1] ?? "";
    return granted;
  }
  async function notified() {
    const notify = await wire.next((message) => message.startsWith("NOTIFY "));
    wire.send(okTo(notify));
    return notify;
  }
  return { subscribe, notified };
}

test("a key pressed on one phone lights it on the other, and the lamp of whoever watches", async () => {
  const desk = phoneOfDave(await openUdp(hintd.sipPort), "UDP");
  const mobile = phoneOfDave(await openTcp(hintd.sipPort), "TCP");
  for (const phone of [desk, mobile]) {
    expect(startLine(await phone.subscribe())).toBe("SIP/2.0 200 OK");
    expect(await phone.notified()).toContain("<doNotDisturbOn>false<");
  }
  const key = `<?xml version="1.0" encoding="ISO-8859-1"?><SetDoNotDisturb xmlns="${NAMESPACE}">` +
    "<device>dave</device><doNotDisturbOn>true</doNotDisturbOn></SetDoNotDisturb>";
  expect(startLine(await desk.subscribe(key))).toBe("SIP/2.0 200 OK");
  for (const phone of [desk, mobile]) expect(await phone.notified()).toContain("<doNotDisturbOn>true<");
  const hint = await (await hintd.fetch("/hints/default/1003")).json() as { presence: { state: string } };
  expect(hint.presence.state).toBe("dnd");

  // The web switch is the same switch.
  const { exitCode } = await hintd.run("presencestate", "set", "CustomPresence:dave", "available");
  expect(exitCode).toBe(0);
  for (const phone of [desk, mobile]) expect(await phone.notified()).toContain("<doNotDisturbOn>false<");
});

test("forwarding is kept over a pulled plug", async () => {
  const desk = phoneOfDave(await openUdp(hintd.sipPort), "UDP");
  const key = `<SetForwarding xmlns="${NAMESPACE}"><device/><forwardingType>forwardImmediate</forwardingType>` +
    "<forwardDN>2001</forwardDN><activateForward>true</activateForward></SetForwarding>";
  expect(startLine(await desk.subscribe(key))).toBe("SIP/2.0 200 OK");
  expect(await desk.notified()).toContain("<forwardTo>2001<");
  await hintd.end("SIGKILL");
  await hintd.start();
  const { items } = await (await hintd.fetch("/endpoints")).json() as {
    items: { name: string; forwardings: unknown[] }[];
  };
  expect(items.find(({ name }) => name === "dave")!.forwardings).toEqual([
    { kind: "immediate", is_active: true, to: "2001", ring_count: 0 },
  ]);
  expect(await desk.notified()).toContain("<forwardTo>2001<");
});
