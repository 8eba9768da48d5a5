/** What two sockets show: retransmission, absorption, dialogs that are not there, connections that carry everything. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { body, header, okTo, openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd((office) => officeConfig(office, { more: "\n[timers]\nt1_ms = 100\ntimer_b_ms = 6400\n" }));
});

afterAll(() => hintd?.dispose());

const watch = ["Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"];
const isNotify = (message: string) => message.startsWith("NOTIFY ");
const isResponse = (message: string) => message.startsWith("SIP/2.0 ");

test("a NOTIFY that gets no answer comes again, the same to the last byte, and stops at the 200 (RFC 3261 §17.1.2.2)", async () => {
  const phone = await openUdp(hintd.sipPort);
  phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:2000@127.0.0.1", headers: watch }));
  const first = await phone.next(isNotify);
  expect(await phone.next(isNotify)).toBe(first);
  expect(await phone.next(isNotify)).toBe(first);
  phone.send(okTo(first));
  await hintd.setDevice("Custom:door", "RINGING");
  const changed = await phone.next((message) => isNotify(message) && message !== first);
  expect(body(changed)).toContain("early");
  phone.send(okTo(changed));
  phone.close();
});

test("a SUBSCRIBE that comes twice is answered twice and served once (RFC 3261 §17.2.2)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const subscribe = requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:2000@127.0.0.1", headers: watch });
  phone.send(subscribe);
  const [answer, notify] = [await phone.next(isResponse), await phone.next(isNotify)];
  phone.send(okTo(notify));
  phone.send(subscribe);
  expect(await phone.next(isResponse)).toBe(answer);
  // A marker behind it: whatever the copy set off would have come before the answer to this.
  phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1" }));
  await phone.next((message) => header(message, "CSeq") === "1 OPTIONS");
  expect(new Set(phone.received.filter(isNotify)).size).toBe(1);
  phone.close();
});

test("changes while a NOTIFY is unanswered come as one, the latest (RFC 6665 §4.2.2)", async () => {
  const phone = await openUdp(hintd.sipPort);
  await hintd.setDevice("Custom:gate", "NOT_INUSE");
  phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:2001@127.0.0.1", headers: watch }));
  const first = await phone.next(isNotify);
  for (const state of ["RINGING", "INUSE", "RINGING", "ONHOLD"]) await hintd.setDevice("Custom:gate", state);
  phone.send(okTo(first));
  const second = await phone.next((message) => isNotify(message) && message !== first);
  phone.send(okTo(second));
  phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1" }));
  await phone.next((message) => header(message, "CSeq") === "1 OPTIONS");
  expect(new Set(phone.received.filter(isNotify)).size).toBe(2);
  expect(Number(header(second, "CSeq").split(" ")[0])).toBe(Number(header(first, "CSeq").split(" ")[0]) + 1);
  phone.close();
});

test("a request for a dialog that is not there is 481 (RFC 3261 §12.2.2)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const uri = "sip:2000@127.0.0.1";
  phone.send(requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri, to: `<${uri}>;tag=gone`, headers: watch }));
  expect(startLine(await phone.next())).toStartWith("SIP/2.0 481 ");
  phone.close();
});

test("two phones on one TCP connection are told over it, keep-alives in between (RFC 5626 §3.5.1)", async () => {
  const phone = await openTcp(hintd.sipPort);
  await hintd.setDevice("Custom:gate", "NOT_INUSE");
  phone.send("\r\n\r\n");
  expect(await phone.next()).toBe("\r\n");
  for (const event of ["presence", "dialog"]) {
    const headers = [`Event: ${event}`, "Expires: 600"];
    phone.send(requestFrom(phone, "TCP", { method: "SUBSCRIBE", uri: "sip:2001@127.0.0.1", headers }));
    expect(startLine(await phone.next(isResponse))).toBe("SIP/2.0 200 OK");
    phone.send(okTo(await phone.next(isNotify)));
  }
  await hintd.setDevice("Custom:gate", "INUSE");
  const notifies = [await phone.next(isNotify), await phone.next(isNotify)];
  expect(notifies.map((notify) => header(notify, "Event")).sort()).toEqual(["dialog", "presence"]);
  for (const notify of notifies) phone.send(okTo(notify));
  phone.close();
});

test("a message that comes byte by byte over TCP is the same message (RFC 3261 §18.3)", async () => {
  const phone = await openTcp(hintd.sipPort);
  for (const byte of requestFrom(phone, "TCP", { uri: "sip:127.0.0.1" })) phone.send(byte);
  expect(startLine(await phone.next())).toBe("SIP/2.0 200 OK");
  phone.close();
});

/** The answers to a SUBSCRIBE without credentials and to one with wrong ones, without what differs each time. */
async function refusalsOf(user: string): Promise<string> {
  const phone = await openUdp(hintd.sipPort);
  const parts = {
    method: "SUBSCRIBE",
    uri: "sip:2000@127.0.0.1",
    from: `<sip:${user}@127.0.0.1>;tag=same`,
    callId: "the-same-for-all",
    branch: `z9hG4bK${user}`,
  };
  phone.send(requestFrom(phone, "UDP", { ...parts, headers: watch }));
  const challenge = await phone.next();
  const nonce = /nonce="([^"]*)"/.exec(challenge)![1]!;
  const digest = `Digest username="${user}", realm="hintd", nonce="${nonce}", uri="sip:2000@127.0.0.1", ` +
    `response="${"0".repeat(32)}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"`;
  const headers = [...watch, `Authorization: ${digest}`];
  phone.send(requestFrom(phone, "UDP", { ...parts, branch: `${parts.branch}2`, cseq: 2, headers }));
  const refusal = await phone.next();
  phone.close();
  expect([challenge, refusal].map(startLine)).toEqual(Array(2).fill("SIP/2.0 401 Unauthorized"));
  return (challenge + refusal).replaceAll(user, "USER").replace(/nonce="[^"]*"|tag=\w+$|:\d+|rport=\d+/gm, "*");
}

test("a name that nobody has is answered as some endpoint with a wrong password (RFC 7616 §3.4)", async () => {
  const known = [await refusalsOf("alice"), await refusalsOf("bob"), await refusalsOf("carol")];
  for (const nobody of ["mabel", "frank", "susan", "peter"]) {
    expect(known).toContain(await refusalsOf(nobody));
  }
});
