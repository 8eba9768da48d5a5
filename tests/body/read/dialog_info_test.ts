/** dialog-info from others: RFC 4235's own documents, what phones and servers write, and what is refused. */
import { describe, expect, test } from "bun:test";
import { Generators } from "../../../lib/body/generators.ts";
import { type DialogElement, readDialogInfo } from "../../../lib/body/read/dialog_info.ts";
import { holeFill } from "../../../lib/body/rendered.ts";
import { callSets, extensionStates, sampleSubject, variantsOf } from "../samples.ts";
import { bytesOf, dialogInfo, faultOf, forkingCall, sampleNotification, sound } from "./documents.ts";

function read(text: string) {
  return sound(readDialogInfo(bytesOf(text)));
}

function dialog(content: string, attributes = 'id="1"'): DialogElement {
  return read(dialogInfo(0, "full", `<dialog ${attributes}>${content}</dialog>`)).dialogs[0]!;
}

describe("the documents of RFC 4235", () => {
  test("§4.2: both ends, with identity, display name and target", () => {
    expect(read(sampleNotification)).toEqual({
      version: 1,
      isFull: true,
      dialogs: [{
        id: "123456",
        callId: "",
        localTag: "",
        remoteTag: "",
        direction: undefined,
        state: "confirmed",
        event: "",
        durationSeconds: 274,
        local: {
          identity: { uri: "sip:alice@example.com", display: "Alice" },
          target: "sip:alice@pc33.example.com",
          isRendering: true,
        },
        remote: {
          identity: { uri: "sip:bob@example.org", display: "Bob" },
          target: "sip:bobster@phone21.example.org",
          isRendering: true,
        },
      }],
    });
  });

  test("§6.1: a call that forks, is answered and ends", () => {
    const told = forkingCall.map(read).map(({ version, isFull, dialogs }) => [
      version,
      isFull,
      ...dialogs.map(({ state, remoteTag, event }) => [state, remoteTag, event].join(" ").trim()),
    ]);
    expect(told).toEqual([
      [0, true, "trying"],
      [1, true, "early 456887766"],
      [2, true, "early 456887766", "early hh76a"],
      [3, false, "confirmed hh76a"],
      [4, false, "terminated hh76a cancelled"],
    ]);
    expect(read(forkingCall[3]!).dialogs[0]).toMatchObject({
      id: "as7d900as8",
      callId: "a84b4c76e66710",
      localTag: "1928301774",
      direction: "initiator",
      local: {},
      remote: {},
    });
  });

  test("§6.3: no more than a state", () => {
    expect(read(dialogInfo(0, "full")).dialogs).toEqual([]);
    expect(dialog("<state>confirmed</state>")).toMatchObject({ id: "1", direction: undefined, callId: "" });
  });
});

const held = (param: string, end = "local") =>
  dialog(`<state>confirmed</state><${end}><target uri="sip:a@b"><param ${param}/></target></${end}>`);

test.each([
  ['pname="+sip.rendering" pval="no"', false],
  ['pname="sip.rendering" pval="no"', false],
  ['pname="+sip.rendering" pvalue="no"', false],
  ['pname="+sip.rendering" pval="no" pvalue="no"', false],
  ['pname="+SIP.RENDERING" pval="NO"', false],
  ['pname="+sip.rendering" pval="yes"', true],
  ['pname="+sip.rendering" pval="unknown"', true],
  ['pname="+sip.rendering"', true],
  ['pname="+sip.byeless" pval="no"', true],
])("a target with <param %s/> renders: %p (RFC 4235 §4.1.6.2, §5.2)", (param, isRendering) => {
  expect(held(param).local.isRendering).toBe(isRendering);
  expect(held(param, "remote").local).toEqual({});
});

test("Kamailio's display name on the target, and the schema's display-name, are display names", () => {
  const end = (text: string) => dialog(`<state>early</state><remote>${text}</remote>`).remote.identity?.display;
  expect(end('<identity>sip:b@x</identity><target uri="sip:b@y" display="Bob"/>')).toBe("Bob");
  expect(end('<identity display-name="Bob">sip:b@x</identity>')).toBe("Bob");
  expect(end('<identity display="Bob" display-name="B">sip:b@x</identity>')).toBe("Bob");
  expect(end("<identity>sip:b@x</identity>")).toBe("");
});

test("elements of other namespaces play no part", () => {
  const text = dialog('<x:state xmlns:x="urn:x">early</x:state><state>confirmed</state><y xmlns="urn:y"><local/></y>');
  expect(text).toMatchObject({ state: "confirmed", local: {} });
});

const refused: readonly (readonly [document: string, rule: string])[] = [
  ["<presence xmlns='urn:ietf:params:xml:ns:pidf'/>", "Line 1: the root must be dialog-info"],
  ["<dialog-info version='0' state='full'/>", "the root must be dialog-info"],
  [dialogInfo(0, "full").replace('version="0"', ""), "Line 2: <dialog-info> needs the attribute version"],
  [dialogInfo(0, "full").replace('"0"', '"-1"'), "version must be a number of 32 bits"],
  [dialogInfo(0, "full").replace('"0"', '"1.5"'), "version must be a number of 32 bits"],
  [dialogInfo(0, "full").replace('"0"', '"4294967296"'), "version must be a number of 32 bits"],
  [dialogInfo(0, "full").replace('state="full"', ""), "needs the attribute state"],
  [dialogInfo(0, "full").replace("full", "half"), 'state must be one of full, partial, not "half"'],
  [dialogInfo(0, "full", "<dialog><state>early</state></dialog>"), "Line 3: <dialog> needs the attribute id"],
  [dialogInfo(0, "full", '<dialog id=""><state>early</state></dialog>'), "<dialog> needs the attribute id"],
  [dialogInfo(0, "full", '<dialog id="1"/>'), "<dialog> needs a <state>"],
  [dialogInfo(0, "full", '<dialog id="1"><state>ringing</state></dialog>'), 'not "ringing"'],
  [dialogInfo(0, "full", '<dialog id="1"><state>earlier</state></dialog>'), 'not "earlier"'],
  [dialogInfo(0, "full", '<dialog id="1" direction="in"><state>early</state></dialog>'), "direction must be one of"],
  [
    dialogInfo(0, "full", '<dialog id="1"><state>early</state><duration>PT5S</duration></dialog>'),
    "<duration> must be whole seconds",
  ],
];
for (const [text, rule] of refused) {
  test(`refuses ${JSON.stringify(text).slice(0, 100)}: ${rule}`, () => {
    expect(faultOf(readDialogInfo(bytesOf(text)))).toContain(rule);
  });
}

test("every document that hintd writes can be read, and says the same", () => {
  const generators = new Generators();
  const fill = holeFill({ entity: "sip:1000@example.org", remote: "sip:2000@example.org", guid: "g", version: 7 });
  for (const variant of [...variantsOf("rfc"), ...variantsOf("asterisk")]) {
    for (const extension of extensionStates) {
      for (const calls of callSets) {
        const subject = sampleSubject({ extension, calls });
        const text = generators.render("application/dialog-info+xml", subject, variant).text(fill);
        const { version, isFull, dialogs } = read(text);
        expect([version, isFull]).toEqual([7, true]);
        expect(dialogs).toHaveLength(text.match(/<dialog /g)?.length ?? 0);
        expect(dialogs.some(({ local }) => local.isRendering === false)).toBe(text.includes("+sip.rendering"));
      }
    }
  }
});
