import { describe, expect, it } from "bun:test";
import { bytesOf, textOf } from "../../lib/sip/slice.ts";
import { StreamFramer } from "../../lib/sip/stream_framer.ts";
import { threeWays } from "../support/three_ways.ts";
import { requestText } from "./messages.ts";

const LIMITS = { headBytes: 400, messageBytes: 1000 };

/** Everything the framer tells, as lines. */
function frames(chunks: Uint8Array[]): string[] {
  const seen: string[] = [];
  const framer = new StreamFramer({
    receiveFrame: (bytes, start, end) => seen.push(textOf(bytes, start, end)),
    receivePing: () => seen.push("ping"),
    frameFailed: ({ status, reasonPhrase }) => seen.push(`${status} ${reasonPhrase}`),
  }, LIMITS);
  // A chunk is only valid during the call: what the framer wants later it must have copied.
  for (const chunk of chunks) {
    const copy = chunk.slice();
    framer.receive(copy);
    copy.fill(0x58);
  }
  return seen;
}

const empty = requestText({ "Content-Length": "0" });
const full = requestText({ l: "5" }, { body: "a\r\n\r\n" });
const folded = requestText({ "Content-Length \t": "\r\n\t3\r\n " }, { body: "abc" });
const many = requestText({ "X-Content-Length": "9", Subject: "l: 7", "Content-Length": "0" });

describe("messages in a stream (RFC 3261 §18.3)", () => {
  const cases: [string, string, string[]][] = [
    ["one without body", empty, [empty]],
    ["one with a body that looks like a head's end", full, [full]],
    ["three in a row", empty + full + empty, [empty, full, empty]],
    ["a folded Content-Length", folded + empty, [folded, empty]],
    ["look-alikes of Content-Length", many, [many]],
    ["CRLFs in front and between (RFC 3261 §7.5)", `\r\n${empty}\r\n${full}`, [empty, full]],
    ["a ping (RFC 5626 §3.5.1)", "\r\n\r\n", ["ping"]],
    ["pings between messages", `\r\n\r\n${empty}\r\n\r\n\r\n\r\n${full}`, ["ping", empty, "ping", "ping", full]],
    ["a single CRLF is a pong", `${empty}\r\n`, [empty]],
    ["CRLF LF CR is no ping", `\r\n\n\r${empty}`, [empty]],
    ["LFs are no pings", `\n\n\n\n${empty}`, [empty]],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => threeWays({ bytes: bytesOf(text), trailing: bytesOf("NOTIFY sip:"), read: frames, expected }));
  }

  it("is cut right wherever the stream breaks", () => {
    const bytes = bytesOf(`${full}\r\n\r\n${empty}`);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(frames([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([full, "ping", empty]);
    }
  });

  it("a message that lies whole in a chunk is handed up in place", () => {
    const chunk = bytesOf(empty + full);
    const given: Uint8Array[] = [];
    const framer = new StreamFramer({ receiveFrame: (bytes) => given.push(bytes), receivePing() {}, frameFailed() {} });
    framer.receive(chunk);
    expect(given.every((bytes) => bytes === chunk)).toBe(true);
    expect(given).toHaveLength(2);
  });

  it("tells whether a message has begun, for the clock that bounds it", () => {
    const framer = new StreamFramer({ receiveFrame() {}, receivePing() {}, frameFailed() {} });
    framer.receive(bytesOf("\r\n\r\nSUB"));
    expect(framer.isInsideMessage).toBe(true);
    framer.receive(bytesOf(empty.slice(3)));
    expect(framer.isInsideMessage).toBe(false);
  });
});

describe("streams that cannot be read on", () => {
  const cases: [string, string, string][] = [
    ["no Content-Length (RFC 3261 §18.3)", requestText(), "400 Missing Content-Length header"],
    ["garbage", "GET / HTTP/1.1\r\n\r\n", "400 Missing Content-Length header"],
    ["a negative one", requestText({ l: "-1" }), "400 Bad Content-Length header: not a number"],
    ["an empty one", requestText({ l: "" }), "400 Bad Content-Length header: not a number"],
    ["two", requestText({ l: "0", "Content-Length": "0" }), "400 Bad Content-Length header: appears more than once"],
    ["a body above the limit", requestText({ l: "1000" }), "513 Message Too Large"],
    ["a body beyond all numbers", requestText({ l: "9".repeat(100) }), "513 Message Too Large"],
    ["a head above the limit", requestText({ Subject: "x".repeat(400), l: "0" }), "513 Message Too Large"],
    ["a head that never ends", "x".repeat(5000), "513 Message Too Large"],
  ];
  for (const [name, text, expected] of cases) {
    it(`${name} → ${expected}, once, and nothing after it`, () => {
      threeWays({
        bytes: bytesOf(empty + text),
        trailing: bytesOf(`${empty}\r\n\r\n`),
        read: frames,
        expected: [empty, expected],
      });
    });
  }

  it("hand over the head, so that it can be answered", () => {
    const text = requestText({ l: "5000" });
    let head = "";
    const framer = new StreamFramer({
      receiveFrame() {},
      receivePing() {},
      frameFailed: (_failure, bytes, start, end) => head = textOf(bytes, start, end),
    });
    framer.receive(bytesOf(requestText({ l: "70000" }) + "body"));
    expect(head).toBe(requestText({ l: "70000" }));
    expect(text).not.toBe(head);
    expect(framer.hasFailed).toBe(true);
  });
});

it("memory per connection is bounded by the limits, whatever comes", () => {
  let failed = 0;
  const framer = new StreamFramer({
    receiveFrame() {},
    receivePing() {},
    frameFailed: (_f, bytes) => failed = bytes.length,
  }, LIMITS);
  const chunk = new Uint8Array(100).fill(0x41);
  for (let i = 0; i < 1000; i++) framer.receive(chunk);
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThanOrEqual(8192);
});
