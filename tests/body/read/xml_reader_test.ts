/** What the XML reader takes, what it refuses, and how long hostile documents can keep it busy. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DocumentFault } from "../../../lib/body/read/document_fault.ts";
import { readDialogInfo } from "../../../lib/body/read/dialog_info.ts";
import { readPidf } from "../../../lib/body/read/pidf.ts";
import { readXml, type XmlElement } from "../../../lib/body/read/xml_reader.ts";
import { limits } from "../../../lib/runtime/limits.ts";
import { bytesOf, dialogInfo, faultOf, richPresence, sound } from "./documents.ts";

const identity = (root: XmlElement) => root;

describe("the XML reader", () => {
  test("gives names without prefixes, namespaces, attributes, own text and lines", () => {
    const text = `<?xml version="1.0" encoding="utf-8"?>
<!-- nothing -->
<p:a xmlns:p="urn:p" xmlns="urn:d" one="1&amp;&#x32;" p:one="other">
  first <b/> <![CDATA[<second>]]> &lt;third&gt;
  <p:b>inner</p:b>
  <b xmlns="">none</b>
</p:a>`;
    const root = sound(readXml(bytesOf(text), identity));
    expect([root.namespace, root.name, root.attribute("one"), root.line]).toEqual(["urn:p", "a", "1&2", 3]);
    expect(root.text.split(/\s+/)).toEqual(["first", "<second>", "<third>"]);
    expect(root.children.map((child) => [child.namespace, child.name, child.text, child.line])).toEqual([
      ["urn:d", "b", "", 4],
      ["urn:p", "b", "inner", 5],
      ["", "b", "none", 6],
    ]);
    expect(root.first("b")?.text).toBe("inner");
    expect(root.all("b", "urn:d")).toHaveLength(1);
    expect(root.attribute("toString")).toBeUndefined();
    expect(root.attribute("__proto__")).toBeUndefined();
  });

  test("takes the name of an encoding that is UTF-8 as far as the document goes", () => {
    const document = new TextEncoder().encode('<?xml version="1.0" encoding="ISO-8859-1"?><a>b</a>');
    expect(readXml(document, (root) => root.text)).toBe("b");
  });

  test("takes a byte order mark of UTF-8 (XML 1.0 §4.3.3)", () => {
    expect(sound(readXml(bytesOf("\uFEFF<a/>"), identity)).name).toBe("a");
  });
});

const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join("");
const utf16 = (text: string, isLittle: boolean) =>
  Uint8Array.from([...text].flatMap((character) => {
    const code = character.charCodeAt(0);
    return isLittle ? [code & 255, code >> 8] : [code >> 8, code & 255];
  }));
const many = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i)).join("");

/** What is hostile, the document, and words of its refusal. */
const hostile: readonly (readonly [what: string, document: string | Uint8Array, rule: string])[] = [
  ["a billion laughs", `<!DOCTYPE a [<!ENTITY l0 "ha">${laughs}]><a>&l9;</a>`, "document type"],
  ["a document type without entities", "<!DOCTYPE a><a/>", "document type"],
  ["a file as entity", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "document type"],
  ["a document type that never ends", `<!DOCTYPE a [${"<!ENTITY x 'y'>".repeat(4_000)}`, "not well-formed"],
  ["an entity that nobody declared", "<a>&nbsp;</a>", "undefined entity"],
  ["100,000 elements in one another", `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`, "too long"],
  ["as many as fit a message", `${"<a>".repeat(9_000)}${"</a>".repeat(9_000)}`, "nested too deeply"],
  ["as many, never closed", "<a>".repeat(21_000), "nested too deeply"],
  ["one element too many", `<a>${"<b/>".repeat(limits.xmlElementCount)}</a>`, "too many elements"],
  ["a huge attribute", `<a b="${"x".repeat(60_000)}"/>`, "attribute is too long"],
  ["many attributes", `<a ${many(5_000, (i) => `b${i}="" `)}/>`, "too many attributes"],
  ["many namespaces", `<a ${many(2_000, (i) => `xmlns:b${i}="u" `)}/>`, "too many attributes"],
  ["a name as long as the document", `<${"x".repeat(65_000)}/>`, ""],
  ["a huge text", `<a>${"x".repeat(60_000)}</a>`, "text of <a> is too long"],
  ["a huge text in pieces", `<a>${"x<b/>".repeat(3_000)}</a>`, "text of <a> is too long"],
  ["a huge CDATA section", `<a><![CDATA[${"]".repeat(60_000)}]]></a>`, "text of <a> is too long"],
  ["many references", `<a>${"&#x41;".repeat(9_000)}</a>`, "text of <a> is too long"],
  ["a megabyte", `<a>${" ".repeat(1_000_000)}</a>`, "too long"],
  ["nothing", "", "not well-formed"],
  ["blanks", " \r\n", "not well-formed"],
  ["an element that is not closed", "<a><b></a>", "not well-formed"],
  ["an element that is not ended", "<a", "not well-formed"],
  ["a comment that is not ended", `<a/><!-- ${"-".repeat(60_000)}`, "not well-formed"],
  ["two roots", "<a/><a/>", "not well-formed"],
  ["text behind the root", "<a/>x", "not well-formed"],
  ["an attribute twice", '<a b="" b=""/>', "duplicate attribute"],
  ["an attribute twice by namespace", '<a xmlns:p="u" xmlns:q="u" p:b="" q:b=""/>', "duplicate attribute"],
  ["a prefix that is bound to nothing", "<p:a/>", "unbound namespace"],
  ["a prefix unbound", '<p:a xmlns:p="u"><p:b xmlns:p=""/></p:a>', "not well-formed"],
  ["xml as another namespace", '<a xmlns:xml="u"/>', "not well-formed"],
  ["another name for the namespace xml", '<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>', "not well-formed"],
  ["xmlns as a prefix", '<a xmlns:xmlns="u"/>', "not well-formed"],
  ["a NUL", "<a>\0</a>", "not well-formed"],
  ["a NUL as reference", "<a>&#0;</a>", "not well-formed"],
  ["half a surrogate as reference", "<a>&#xD800;</a>", "not well-formed"],
  ["XML 1.1", '<?xml version="1.1"?><a/>', "XML 1.0"],
  ["UTF-16, little end first, with its mark", utf16('\uFEFF<?xml version="1.0"?><a/>', true), "UTF-8"],
  ["UTF-16, big end first, with its mark", utf16('\uFEFF<?xml version="1.0"?><a/>', false), "UTF-8"],
  ["UTF-16 without a mark", utf16('<?xml version="1.0"?><a/>', true), "not well-formed"],
  ["UTF-16 in name only", '<?xml version="1.0" encoding="UTF-16"?><a/>', "UTF-8"],
  ["UTF-7", '<?xml version="1.0" encoding="UTF-7"?><a>+ADw-b/+AD4-</a>', "UTF-8"],
  ["Latin-1 beyond ASCII", '<?xml version="1.0" encoding="iso-8859-1"?><a>é</a>', "UTF-8"],
  ["a byte that is no UTF-8", Uint8Array.of(60, 97, 62, 0xff, 60, 47, 97, 62), "UTF-8"],
  ["an overlong form", Uint8Array.of(60, 97, 62, 0xc0, 0xbc, 60, 47, 97, 62), "UTF-8"],
  ["a surrogate in UTF-8", Uint8Array.of(60, 97, 62, 0xed, 0xa0, 0x80, 60, 47, 97, 62), "UTF-8"],
  ["a character cut short", Uint8Array.of(60, 97, 62, 0xe2, 0x82), "UTF-8"],
];

describe("a hostile document is refused in bounded time:", () => {
  for (const [what, document, rule] of hostile) {
    test(what, () => {
      const bytes = typeof document === "string" ? bytesOf(document) : document;
      const start = performance.now();
      const read = readXml(bytes, identity);
      const millis = performance.now() - start;
      if (rule === "") expect(read).toBeDefined();
      else expect(faultOf(read)).toContain(rule);
      // A tenth of a second bears a machine that is busy with other things; on an idle one it is a few milliseconds.
      expect(millis).toBeLessThan(100);
    });
  }

  test("the fault names the line, and quotes nothing that could break a SIP message", () => {
    expect(faultOf(readXml(bytesOf("<a>\n<b>\n</c></a>"), identity))).toBe(
      "Line 3: not well-formed: unexpected close tag.",
    );
    const quoting = faultOf(
      readDialogInfo(
        bytesOf(
          dialogInfo(0, "full", `<dialog id="1"><state>\u202Ea&#13;&#10;Via: x${"y".repeat(500)}</state></dialog>`),
        ),
      ),
    );
    expect(quoting).toMatch(/^Line 3: state must be one of [ -~]{20,140}$/);
  });
});

describe("any bytes", () => {
  const readers = [(bytes: Uint8Array) => readXml(bytes, identity), readDialogInfo, readPidf];
  const isAnswer = (bytes: Uint8Array) => {
    for (const read of readers) {
      const answer = read(bytes);
      if (answer instanceof DocumentFault) expect(answer.message).toMatch(/^Line \d+: [ -~]{1,130}$/);
      else expect(typeof answer).toBe("object");
    }
  };

  test("are a document or a fault, never anything thrown", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), isAnswer), { numRuns: 500 });
  });

  test("nor anything made of a document's own parts", () => {
    const whole = [...dialogInfo(0, "full", '<dialog id="1"><state>early</state></dialog>'), ...richPresence].join("");
    const parts = [...new Set(whole.match(/<\/?[\w:]+|[\w:-]+="[^"]*"|\/?>|[^<>]+|<!--|-->|<!\[CDATA\[|\]\]>/g))];
    const soup = fc.array(fc.constantFrom(...parts, "&lt;", "&x;", "<?xml", "?>", "<!DOCTYPE", "xmlns:x=''", "\n"), {
      maxLength: 60,
    });
    fc.assert(fc.property(soup, (pieces) => isAnswer(bytesOf(pieces.join(" ")))), { numRuns: 500 });
  });

  test("nor a document with a piece cut out or put in", () => {
    const bytes = bytesOf(richPresence);
    const position = fc.nat(bytes.length);
    fc.assert(
      fc.property(position, position, fc.uint8Array({ maxLength: 8 }), (from, to, piece) => {
        isAnswer(Uint8Array.from([...bytes.subarray(0, from), ...piece, ...bytes.subarray(to)]));
      }),
      { numRuns: 300 },
    );
  });
});
