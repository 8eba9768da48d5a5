/**
 * Random and hostile bytes against lib/sip. Seeded, so that a failure comes back; HINTD_FUZZ_RUNS raises the number of
 * runs, HINTD_FUZZ_SEED changes the seed.
 */
import { describe, expect, it } from "bun:test";
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type NameAddress, parseNameAddress, writeNameAddress } from "../../lib/sip/address.ts";
import { parseChallenge, parseCredentials, writeChallenge, writeCredentials } from "../../lib/sip/authorization.ts";
import { checkSyntax } from "../../lib/sip/check.ts";
import { parseCseq, writeCseq } from "../../lib/sip/cseq.ts";
import { parseEvent, writeEvent } from "../../lib/sip/event.ts";
import { Header, headerRows } from "../../lib/sip/header_names.ts";
import { parseMediaType, writeMediaType } from "../../lib/sip/media_type.ts";
import { Message, parseLimits } from "../../lib/sip/message.ts";
import { isKeepAlive, parseMessage } from "../../lib/sip/parse.ts";
import { ParseFailure } from "../../lib/sip/parse_failure.ts";
import { writeResponse } from "../../lib/sip/response.ts";
import { bytesOf, textOf } from "../../lib/sip/slice.ts";
import { StreamFramer } from "../../lib/sip/stream_framer.ts";
import { parseSubscriptionState, writeSubscriptionState } from "../../lib/sip/subscription_state.ts";
import { equalUri, parseUri, writeUri } from "../../lib/sip/uri.ts";
import { parseVia, writeVia } from "../../lib/sip/via.ts";

const options = {
  numRuns: Number(process.env.HINTD_FUZZ_RUNS ?? 400),
  seed: Number(process.env.HINTD_FUZZ_SEED ?? 3261),
};

const messages = join(import.meta.dir, "../torture/messages");
const corpus = ["rfc4475", "rfc5118"].flatMap((rfc) =>
  readdirSync(join(messages, rfc)).toSorted().map((file) => new Uint8Array(readFileSync(join(messages, rfc, file))))
);

const message = new Message();

/** Parses, reads everything there is to read, and answers; nothing but ParseFailure may come out. */
function digest(bytes: Uint8Array): void {
  isKeepAlive(bytes, 0, bytes.length);
  const failure = parseMessage(bytes, 0, bytes.length, message) ?? checkSyntax(message);
  for (let id = 0; id < headerRows.length; id++) {
    message.text(id as Header);
    message.all(id as Header);
  }
  void [message.methodText, message.requestUriText, message.reasonText, message.branch, message.callId, message.cseq];
  void [
    message.userAgent,
    message.supported,
    message.require,
    message.allow,
    message.contentEncoding,
    message.bodyText,
  ];
  expect(message.bodyStart).toBeLessThanOrEqual(message.end);
  expect(message.bodyEnd).toBeLessThanOrEqual(message.end);
  if (failure === undefined) return;
  expect(failure).toBeInstanceOf(ParseFailure);
  expect(isPhrase(failure.reasonPhrase)).toBe(true);
  if (!failure.isAnswerable) return;
  const answer = writeResponse(message, {
    status: failure.status,
    reason: failure.reasonPhrase,
    received: "::1",
    rport: 1,
  });
  expect(textOf(answer, 0, 12)).toBe(`SIP/2.0 ${failure.status} `);
}

/** Printable ASCII, and short. */
function isPhrase(text: string): boolean {
  return text.length < 120 && bytesOf(text).every((byte) => byte >= 0x20 && byte < 0x7f);
}

/** Bytes that mean something to the grammar, so that random text gets far into the parser. */
const spice = fc.constantFrom(
  ...'\r\n|\r\n |\r\n\r\n| |\t|,|;|:|<|>|"|\\|=|@|?|%|%41|[|]|(|)|*|/|\0|\xff|ü|SIP/2.0|sip:|tel:|z9hG4bK|;branch=|;rport|\r\nVia:|\r\nl: 9|999999999999'
    .split("|"),
);
const spicy = fc.array(fc.oneof(spice, fc.string({ maxLength: 8 })), { maxLength: 60 }).map((parts) => parts.join(""));

describe("whatever bytes come, only ParseFailure comes out", () => {
  it("random bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), digest), options);
  });

  it("random text of the grammar's own bytes", () => {
    fc.assert(fc.property(spicy, (text) => digest(bytesOf(text))), options);
  });

  it("headers of random text of the grammar's own bytes", () => {
    const name = fc.constantFrom(
      ...headerRows.map((row) => row.name).filter((each) => each !== ""),
      "v",
      "f",
      "t",
      "m",
      "l",
    );
    const lines = fc.array(fc.tuple(name, spicy), { maxLength: 20 });
    fc.assert(
      fc.property(lines, (list) => {
        const text = list.map(([each, value]) => `${each}: ${value}\r\n`).join("");
        digest(bytesOf(`OPTIONS sip:a@h SIP/2.0\r\n${text}\r\n`));
      }),
      options,
    );
  });

  it("RFC 4475 and RFC 5118 messages, mutilated", () => {
    const cut = fc.record({ at: fc.nat(4000), drop: fc.nat(20), put: spicy });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), fc.array(cut, { minLength: 1, maxLength: 4 }), (bytes, cuts) => {
        let current = bytes;
        for (const { at, drop, put } of cuts) {
          const from = at % (current.length + 1);
          const insert = bytesOf(put.slice(0, 40));
          const next = new Uint8Array(current.length + insert.length);
          next.set(current.subarray(0, from));
          next.set(insert, from);
          const tail = current.subarray(Math.min(current.length, from + drop));
          next.set(tail, from + insert.length);
          current = next.subarray(0, from + insert.length + tail.length);
        }
        digest(current);
      }),
      options,
    );
  });

  const parsers: [string, (text: string) => unknown][] = [
    ["URI", parseUri],
    ["address", parseNameAddress],
    ["Via", parseVia],
    ["CSeq", parseCseq],
    ["Event", parseEvent],
    ["Subscription-State", parseSubscriptionState],
    ["media type", parseMediaType],
    ["credentials", parseCredentials],
    ["challenge", parseChallenge],
  ];
  for (const [name, parse] of parsers) {
    it(`values of ${name}`, () => {
      fc.assert(
        fc.property(spicy, (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(ParseFailure);
          }
        }),
        options,
      );
    });
  }
});

describe("parse(write(x)) = x", () => {
  const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);
  const lowerToken = token.map((text) => text.toLowerCase());
  const text = fc.string({ maxLength: 20, unit: "grapheme" }).filter((each) =>
    each.isWellFormed() && !/[\r\n\0]/.test(each)
  );
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().filter((each) => !each.includes("%")),
  );
  const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
  const seconds = fc.option(fc.integer({ min: 0, max: 4_294_967_295 }), { nil: undefined });
  const unique = <Value>(arb: fc.Arbitrary<Value>, key: (value: Value) => string) =>
    fc.uniqueArray(arb, { maxLength: 5, selector: key });
  const some = text.filter((each) => each !== "");
  const uriParam = fc.record({
    name: some.map((each) => each.toLowerCase()),
    value: fc.option(text, { nil: undefined }),
  });
  const uriHeader = fc.record({ name: some, value: text });
  const param = fc.record({ name: lowerToken, value: fc.option(text, { nil: undefined }) });
  const params = unique(param, ({ name }) => name);
  const uri = fc.record({
    scheme: fc.constantFrom("sip", "sips"),
    user: fc.option(some, { nil: undefined }),
    password: fc.constant(undefined),
    host,
    port,
    params: unique(uriParam, ({ name }) => name),
    headers: unique(uriHeader, ({ name }) => name),
    opaque: fc.constant(""),
  });

  it("URIs, which also equal themselves", () => {
    fc.assert(
      fc.property(uri, (value) => {
        const back = parseUri(writeUri(value));
        expect(back).toEqual(value);
        expect(equalUri(back, value)).toBe(true);
      }),
      options,
    );
  });

  it("addresses", () => {
    const address = fc.record({ display: text, uri, params });
    fc.assert(
      fc.property(address, ({ display, uri: target, params: list }) => {
        const value: NameAddress = { display, uri: target, uriText: writeUri(target), params: list, tag: undefined };
        const back = parseNameAddress(writeNameAddress(value));
        expect({ ...back, tag: value.tag }).toEqual(value);
      }),
      options,
    );
  });

  it("Via, CSeq, Event, Subscription-State, media types", () => {
    const via = fc.record({ transport: token.map((each) => each.toUpperCase()), host, port, params });
    fc.assert(
      fc.property(via, (value) => {
        if (value.params.some(({ name }) => name === "rport")) return;
        expect(parseVia(writeVia(value))).toMatchObject(value);
      }),
      options,
    );
    const cseq = fc.record({ sequence: fc.integer({ min: 0, max: 2_147_483_647 }), methodText: token });
    fc.assert(
      fc.property(cseq, ({ sequence, methodText }) => {
        const value = parseCseq(`${sequence} ${methodText}`);
        expect(parseCseq(writeCseq(value))).toEqual({ ...value, sequence, methodText });
      }),
      options,
    );
    const event = fc.record({ name: token, params });
    fc.assert(fc.property(event, (value) => expect(parseEvent(writeEvent(value))).toMatchObject(value)), options);
    const state = fc.record({
      state: lowerToken,
      reason: fc.option(lowerToken, { nil: undefined }),
      expiresSeconds: seconds,
      retryAfterSeconds: seconds,
    });
    fc.assert(
      fc.property(state, (value) =>
        expect(parseSubscriptionState(writeSubscriptionState({
          state: value.state,
          ...(value.reason === undefined ? {} : { reason: value.reason }),
          ...(value.expiresSeconds === undefined ? {} : { expiresSeconds: value.expiresSeconds }),
          ...(value.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: value.retryAfterSeconds }),
        }))).toEqual(value)),
      options,
    );
    const media = fc.record({ type: lowerToken, subtype: lowerToken, params });
    fc.assert(
      fc.property(media, ({ type, subtype, params: list }) => {
        const value = { type, subtype, name: `${type}/${subtype}`, params: list };
        expect(parseMediaType(writeMediaType(value))).toEqual(value);
      }),
      options,
    );
  });

  it("credentials and challenges", () => {
    const credentials = fc.record({
      username: text,
      isUserHashed: fc.boolean(),
      realm: text,
      nonce: text,
      uri: text,
      response: fc.stringMatching(/^[0-9a-f]{32}$/),
      algorithm: fc.constantFrom("", "MD5", "SHA-256"),
      cnonce: text,
      opaque: text,
      qop: fc.constantFrom("", "auth"),
      nonceCount: fc.constantFrom("", "0000000a"),
    });
    fc.assert(
      fc.property(credentials, (value) => expect(parseCredentials(writeCredentials(value))).toEqual(value)),
      options,
    );
    const challenge = fc.record({
      realm: text,
      nonce: text,
      opaque: text,
      algorithm: fc.constantFrom("", "MD5", "SHA-512-256"),
      qop: fc.constantFrom([], ["auth"], ["auth", "auth-int"]),
      isStale: fc.boolean(),
    });
    fc.assert(fc.property(challenge, (value) => expect(parseChallenge(writeChallenge(value))).toEqual(value)), options);
  });
});

describe("StreamFramer", () => {
  function frames(chunks: readonly Uint8Array[]): string[] {
    const seen: string[] = [];
    const framer = new StreamFramer({
      receiveFrame: (bytes, start, end) => seen.push(textOf(bytes, start, end)),
      receivePing: () => seen.push("ping"),
      frameFailed: (failure) => seen.push(failure.reasonPhrase),
    }, { headBytes: 300, messageBytes: 500 });
    for (const chunk of chunks) framer.receive(chunk.slice());
    return seen;
  }

  it("finds the same in a stream however it is cut (RFC 3261 §18.3)", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "\r\n",
        "\r\n\r\n",
        "\r",
        "\n",
        "A b c\r\nl: 3\r\n\r\nabc",
        "A b c\r\nContent-Length:0\r\n\r\n",
        "X y\r\n\r\n",
      ),
      fc.nat(400).map((size) => `A b\r\nl: ${size}\r\n\r\n${"x".repeat(size)}`),
      spicy,
    );
    const stream = fc.array(piece, { maxLength: 8 }).map((pieces) => bytesOf(pieces.join("")));
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (bytes, sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(frames(chunks)).toEqual(frames([bytes]));
      }),
      options,
    );
  });
});

describe("hostile sizes take linear time", () => {
  /** Far above what linear work on 64 KiB takes, far below what quadratic work would. */
  const budgetMillis = 1000;
  const size = parseLimits.messageBytes - 400;
  const fill = (unit: string) => unit.repeat(Math.floor(size / unit.length));

  const head =
    "SUBSCRIBE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:a@h>\r\n" +
    "Call-ID: c\r\nCSeq: 1 SUBSCRIBE\r\n";
  const values = [
    ",",
    ";",
    "<",
    ">",
    '"',
    "\\",
    "(",
    "((",
    "\r\n ",
    " ",
    "sip:a,",
    "<sip:a>,",
    '"",',
    ";a=b",
    "a/b,",
    "a;",
    "%41",
  ];
  const values2 = ["[", ":", "@", "sip:a@h;x,", '"\\"', "=,", "SIP/2.0/UDP h,", 'a="b",', "9", "*"];
  const headers = [
    "Contact",
    "Via",
    "Accept",
    "Supported",
    "Event",
    "Authorization",
    "Route",
    "Expires",
    "X-Any",
    "Content-Type",
  ];
  for (const header of headers) {
    it(`a ${header} header of 64 KiB of separators`, () => {
      for (const unit of [...values, ...values2]) {
        const bytes = bytesOf(`${head}${header}: ${fill(unit)}\r\n\r\n`);
        const begin = performance.now();
        digest(bytes);
        expect({ unit, isInTime: performance.now() - begin < budgetMillis }).toEqual({ unit, isInTime: true });
      }
    });
  }

  it("64 KiB of start line, of header names, of empty lines, of From", () => {
    const texts = [
      fill("A"),
      `OPTIONS ${fill("sip:")}`,
      `${head}${fill("A")}`,
      `${head}${fill("A: b\r\n")}`,
      `${head}${fill("Via:\r\n")}`,
      fill("\r\n"),
      `${head.replace("<sip:a@h>;tag=1", fill("a "))}\r\n`,
      `${head.replace("<sip:a@h>;tag=1", `"${fill("\\a")}`)}\r\n`,
      `${head.replace("<sip:a@h>;tag=1", `<sip:${fill("%41")}@h>`)}\r\n`,
    ];
    for (const text of texts) {
      const begin = performance.now();
      digest(bytesOf(text));
      expect(performance.now() - begin).toBeLessThan(budgetMillis);
    }
  });

  it("a header of 10 MB on a stream is refused after the limit (RFC 3261 §21.5.7)", () => {
    let taken = 0;
    let told: ParseFailure | undefined;
    const framer = new StreamFramer({ receiveFrame() {}, receivePing() {}, frameFailed: (failure) => told = failure });
    framer.receive(bytesOf("SUBSCRIBE sip:a@h SIP/2.0\r\nSubject: "));
    const chunk = new Uint8Array(1024).fill(0x61);
    while (taken < 10_000_000 && !framer.hasFailed) {
      framer.receive(chunk);
      taken += chunk.length;
    }
    expect(told?.status).toBe(513);
    expect(taken).toBeLessThanOrEqual(parseLimits.headBytes + chunk.length);
  });

  it("a datagram of 10 MB, were there one, is refused unread", () => {
    const bytes = new Uint8Array(10_000_000).fill(0x61);
    const begin = performance.now();
    expect(parseMessage(bytes, 0, bytes.length, message)?.status).toBe(513);
    expect(performance.now() - begin).toBeLessThan(budgetMillis);
  });
});
