import { describe, expect, it, test } from "bun:test";
import fc from "fast-check";
import { glanceAtSuccess } from "../../lib/sip/glance.ts";
import { Message } from "../../lib/sip/message.ts";
import { methodName } from "../../lib/sip/method.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { bytesOf } from "../../lib/sip/slice.ts";

const STATUS = "SIP/2.0 200 OK";
const VIA = "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;branch=z9hG4bK0001abc;received=192.0.2.1";
const LINES = ["From: <sip:a@b>;tag=1", "To: <sip:c@d>;tag=2", "Call-ID: x@y"];
const CSEQ = "CSeq: 7 NOTIFY";

function answer(lines: readonly string[], body = ""): string {
  return `${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** What one look told: undefined for nothing. */
function glance(text: string): { status: number; branch: string; method: string } | undefined {
  // Bytes around it that would change everything.
  const bytes = bytesOf(`v:;branch=z9hG4bK-before\r\n${text}CSeq: 1 BYE\r\n`);
  const start = "v:;branch=z9hG4bK-before\r\n".length;
  const message = new Message();
  if (!glanceAtSuccess(bytes, start, start + bytesOf(text).length, message)) return undefined;
  return { status: message.status, branch: message.branch, method: methodName(message.method) };
}

describe("one look tells of a 2xx", () => {
  const told = { status: 200, branch: "z9hG4bK0001abc", method: "NOTIFY" };
  const cases: [title: string, text: string][] = [
    ["as nearly everybody writes it", answer([STATUS, VIA, ...LINES, CSEQ])],
    ["with a compact Via, in other letters", answer([STATUS, VIA.replace("Via", "V"), ...LINES, "cSEQ:7  NOTIFY"])],
    [
      "whose second Via has another branch",
      answer([STATUS, VIA, "Via: SIP/2.0/UDP b;branch=z9hG4bK2", ...LINES, CSEQ]),
    ],
    ["whatever stands behind CSeq", answer([STATUS, VIA, CSEQ, "garbage"])],
    ["with a body", answer([STATUS, VIA, ...LINES, CSEQ], "CSeq: 8 MESSAGE")],
  ];
  for (const [title, text] of cases) it(title, () => expect(glance(text)).toEqual(told));

  it("with any 2xx code", () => {
    expect(glance(answer(["SIP/2.0 202 ", VIA, ...LINES, CSEQ]))).toEqual({ ...told, status: 202 });
  });
});

describe("one look tells nothing of", () => {
  const cases: [title: string, text: string][] = [
    ["a provisional answer", answer(["SIP/2.0 100 Trying", VIA, ...LINES, CSEQ])],
    ["a refusal", answer(["SIP/2.0 481 Gone", VIA, ...LINES, CSEQ])],
    ["a status that is none", answer(["SIP/2.0 2x0 OK", VIA, ...LINES, CSEQ])],
    ["another version", answer(["SIP/3.0 200 OK", VIA, ...LINES, CSEQ])],
    ["a request", answer(["NOTIFY sip:a SIP/2.0", VIA, ...LINES, CSEQ])],
    ["less than a status line", "SIP/2.0 200"],
    ["a status line alone", `${STATUS}\r\n`],
    ["an answer without Via", answer([STATUS, ...LINES, CSEQ])],
    ["an answer without CSeq", answer([STATUS, VIA, ...LINES])],
    ["a CSeq in the body", answer([STATUS, VIA, ...LINES], "CSeq: 7 NOTIFY\r\n\r\n")],
    ["CSeq before Via", answer([STATUS, CSEQ, VIA, ...LINES])],
    ["a Via without branch", answer([STATUS, "Via: SIP/2.0/UDP a", ...LINES, CSEQ])],
    [
      "a branch of another Via in the line",
      answer([STATUS, "Via: SIP/2.0/UDP a, SIP/2.0/UDP b;branch=z", ...LINES, CSEQ]),
    ],
    ["a blank before the branch", answer([STATUS, VIA.replace("branch=", "branch= "), ...LINES, CSEQ])],
    ["a branch in a quoted string", answer([STATUS, 'Via: SIP/2.0/UDP a;x=";branch=z"', ...LINES, CSEQ])],
    ["a fold", answer([STATUS, VIA, "To: <sip:c@d>\r\n ;tag=2", CSEQ])],
    ["blanks before a colon", answer([STATUS, VIA.replace(":", " :"), ...LINES, CSEQ])],
    ["a CSeq without number", answer([STATUS, VIA, ...LINES, "CSeq: NOTIFY"])],
    ["a CSeq with more behind it", answer([STATUS, VIA, ...LINES, "CSeq: 7 NOTIFY x"])],
    ["a message that ends in CSeq", [STATUS, VIA, ...LINES, CSEQ].join("\r\n")],
  ];
  for (const [title, text] of cases) it(title, () => expect(glance(text)).toBeUndefined());
});

test("where one look tells something, a full reading of a sound message tells the same", () => {
  const texts = fc.array(
    fc.oneof(
      fc.constantFrom(
        STATUS,
        VIA,
        CSEQ,
        ...LINES,
        "",
        "\r\n",
        "\r\n",
        "\n",
        ",",
        ";branch=z9",
        '"',
        " ",
        ":",
        "v: a",
        "200",
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  );
  const sound = answer([STATUS, VIA, ...LINES, CSEQ]);
  const cut = fc.tuple(fc.nat({ max: sound.length }), fc.nat({ max: 8 }));
  fc.assert(
    fc.property(cut, texts, ([at, length], pieces) => {
      const text = sound.slice(0, at) + pieces.join("") + sound.slice(at + length);
      const message = new Message();
      const bytes = bytesOf(text);
      if (parseMessage(bytes, 0, bytes.length, message) !== undefined) return;
      const told = glance(text);
      // A first branch parameter without a value is no branch.
      if (told === undefined || message.branch === "") return;
      expect(told).toEqual({ status: message.status, branch: message.branch, method: methodName(message.method) });
    }),
    { numRuns: 2_000 },
  );
});
