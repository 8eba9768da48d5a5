import { describe, expect, test } from "bun:test";
import { type TraceQuery, Traces } from "../../lib/trace/traces.ts";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Listener } from "../../lib/transport/transport.ts";
import { ManualClock } from "../support/manual_clock.ts";

const everything: TraceQuery = { dialog: "", callId: "", extension: "", address: "", method: "" };

const listener: Listener = {
  name: "lan",
  transport: "udp",
  address: "192.168.1.5",
  port: 5060,
  isSymmetric: false,
  isOpen: true,
  advertised: () => ({ host: "192.168.1.5", port: 5060 }),
};

function request(method: string, user: string, callId: string, extra = ""): string {
  return `${method} sip:${user}@192.168.1.5 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK${callId}\r\n` +
    `From: "Bob" <sip:bob@192.168.1.5>;tag=1\r\nTo: <sip:${user}@192.168.1.5>\r\nCall-ID: ${callId}\r\n` +
    `CSeq: 7 ${method}\r\nMax-Forwards: 70\r\n${extra}Content-Length: 0\r\n\r\n`;
}

function response(status: string, method: string, callId: string): string {
  return `SIP/2.0 ${status}\r\nVia: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK${callId}\r\n` +
    `From: <sip:bob@192.168.1.5>;tag=1\r\nTo: <sip:1001@192.168.1.5>;tag=2\r\nCall-ID: ${callId}\r\n` +
    `CSeq: 7 ${method}\r\nServer: hintd\r\nContent-Length: 0\r\n\r\n`;
}

function office(bounds = { messageCount: 1_024, bytes: 1_000_000, messageBytes: 2_000 }) {
  const clock = new ManualClock();
  const recorder = new Recorder(clock, bounds);
  let pauses = 0;
  const traces = new Traces(recorder, () => {
    pauses++;
    return Promise.resolve();
  });
  return {
    recorder,
    traces,
    get pauses() {
      return pauses;
    },
    hear(text: string, remote = "192.168.1.20") {
      clock.advance(1);
      recorder.record(Buffer.from(text), 0, Buffer.byteLength(text), false, listener, remote, 5060);
    },
    say(text: string, remote = "192.168.1.20") {
      clock.advance(1);
      recorder.record(Buffer.from(text), 0, Buffer.byteLength(text), true, listener, remote, 5060);
    },
    async callIds(query: Partial<TraceQuery>) {
      return (await traces.dialogs({ ...everything, ...query })).map(({ key }) => key);
    },
  };
}

describe("traces", () => {
  test("group messages by Call-ID, the dialog that spoke last first", async () => {
    const site = office();
    site.hear(request("SUBSCRIBE", "1001", "a", "Event: dialog\r\nExpires: 600\r\nUser-Agent: Yealink\r\n"));
    site.hear(request("REGISTER", "", "b"));
    site.say(response("200 OK", "SUBSCRIBE", "a"));
    const dialogs = await site.traces.dialogs(everything);
    expect(dialogs.map(({ key, messages }) => [key, messages.map(({ id }) => id)])).toEqual([["a", [1, 3]], [
      "b",
      [2],
    ]]);
    expect(dialogs[0]!.messages).toMatchObject([
      {
        isSent: false,
        method: "SUBSCRIBE",
        status: 0,
        cseq: 7,
        branch: "z9hG4bKa",
        requestUser: "1001",
        fromUser: "bob",
        toUser: "1001",
        event: "dialog",
        expires: "600",
        agent: "Yealink",
        fault: undefined,
      },
      { isSent: true, method: "SUBSCRIBE", status: 200, reason: "OK", requestUser: "", agent: "hintd" },
    ]);
  });

  test("show whole dialogs of which one message fits all that is asked for", async () => {
    const site = office();
    site.hear(request("SUBSCRIBE", "1001", "a"));
    site.say(response("200 OK", "SUBSCRIBE", "a"));
    site.hear(request("SUBSCRIBE", "%31002", "b"), "192.168.1.21");
    site.hear(request("REGISTER", "", "c"), "2001:db8::1");
    expect(await site.callIds({})).toEqual(["c", "b", "a"]);
    expect(await site.callIds({ extension: "1001" })).toEqual(["a"]);
    expect(await site.callIds({ extension: "1002" })).toEqual(["b"]);
    expect(await site.callIds({ extension: "bob" })).toEqual(["c", "b", "a"]);
    expect(await site.callIds({ extension: "100" })).toEqual([]);
    expect(await site.callIds({ address: "192.168.1.21" })).toEqual(["b"]);
    expect(await site.callIds({ address: "[2001:db8::1]:5060" })).toEqual(["c"]);
    expect(await site.callIds({ method: "subscribe" })).toEqual(["b", "a"]);
    expect(await site.callIds({ method: "SUBSCRIBE", address: "192.168.1.20" })).toEqual(["a"]);
    expect(await site.callIds({ callId: "c" })).toEqual(["c"]);
    expect(await site.callIds({ dialog: "a", address: "192.168.1.20" })).toEqual(["a"]);
    const [dialog] = await site.traces.dialogs({ ...everything, extension: "1001" });
    expect(dialog!.messages.length).toBe(2);
  });

  test("show what is no SIP under the peer that sent it, with the rule it breaks", async () => {
    const site = office();
    site.hear("hello\r\n\r\n", "203.0.113.9");
    site.hear("hello again\r\n\r\n", "203.0.113.9");
    site.hear("hello\r\n\r\n", "203.0.113.10");
    const dialogs = await site.traces.dialogs(everything);
    expect(dialogs.map(({ key, messages }) => [key, messages.length])).toEqual([
      ["@203.0.113.10:5060", 1],
      ["@203.0.113.9:5060", 2],
    ]);
    expect(dialogs[0]!.messages[0]!.fault).toContain("Request-Line");
  });

  test("do not blame the sender for an end that was too long to be kept", async () => {
    const site = office({ messageCount: 8, bytes: 10_000, messageBytes: 400 });
    const text = request("NOTIFY", "1001", "a").replace("Content-Length: 0", "Content-Length: 900") + "b".repeat(900);
    site.hear(text);
    const [dialog] = await site.traces.dialogs(everything);
    expect(dialog!.messages).toMatchObject([{ isWhole: false, wireLength: text.length, fault: undefined }]);
  });

  test("read each message once, in portions, and forget what has given way", async () => {
    const site = office({ messageCount: 1_024, bytes: 10_000_000, messageBytes: 2_000 });
    for (let i = 0; i < 1_000; i++) site.hear(request("OPTIONS", "1001", `call-${i}`));
    expect((await site.callIds({})).length).toBe(1_000);
    expect(site.pauses).toBe(3);
    for (let i = 1_000; i < 1_100; i++) site.hear(request("OPTIONS", "1001", `call-${i}`));
    const callIds = await site.callIds({});
    expect(site.pauses).toBe(3);
    expect(callIds.length).toBe(1_024);
    expect(callIds[0]).toBe("call-1099");
    expect(callIds.at(-1)).toBe("call-76");
    for (let i = 0; i < 2_000; i++) site.hear(request("OPTIONS", "1001", `late-${i}`));
    expect((await site.callIds({})).at(-1)).toBe("late-976");
  });

  test("two who look at once see the same", async () => {
    const site = office();
    for (let i = 0; i < 1_000; i++) site.hear(request("OPTIONS", "1001", `call-${i}`));
    const [one, other] = await Promise.all([site.callIds({}), site.callIds({})]);
    expect(one.length).toBe(1_000);
    expect(other).toEqual(one);
  });

  test("give the text without the proof of the password (RFC 3261 §22.4)", () => {
    const site = office();
    site.hear(request("REGISTER", "", "a", 'Authorization: Digest username="bob", response="0123"\r\n'));
    expect(site.traces.text(1)).toContain('username="bob", response="xxxx"');
    expect(site.traces.text(2)).toBeUndefined();
  });
});
