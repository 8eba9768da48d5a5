import { describe, expect, test } from "bun:test";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { defaultVariant, type Variant } from "../../lib/body/variant.ts";
import type { ResourceState } from "../../lib/state/resource.ts";
import { findAll, findElement, type InfoElement, readInfoset, textOf } from "./infoset.ts";
import { sampleCall, sampleSubject } from "./samples.ts";

const generators = new Generators();
const entity = "sip:1000@pbx.example:5060";
const fill = holeFill({ entity, remote: "sip:2000@pbx.example", guid: "", version: 2 });

function text(state: Partial<ResourceState>, variant: Partial<Variant> = {}): string {
  const full = { ...defaultVariant, ...variant };
  return generators.render("application/dialog-info+xml", sampleSubject(state), full).text(fill);
}

function dialogs(state: Partial<ResourceState>, variant: Partial<Variant> = {}): InfoElement[] {
  return findAll(readInfoset(text(state, variant)), "dialog");
}

function namesIn(element: InfoElement): string[] {
  return element.children.map((child) => typeof child === "string" ? "#text" : child.name.replace(/^\{.*\}/, ""));
}

function stateOf(dialog: InfoElement | undefined): string {
  return dialog ? textOf(findElement(dialog, "state")) : "none";
}

describe("dialog-info, profile asterisk", () => {
  test("shows who rings: remote, local, state, in this order", () => {
    expect(text({ extension: "RINGING", calls: [sampleCall()] })).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="2" state="full" entity="sip:1000@pbx.example:5060">
 <dialog id="1000" direction="recipient">
  <remote>
   <identity display="Bob &quot;B&quot; &lt;Builder&gt;">sip:2000@example.org</identity>
   <target uri="sip:2000@example.org" />
  </remote>
  <local>
   <identity>sip:600@example.org</identity>
   <target uri="sip:1000@pbx.example:5060" />
  </local>
  <state>early</state>
 </dialog>
</dialog-info>
`);
  });

  test("marks hold with both spellings of the value", () => {
    const [dialog] = dialogs({ extension: "ONHOLD" });
    expect(findElement(dialog!, "param").attributes).toEqual({ pname: "+sip.rendering", pval: "no", pvalue: "no" });
  });

  test("has exactly one dialog, whatever the calls", () => {
    for (const calls of [[], [sampleCall(), sampleCall({ id: "2" })]]) {
      for (const extension of ["NOT_INUSE", "INUSE", "REMOVED"] as const) {
        expect(dialogs({ extension, calls }, { maxDialogs: 5 }).length).toBe(1);
      }
    }
  });

  test("shows the oldest of several ringing calls, never an outgoing one", () => {
    const calls = [
      sampleCall({ id: "new", startedAt: 30, remoteIdentity: { uri: "sip:new@x", display: "" } }),
      sampleCall({
        id: "out",
        startedAt: 10,
        direction: "initiator",
        remoteIdentity: { uri: "sip:out@x", display: "" },
      }),
      sampleCall({ id: "old", startedAt: 20, remoteIdentity: { uri: "sip:old@x", display: "" } }),
    ];
    const [dialog] = dialogs({ extension: "RINGING", calls });
    expect(textOf(findElement(findElement(dialog!, "remote"), "identity"))).toBe("sip:old@x");
  });

  test("tells ringing while in use as confirmed, as early on notify_early_inuse_ringing", () => {
    expect(stateOf(dialogs({ extension: "RINGINUSE" })[0])).toBe("confirmed");
    const [early] = dialogs({ extension: "RINGINUSE" }, { notifyEarlyInuseRinging: true });
    expect(stateOf(early)).toBe("early");
    expect(early?.attributes.direction).toBe("recipient");
  });

  test("gives Call-ID and tags only to phones with dialog_ids", () => {
    const state = { extension: "RINGING", calls: [sampleCall()] } as const;
    expect(dialogs(state)[0]?.attributes).toEqual({ id: "1000", direction: "recipient" });
    expect(dialogs(state, { dialogIds: true })[0]?.attributes).toEqual({
      id: "1000",
      direction: "recipient",
      "call-id": "a84b4c76e66710@pc33.example.org",
      "local-tag": "local-1",
      "remote-tag": "remote-1",
    });
  });

  // deno-fmt-ignore
  const remoteCases = [
    ["early", "RINGING", "early", true], ["early", "INUSE", "confirmed", false],
    ["always", "RINGING", "early", true], ["always", "INUSE", "confirmed", true], ["always", "ONHOLD", "held", true],
    ["never", "RINGING", "early", false], ["never", "INUSE", "confirmed", false],
  ] as const;
  for (const [remoteParty, extension, state, isShown] of remoteCases) {
    test(`remote_party ${remoteParty} ${isShown ? "shows" : "hides"} the other end of a call that is ${state}`, () => {
      const [dialog] = dialogs({ extension, calls: [sampleCall({ state })] }, { remoteParty });
      expect(namesIn(dialog!).includes("remote")).toBe(isShown);
    });
  }

  test("pickup_prefix makes the target of a ringing call the watched URI with the prefix before its user", () => {
    const variant = { pickupPrefix: "**" };
    const [known] = dialogs({ extension: "RINGING", calls: [sampleCall()] }, variant);
    const remote = findElement(known!, "remote");
    expect(textOf(findElement(remote, "identity"))).toBe("sip:2000@example.org");
    expect(findElement(remote, "target").attributes.uri).toBe("sip:**1000@pbx.example:5060");
    const [unknown] = dialogs({ extension: "RINGING" }, variant);
    expect(namesIn(findElement(unknown!, "remote"))).toEqual(["target"]);
    const [hidden] = dialogs({ extension: "RINGING", calls: [sampleCall()] }, { ...variant, remoteParty: "never" });
    expect(namesIn(findElement(hidden!, "remote"))).toEqual(["target"]);
    expect(namesIn(dialogs({ extension: "INUSE" }, variant)[0]!)).toEqual(["state"]);
  });

  test("shows dnd as busy on dnd_as, unless a call says more", () => {
    const presence = { state: "dnd", subtype: "", message: "" } as const;
    const states = (["NOT_INUSE", "UNAVAILABLE", "RINGING"] as const).map((extension) =>
      stateOf(dialogs({ extension, presence }, { dndAs: "busy" })[0])
    );
    expect(states).toEqual(["confirmed", "confirmed", "early"]);
    expect(stateOf(dialogs({ presence })[0])).toBe("terminated");
  });

  test("shows unavailable as the phone's option says", () => {
    const states = (["", "busy", "idle"] as const).map((unavailableAs) =>
      stateOf(dialogs({ extension: "UNAVAILABLE" }, { unavailableAs })[0])
    );
    expect(states).toEqual(["terminated", "confirmed", "terminated"]);
  });
});

describe("dialog-info, profile rfc (RFC 4235)", () => {
  const rfc: Partial<Variant> = { profile: "rfc", dialogIds: true };

  test("has one dialog per call with its own state, direction and ids (§4.1.1)", () => {
    const calls = [
      sampleCall({ id: "a", state: "early" }),
      sampleCall({ id: "b", state: "confirmed", direction: "initiator", callId: "", localTag: "", remoteTag: "" }),
      sampleCall({ id: "c", state: "held" }),
      sampleCall({ id: "d", state: "terminated" }),
    ];
    const found = dialogs({ extension: "RINGINUSE", calls }, rfc);
    expect(found.map((dialog) => [dialog.attributes.id, stateOf(dialog), dialog.attributes.direction])).toEqual([
      ["a", "early", "recipient"],
      ["b", "confirmed", "initiator"],
      ["c", "confirmed", "recipient"],
    ]);
    expect(found[0]?.attributes["call-id"]).toBe("a84b4c76e66710@pc33.example.org");
    expect(Object.keys(found[1]?.attributes ?? {})).toEqual(["id", "direction"]);
    expect(namesIn(found[0]!)).toEqual(["state", "local", "remote"]);
    expect(findElement(found[2]!, "param").attributes).toEqual({ pname: "+sip.rendering", pval: "no" });
  });

  test("has no dialog when idle, unavailable or gone", () => {
    for (const extension of ["NOT_INUSE", "UNAVAILABLE", "REMOVED"] as const) {
      expect(dialogs({ extension }, rfc)).toEqual([]);
    }
  });

  test("stands one dialog in for devices that are busy without a known call", () => {
    const states = (["INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"] as const).map((extension) => {
      const found = dialogs({ extension }, rfc);
      return [found.length, found[0]?.attributes.id, stateOf(found[0]), namesIn(found[0]!).join(" ")];
    });
    expect(states).toEqual([
      [1, "1000", "confirmed", "state local"],
      [1, "1000", "confirmed", "state local"],
      [1, "1000", "early", "state local"],
      [1, "1000", "confirmed", "state local"],
      [1, "1000", "confirmed", "state local"],
    ]);
  });

  test("keeps the ringing call when max_dialogs leaves room for one", () => {
    const calls = [sampleCall({ id: "a", state: "confirmed" }), sampleCall({ id: "b", state: "early" })];
    expect(dialogs({ extension: "RINGINUSE", calls }, { ...rfc, maxDialogs: 1 }).map((one) => one.attributes.id))
      .toEqual(["b"]);
  });

  test("tells calls of different devices apart that go by the same id (§4.1.1)", () => {
    const calls = [sampleCall(), sampleCall(), sampleCall({ id: "other" })];
    const ids = dialogs({ extension: "RINGING", calls }, rfc).map((one) => one.attributes.id);
    expect(ids).toEqual(["call-1", "call-1~2", "other"]);
  });

  test("names the watched URI as local target, and as identity where nobody told another", () => {
    const [dialog] = dialogs({
      extension: "INUSE",
      calls: [sampleCall({ state: "confirmed", localIdentity: undefined })],
    }, rfc);
    const local = findElement(dialog!, "local");
    expect(textOf(findElement(local, "identity"))).toBe(entity);
    expect(findElement(local, "target").attributes.uri).toBe(entity);
  });
});
