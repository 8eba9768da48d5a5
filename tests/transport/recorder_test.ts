import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Recorder } from "../../lib/transport/recorder.ts";
import type { Listener } from "../../lib/transport/transport.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { bind, message, openSite, tcpPeer, udpPeer, until } from "./site.ts";

const decoder = new TextDecoder();
const bounds = { messageCount: 8, bytes: 100, messageBytes: 40 };

const listener: Listener = {
  name: "lan",
  transport: "udp",
  address: "0.0.0.0",
  port: 5060,
  isSymmetric: false,
  isOpen: true,
  advertised: (remoteAddress) => ({ host: remoteAddress.includes(":") ? "[2001:db8::5]" : "192.168.1.5", port: 5060 }),
};

function kept(recorder: Recorder) {
  const messages = [];
  for (let id = recorder.oldestId; id < recorder.nextId; id++) messages.push(recorder.message(id)!);
  return messages;
}

function texts(recorder: Recorder): string[] {
  return kept(recorder).map(({ bytes }) => decoder.decode(bytes));
}

function record(recorder: Recorder, text: string, isSent = false, remote = "192.168.1.20"): void {
  const bytes = new TextEncoder().encode(`<<${text}>>`);
  recorder.record(bytes, 2, bytes.length - 2, isSent, listener, remote, 5062);
}

describe("recorder", () => {
  test("keeps bytes, instant to the microsecond, both addresses and direction", () => {
    const clock = new ManualClock();
    const recorder = new Recorder(clock, bounds);
    clock.advance(1_000.25);
    record(recorder, "one");
    record(recorder, "two", true, "2001:db8::20");
    expect(kept(recorder)).toEqual([
      {
        id: 1,
        atMicros: (Date.UTC(2026, 0, 1) + 1_000.25) * 1_000,
        isSent: false,
        transport: "udp",
        local: { address: "192.168.1.5", port: 5060 },
        remote: { address: "192.168.1.20", port: 5062 },
        bytes: new TextEncoder().encode("one"),
        wireLength: 3,
      },
      expect.objectContaining({ id: 2, isSent: true, local: { address: "2001:db8::5", port: 5060 } }),
    ]);
    expect(recorder.message(0)).toBeUndefined();
    expect(recorder.message(3)).toBeUndefined();
  });

  test("keeps a copy: the buffer of a socket is used again", () => {
    const recorder = new Recorder(new ManualClock(), bounds);
    const bytes = new TextEncoder().encode("one");
    recorder.record(bytes, 0, 3, false, listener, "192.168.1.20", 5060);
    bytes.fill(0);
    expect(texts(recorder)).toEqual(["one"]);
  });

  test("keeps the beginning of a message that is too long and says how long it was", () => {
    const recorder = new Recorder(new ManualClock(), bounds);
    record(recorder, "x".repeat(70));
    expect(kept(recorder)).toMatchObject([{ wireLength: 70, bytes: { length: 40 } }]);
  });

  test("forgets the oldest beyond the count", () => {
    const recorder = new Recorder(new ManualClock(), bounds);
    for (let i = 1; i <= 20; i++) record(recorder, String(i));
    expect(texts(recorder)).toEqual(["13", "14", "15", "16", "17", "18", "19", "20"]);
    expect(recorder.message(12)).toBeUndefined();
    expect(recorder.message(13)?.id).toBe(13);
  });

  test("forgets the oldest beyond the bytes, and lets none lie in two pieces", () => {
    const recorder = new Recorder(new ManualClock(), bounds);
    for (const text of ["a", "b", "c", "d"]) record(recorder, text.repeat(30));
    expect(texts(recorder).map((text) => text[0])).toEqual(["b", "c", "d"]);
    record(recorder, "e".repeat(35));
    expect(texts(recorder).map((text) => text[0])).toEqual(["d", "e"].slice(-2));
  });

  test("tells the wall time anew after the clock was set", () => {
    const clock = new ManualClock();
    const recorder = new Recorder(clock, bounds);
    record(recorder, "one");
    clock.setWall(Date.UTC(2027, 0, 1));
    expect(recorder.message(1)?.atMicros).toBe(Date.UTC(2027, 0, 1) * 1_000);
  });

  test("what it keeps is the end of what was said, whatever the lengths", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 });
    fc.assert(fc.property(lengths, (said) => {
      const recorder = new Recorder(new ManualClock(), bounds);
      const all: string[] = [];
      for (const [i, length] of said.entries()) {
        const text = String.fromCharCode(65 + i % 26).repeat(length);
        all.push(text.slice(0, bounds.messageBytes));
        record(recorder, text);
        const now = texts(recorder);
        expect(now.length).toBeGreaterThan(0);
        expect(now).toEqual(all.slice(-now.length));
      }
    }));
  });
});

for (const transport of ["udp", "tcp"] as const) {
  test(`a ${transport} listener records what comes and what leaves, pings excepted (RFC 5626 §3.5.1)`, async () => {
    const site = await openSite(bind(transport, "127.0.0.1"));
    site.up.reply = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";
    const peer = transport === "udp" ? await udpPeer("127.0.0.1") : await tcpPeer("127.0.0.1", site.port());
    peer.send("\r\n\r\n", site.port());
    peer.send(message(5), site.port());
    await until(() => site.up.messages.length === 1);
    expect(kept(site.recorder)).toMatchObject([
      {
        isSent: false,
        transport,
        local: { address: "127.0.0.1", port: site.port() },
        remote: { address: "127.0.0.1" },
      },
      { isSent: true, transport, remote: { port: site.up.messages[0]!.flow.remotePort } },
    ]);
    expect(texts(site.recorder)).toEqual([message(5), site.up.reply]);
    site.close();
    if ("end" in peer) peer.end();
    else peer.close();
  });
}

test("what cannot be framed is recorded too (RFC 3261 §18.3)", async () => {
  const site = await openSite(bind("tcp", "127.0.0.1"));
  const peer = await tcpPeer("127.0.0.1", site.port());
  peer.send("OPTIONS sip:a SIP/2.0\r\n\r\n");
  await until(() => site.up.unframed.length === 1);
  expect(texts(site.recorder)).toEqual(["OPTIONS sip:a SIP/2.0\r\n\r\n"]);
  site.close();
  peer.end();
});
