/** PIDF from others: the documents of RFC 3863 and RFC 4480, what counts, and what is refused. */
import { describe, expect, test } from "bun:test";
import { activityNames, type PresenceDocument, readPidf } from "../../../lib/body/read/pidf.ts";
import { bytesOf, faultOf, mandatoryElements, pidf, richPresence, sound, statusExtensions } from "./documents.ts";

function read(text: string): PresenceDocument {
  return sound(readPidf(bytesOf(text)));
}

const nothing: PresenceDocument = { basic: "", activities: [], other: "", note: "" };
const tuple = (basic: string, more = "") => `<tuple id="t"><status><basic>${basic}</basic></status>${more}</tuple>`;
const person = (content: string) => `<dm:person id="p">${content}</dm:person>`;
const doing = (...names: readonly string[]) =>
  `<rpid:activities>${names.map((name) => `<rpid:${name}/>`).join("")}</rpid:activities>`;

describe("the documents", () => {
  test("of RFC 3863 §4.3.1: open, with a note in two languages", () => {
    expect(read(statusExtensions)).toEqual({ ...nothing, basic: "open", note: "Don't Disturb Please!" });
  });
  test("of RFC 3863 §4.3.3: prefixed, with elements of somebody else's", () => {
    expect(read(mandatoryElements)).toEqual({ ...nothing, basic: "open" });
  });
  test("of RFC 4480 §4: what the person does and says, before what the services say", () => {
    expect(read(richPresence)).toEqual({ basic: "open", activities: ["away"], other: "", note: "Scoring 120" });
  });
});

test.each<readonly [what: string, content: string, says: Partial<PresenceDocument>]>([
  ["nothing", "", {}],
  ["an open tuple", tuple("open"), { basic: "open" }],
  ["a closed tuple", tuple("closed"), { basic: "closed" }],
  ["white space around the status", tuple("\n open "), { basic: "open" }],
  ["one open tuple of several", tuple("closed") + tuple("open") + tuple("closed"), { basic: "open" }],
  ["a tuple without basic status", '<tuple id="t"><status/></tuple>', {}],
  ["a tuple of an assistant", tuple("open", "<rpid:relationship><rpid:assistant/></rpid:relationship>"), {}],
  ["a person's activity", person(doing("busy")), { activities: ["busy"] }],
  ["several, one of them twice", person(doing("lunch", "away", "lunch")), { activities: ["away", "lunch"] }],
  ["several persons", person(doing("tv")) + person(doing("meal")), { activities: ["meal", "tv"] }],
  ["an activity in a tuple", tuple("open", doing("meeting")), { basic: "open", activities: ["meeting"] }],
  ["an activity in a status", `<tuple id="t"><status>${doing("busy")}</status></tuple>`, { activities: ["busy"] }],
  ["a device's activity", `<dm:device id="d">${doing("on-the-phone")}</dm:device>`, { activities: ["on-the-phone"] }],
  ["an unknown activity", person(doing("unknown")), {}],
  ["an activity that nobody registered", person(doing("juggling")), {}],
  ["an activity of another namespace", person('<rpid:activities><busy xmlns="urn:x"/></rpid:activities>'), {}],
  ["a mood", person("<rpid:mood><rpid:angry/><rpid:other>away</rpid:other></rpid:mood>"), {}],
  [
    "an activity in own words",
    person("<rpid:activities><rpid:other>walking the dog</rpid:other></rpid:activities>"),
    { other: "walking the dog" },
  ],
  ["a person's note", `${person("<dm:note>a</dm:note>")}<note>b</note>`, { note: "a" }],
  ["a note in another language", person('<dm:note xml:lang="ja">会議中</dm:note>'), { note: "会議中" }],
  ["an empty note before another", "<note/><note>b</note>", { note: "b" }],
  ["a tuple's note before the document's", `${tuple("open", "<note>a</note>")}<note>b</note>`, {
    basic: "open",
    note: "a",
  }],
  ["a note of activities", person("<rpid:activities><rpid:note>a</rpid:note><rpid:tv/></rpid:activities>"), {
    activities: ["tv"],
    note: "a",
  }],
])("%s is read for what it says (RFC 3863 §4.1, RFC 4480 §3.2)", (_what, content, says) => {
  expect(read(pidf(content))).toEqual({ ...nothing, ...says });
});

test("every activity of RFC 4480 §3.2 is known", () => {
  expect(read(pidf(person(doing(...activityNames)))).activities).toEqual(activityNames);
  expect(activityNames).toHaveLength(25);
});

const refused: readonly (readonly [document: string, rule: string])[] = [
  ["<presence/>", "the root must be presence"],
  ["<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info'/>", "the root must be presence"],
  ["<presence xmlns='urn:ietf:params:xml:ns:pidf'/>", "<presence> needs the attribute entity"],
  [pidf(tuple("OPEN")), 'Line 4: <basic> must be open or closed, not "OPEN"'],
  [pidf(`${tuple("open")}\n${tuple("ajar")}`), 'Line 5: <basic> must be open or closed, not "ajar"'],
  [pidf(tuple("")), "<basic> must be open or closed"],
];
for (const [text, rule] of refused) {
  test(`refuses ${JSON.stringify(text).slice(0, 100)}: ${rule}`, () => {
    expect(faultOf(readPidf(bytesOf(text)))).toContain(rule);
  });
}
