import { describe, expect, it } from "bun:test";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { bytesOf } from "../../lib/sip/slice.ts";
import { SliceMemo } from "../../lib/sip/slice_memo.ts";

describe("a memo", () => {
  const opened = () => {
    const memo = new SliceMemo<object>();
    const around = (text: string) => bytesOf(`<${text}>`);
    return {
      get: (text: string) => memo.get(around(text), 1, text.length + 1),
      add: (text: string, value: object) => memo.add(around(text), 1, text.length + 1, value),
    };
  };

  it("gives the very value that was added for the third time, and nothing for other slices", () => {
    const { get, add } = opened();
    const values = [{}, {}, {}];
    for (const value of values) {
      expect(get("dialog")).toBeUndefined();
      expect(add("dialog", value)).toBe(value);
    }
    expect(get("dialog")).toBe(values[2]!);
    for (const other of ["Dialog", "dialo", "dialogs", ""]) expect(get(other)).toBeUndefined();
  });

  it("keeps what comes often, however much comes once or twice", () => {
    const { get, add } = opened();
    const often = Array.from({ length: 20 }, (_, i) => `often ${i}`);
    for (const text of [...often, ...often, ...often]) add(text, {});
    const before = often.map(get).filter((value) => value !== undefined);
    expect(before.length).toBeGreaterThan(15);
    for (let i = 0; i < 40_000; i++) add(`twice ${i >> 1}`, {});
    expect(often.map(get).filter((value) => value !== undefined)).toEqual(before);
    expect(get("twice 19999")).toBeUndefined();
  });

  it("lets what comes no more be driven out by what does, and only then", () => {
    const { get, add } = opened();
    const come = (text: string) => get(text) ?? add(text, {});
    for (let i = 0; i < 3; i++) come("early");
    const early = come("early");
    // One of so many has the same place.
    const late = Array.from({ length: 20_000 }, (_, i) => `late ${i}`);
    for (const text of late) {
      for (let i = 0; i < 3; i++) {
        come(text);
        expect(get("early")).toBe(early);
      }
    }
    for (const text of late) {
      for (let i = 0; i < 3; i++) come(text);
    }
    expect(get("early")).toBeUndefined();
  });

  it("keeps nothing of the buffer, and no long slices", () => {
    const memo = new SliceMemo<number>();
    const bytes = bytesOf("dialog");
    for (const value of [1, 2, 3]) memo.add(bytes, 0, 6, value);
    bytes.fill(0x78);
    expect(memo.get(bytes, 0, 6)).toBeUndefined();
    expect(memo.get(bytesOf("dialog"), 0, 6)).toBe(3);
    const long = new Uint8Array(257);
    for (const value of [1, 2, 3]) expect(memo.add(long, 0, 257, value)).toBe(value);
    expect(memo.get(long, 0, 257)).toBeUndefined();
  });
});

describe("a message", () => {
  const message = new Message();
  const read = (...lines: string[]) => {
    const bytes = bytesOf([
      "SUBSCRIBE sip:1000@192.0.2.1 SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1",
      "From: <sip:alice@192.0.2.1>;tag=a",
      "To: <sip:1000@192.0.2.1>",
      "Call-ID: c",
      "CSeq: 1 SUBSCRIBE",
      ...lines,
      "",
      "",
    ].join("\r\n"));
    expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
    return { event: message.event, accepts: message.accepts };
  };

  it("reads the same Event and Accept once for all, and others anew (RFC 3261 §20.1, RFC 6665 §8.2.1)", () => {
    for (let i = 0; i < 2; i++) read("Event: dialog;id=7", "Accept: application/pidf+xml;q=0.5, */*");
    const first = read("Event: dialog;id=7", "Accept: application/pidf+xml;q=0.5, */*");
    const second = read("Accept: application/pidf+xml;q=0.5, */*", "Event: dialog;id=7");
    expect(second.event).toBe(first.event!);
    expect(second.accepts).toBe(first.accepts);
    expect(read("Event: dialog;id=8").event).toMatchObject({ name: "dialog", id: "8" });
    expect(read().accepts).toEqual([]);
  });

  it("reads the same URIs once for all, wherever they stand, and keeps how each was written (RFC 3261 §19.1)", () => {
    const uris = () => {
      read();
      return [message.requestUri, message.from.uri, message.to.uri];
    };
    for (let i = 0; i < 3; i++) uris();
    const { requestUri, from } = message;
    expect(requestUri).toBe(message.to.uri);
    read("Event: presence");
    expect(message.requestUri).toBe(requestUri);
    expect(message.from.uri).toBe(from.uri);
    expect([message.requestUriText, message.from.uriText]).toEqual(["sip:1000@192.0.2.1", "sip:alice@192.0.2.1"]);
  });

  it("reads several lines of Accept in their order", () => {
    const { accepts } = read("Accept: application/pidf+xml", "Accept: application/xpidf+xml");
    expect(accepts.map(({ name }) => name)).toEqual(["application/pidf+xml", "application/xpidf+xml"]);
  });

  it("refuses a bad Accept each time it comes (RFC 3261 §20.1)", () => {
    for (let i = 0; i < 2; i++) expect(() => read("Accept: application")).toThrow("Accept");
  });
});
