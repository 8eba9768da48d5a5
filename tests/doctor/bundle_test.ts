/** What goes into a bundle, and in what shape. */
import { expect, test } from "bun:test";
import { bundle, listingFor } from "../../lib/doctor/bundle.ts";
import { scrubber } from "../../lib/doctor/redaction.ts";

test.each<[string, unknown, unknown]>([
  [
    "hints",
    { exten: "1000", presence: { state: "away", subtype: "lunch", message: "s3cret" } },
    { exten: "1000", presence: { state: "away", subtype: "lunch", message: "(not told)" } },
  ],
  ["hints", { exten: "1000", presence: null }, { exten: "1000", presence: null }],
  ["presence-states", { state: "away", message: "" }, { state: "away", message: "" }],
  ["presence-states", { state: "away", message: "s3cret" }, { state: "away", message: "(not told)" }],
  ["publications", { description: '{"note":"s3cret"}' }, { description: '{"note":"(not told)"}' }],
  [
    "messages",
    { id: 1, text: "SUBSCRIBE sip:1 SIP/2.0\r\nAuthorization: Basic s3cret\r\n\r\n" },
    { id: 1, text: "SUBSCRIBE sip:1 SIP/2.0\r\nAuthorization: (not told)\r\n\r\n" },
  ],
  ["problems", { message: "The disk is full" }, { message: "The disk is full" }],
])("a row of %s", (name, row, expected) => {
  expect(listingFor(name, [row])).toEqual([expected]);
});

test("a bundle is a tar of one directory, and every text in it has been cleaned", async () => {
  const contents = {
    "report.txt": "the password is s3cret\n",
    "hints.json": { items: [{ name: 'a "s3cret"', "s3cret": ["s3cret", 1, null, true] }] },
  };
  const bytes = await bundle("office", contents, scrubber(["s3cret"], []));
  const files = await new Bun.Archive(bytes).files();
  const texts = await Promise.all([...files].map(async ([path, file]) => [path, await file.text()]));
  expect(Object.fromEntries(texts)).toEqual({
    "office/report.txt": "the password is (not told)\n",
    "office/hints.json": `${
      JSON.stringify({ items: [{ name: 'a "(not told)"', "(not told)": ["(not told)", 1, null, true] }] }, null, 2)
    }\n`,
  });
});
