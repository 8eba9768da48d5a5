/** What documents add up to in one publication, by event package. */
import { describe, expect, test } from "bun:test";
import { deviceStatePackage, mailboxStatePackage } from "../../lib/publication/packages/asterisk.ts";
import { dialogPackage, type DialogTable } from "../../lib/publication/packages/dialog.ts";
import { messageSummaryPackage } from "../../lib/publication/packages/message_summary.ts";
import { presencePackage } from "../../lib/publication/packages/presence.ts";
import { limits } from "../../lib/runtime/limits.ts";
import { dialogInfo, forkingCall, pidf } from "../body/read/documents.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { Publishing } from "./composing.ts";

const EID = "00:11:22:33:44:55";
const OWN_EID = "02:00:00:00:00:01";
const dialog = (id: string, state: string, more = "", attributes = "") =>
  `<dialog id="${id}" ${attributes}><state>${state}</state>${more}</dialog>`;
const caller = '<remote><identity display="Bob">sip:bob@example.com</identity></remote>';
const holding = '<local><target uri="sip:a@b"><param pname="+sip.rendering" pval="no"/></target></local>';
const playing = '<local><target uri="sip:a@b"><param pname="+sip.rendering" pval="yes"/></target></local>';

describe("package dialog", () => {
  function phone() {
    const clock = new ManualClock();
    return { clock, alice: new Publishing<DialogTable>(dialogPackage(clock)) };
  }
  const rows = (alice: Publishing<DialogTable>) => alice.value?.dialogs.map(({ id, state }) => `${id} ${state}`);

  test("follows the call of RFC 4235 §6.1 to its end", () => {
    const { alice } = phone();
    const seen = forkingCall.map((text) => {
      alice.publish(text);
      return rows(alice);
    });
    expect(seen).toEqual([
      ["as7d900as8 trying"],
      ["as7d900as8 early"],
      ["as7d900as8 early"],
      ["as7d900as8 confirmed"],
      [],
    ]);
  });

  test("a full document replaces all, a partial one changes what it names (RFC 4235 §4.3)", () => {
    const { alice } = phone();
    alice.publish(dialogInfo(0, "full", dialog("1", "confirmed"), dialog("2", "early")));
    alice.publish(dialogInfo(1, "partial", dialog("3", "trying"), dialog("2", "confirmed")));
    expect(rows(alice)).toEqual(["1 confirmed", "2 confirmed", "3 trying"]);
    alice.publish(dialogInfo(2, "partial", dialog("1", "terminated"), dialog("9", "terminated")));
    expect(rows(alice)).toEqual(["2 confirmed", "3 trying"]);
    alice.publish(dialogInfo(3, "full", dialog("4", "early"), dialog("2", "terminated")));
    expect(rows(alice)).toEqual(["4 early"]);
    alice.publish(dialogInfo(4, "full"));
    expect(rows(alice)).toEqual([]);
  });

  const call = 'call-id="c1" local-tag="l" remote-tag="r"';
  test.each([
    ["the same Call-ID and tags", call, true],
    ["the same Call-ID, before there were tags", 'call-id="c1"', true],
    ["no Call-ID, and the same id", "", true],
    ["another Call-ID, though the id is the same", 'call-id="c2" local-tag="l" remote-tag="r"', false],
    ["another tag, as of a forked call", 'call-id="c1" local-tag="l" remote-tag="other"', false],
  ])("what is over is over in its publisher's other publications: %s", (_, attributes, isOver) => {
    const { clock, alice } = phone();
    const other = new Publishing<DialogTable>(dialogPackage(clock));
    other.publish(
      dialogInfo(0, "full", dialog("1", "confirmed", "", attributes), dialog("2", "early", "", 'call-id="c3"')),
    );
    alice.publish(dialogInfo(0, "full", dialog("1", "terminated", "", call)));
    const left = dialogPackage(clock).left!(other.value!, alice.value!);
    expect(left.dialogs.map(({ id }) => id)).toEqual(isOver ? ["2"] : ["1", "2"]);
    if (!isOver) expect(left).toBe(other.value!);
  });

  test("a partial document without a newer version is refused and changes nothing; gaps are not (RFC 4235 §4.3)", () => {
    const { alice } = phone();
    alice.publish(dialogInfo(5, "full", dialog("1", "early")));
    for (const version of [0, 4, 5]) {
      expect(alice.publish(dialogInfo(version, "partial", dialog("1", "terminated")))).toEqual({
        status: 400,
        reason: `Version ${version} of partial dialog-info is not above 5`,
        why: `Version ${version} of partial dialog-info is not above 5`,
      });
    }
    expect(rows(alice)).toEqual(["1 early"]);
    alice.publish(dialogInfo(9, "partial", dialog("1", "confirmed")));
    expect(rows(alice)).toEqual(["1 confirmed"]);
    expect(alice.publish(dialogInfo(9, "partial"))).toMatchObject({ status: 400 });
  });

  test("a full document counts whatever its version, as Kamailio's, which is always 0", () => {
    const { alice } = phone();
    alice.publish(dialogInfo(7, "full", dialog("1", "early")));
    alice.publish(dialogInfo(0, "full", dialog("1", "confirmed")));
    expect(rows(alice)).toEqual(["1 confirmed"]);
    alice.publish(dialogInfo(1, "partial", dialog("2", "early")));
    expect(rows(alice)).toEqual(["1 confirmed", "2 early"]);
  });

  test("a partial document may begin a publication", () => {
    const { alice } = phone();
    alice.publish(dialogInfo(3, "partial", dialog("1", "early"), dialog("2", "terminated")));
    expect(rows(alice)).toEqual(["1 early"]);
  });

  test("a partial document keeps what it leaves out of a known dialog, a full one does not (RFC 4235 §4.1.6)", () => {
    const { alice } = phone();
    const ids = 'call-id="c" local-tag="l" direction="recipient"';
    alice.publish(dialogInfo(0, "full", dialog("1", "early", caller, ids)));
    alice.publish(dialogInfo(1, "partial", dialog("1", "confirmed", holding, 'remote-tag="r"')));
    expect(alice.value?.dialogs).toEqual([{
      id: "1",
      state: "confirmed",
      direction: "recipient",
      callId: "c",
      localTag: "l",
      remoteTag: "r",
      local: { target: "sip:a@b", isRendering: false },
      remote: { identity: { uri: "sip:bob@example.com", display: "Bob" } },
      startedAt: expect.any(Number),
    }]);
    alice.publish(dialogInfo(2, "partial", dialog("1", "confirmed")));
    expect(alice.value?.dialogs[0]?.local.isRendering).toBe(false);
    alice.publish(dialogInfo(3, "partial", dialog("1", "confirmed", playing)));
    expect(alice.value?.dialogs[0]?.local.isRendering).toBe(true);
    alice.publish(dialogInfo(4, "full", dialog("1", "confirmed")));
    expect(alice.value?.dialogs[0]).toMatchObject({ direction: "", callId: "", local: {}, remote: {} });
  });

  test("a dialog began when it was first told of, less its duration, and never again", () => {
    const { clock, alice } = phone();
    const began = () => clock.wall() - alice.value!.dialogs[0]!.startedAt;
    alice.publish(dialogInfo(0, "full", dialog("1", "early", "<duration>10</duration>")));
    expect(began()).toBe(10_000);
    clock.advance(5_000);
    alice.publish(dialogInfo(1, "full", dialog("1", "confirmed", "<duration>16</duration>")));
    alice.publish(dialogInfo(2, "partial", dialog("1", "confirmed", "<duration>2</duration>")));
    expect(began()).toBe(15_000);
  });

  test("holds no more dialogs than the limit, whether they come at once or one by one", () => {
    const { alice } = phone();
    const many = Array.from({ length: limits.publishedDialogCount }, (_, i) => dialog(String(i), "early"));
    alice.publish(dialogInfo(0, "full", ...many));
    expect(alice.value?.dialogs).toHaveLength(limits.publishedDialogCount);
    expect(alice.publish(dialogInfo(1, "partial", dialog("more", "early")))).toMatchObject({ status: 400 });
    expect(alice.publish(dialogInfo(1, "full", ...many, dialog("more", "early")))).toMatchObject({ status: 400 });
    alice.publish(dialogInfo(1, "partial", dialog("more", "early"), dialog("0", "terminated")));
    expect(alice.value?.dialogs).toHaveLength(limits.publishedDialogCount);
  });

  test("a document that cannot be read is 400, and the reason names line and rule", () => {
    const { alice } = phone();
    expect(alice.publish(dialogInfo(0, "full", dialog("1", "busy")))).toMatchObject({
      status: 400,
      reason: 'Line 3: state must be one of trying, proceeding, early, confirmed, terminated, not "busy"',
    });
    expect(alice.value).toBeUndefined();
  });
});

describe("package presence", () => {
  test("every document replaces the one before (RFC 3863 §4)", () => {
    const alice = new Publishing(presencePackage);
    alice.publish(pidf('<tuple id="t"><status><basic>open</basic></status><note>a</note></tuple>'));
    alice.publish(pidf('<tuple id="t"><status><basic>closed</basic></status></tuple>'));
    expect(alice.value).toEqual({ basic: "closed", activities: [], other: "", note: "" });
    expect(alice.publish("<presence/>")).toMatchObject({ status: 400 });
  });
});

test.each([
  ["Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n", { new: 2, old: 8, oldUrgent: 2 }],
  ["Messages-Waiting: no\r\nVoice-Message: 0/8\r\n", { new: 0, old: 8 }],
  ["Messages-Waiting: yes\r\n", { new: 1, old: 0 }],
  ["Messages-Waiting: no\r\n", { new: 0, old: 0 }],
  ["Messages-Waiting: yes\r\nFax-Message: 3/0\r\n", { new: 1, old: 0 }],
  ["Messages-Waiting: no\r\nVoice-Message: 2/0\r\n", { new: 2, old: 0 }],
])("package message-summary: %j is %j (RFC 3842 §5.2)", (text, counts) => {
  const alice = new Publishing(messageSummaryPackage);
  alice.publish("Messages-Waiting: yes\r\nVoice-Message: 9/9\r\n");
  expect(alice.publish(text)).toEqual(counts);
  expect(alice.publish("x")).toMatchObject({ status: 400 });
});

describe("package asterisk-devicestate", () => {
  const told = (device: string, state: string, eid = EID) =>
    JSON.stringify({ type: "devicestate", device, state, cachable: 1, eid });

  test("each document tells of one device; the others stay", () => {
    const pbx = new Publishing(deviceStatePackage(OWN_EID), "pbx");
    pbx.publish(told("PJSIP/alice", "INUSE"));
    pbx.publish(told("SIP/bob", "NOT_INUSE"));
    pbx.publish(told("PJSIP/alice", "RINGING"));
    pbx.publish(told("custom:door", "BUSY", "ff:ff:ff:ff:ff:ff"));
    expect(pbx.value).toEqual({
      [EID]: { "PJSIP/alice": "RINGING", "PJSIP/bob": "NOT_INUSE" },
      "ff:ff:ff:ff:ff:ff": { "Custom:door": "BUSY" },
    });
  });

  test("INVALID takes a device away; a refresh, and a device that no hint can name, change nothing", () => {
    const pbx = new Publishing(deviceStatePackage(OWN_EID), "pbx");
    pbx.publish(JSON.stringify({ type: "refresh", eid: EID }));
    expect(pbx.value).toEqual({});
    pbx.publish(told("PJSIP/alice", "INUSE"));
    pbx.publish(told("Local/1000@default", "INUSE"));
    pbx.publish(JSON.stringify({ type: "refresh", eid: EID }));
    expect(pbx.value).toEqual({ [EID]: { "PJSIP/alice": "INUSE" } });
    pbx.publish(told("PJSIP/alice", "INVALID"));
    expect(pbx.value).toEqual({ [EID]: {} });
  });

  test("a refresh of another server asks for everything; what this appliance said itself is nothing new", () => {
    const pbx = new Publishing(deviceStatePackage(OWN_EID), "pbx");
    pbx.publish(JSON.stringify({ type: "refresh", eid: OWN_EID }));
    pbx.publish(told("PJSIP/alice", "INUSE", OWN_EID.toUpperCase()));
    expect(pbx.value).toEqual({});
    expect(pbx.askedForEverything).toBe(0);
    pbx.publish(JSON.stringify({ type: "refresh", eid: EID }));
    expect(pbx.askedForEverything).toBe(1);
  });

  test("refuses what the sender may not publish with 403, another event's document with 400", () => {
    const pbx = new Publishing(deviceStatePackage(OWN_EID), "pbx");
    const asked: string[] = [];
    const mayPublish = (name: string) => asked.push(name) > 1;
    expect(pbx.publish(told("sip/alice", "INUSE"), mayPublish)).toMatchObject({ status: 403 });
    expect(pbx.publish(told("sip/alice", "INUSE"), mayPublish)).toMatchObject({ [EID]: { "PJSIP/alice": "INUSE" } });
    expect(asked).toEqual(["PJSIP/alice", "PJSIP/alice"]);
    const mailbox = { type: "mailboxstate", uniqueid: "1", old: 0, new: 0, eid: EID };
    expect(pbx.publish(JSON.stringify(mailbox))).toMatchObject({ status: 400 });
    expect(pbx.publish("{}")).toMatchObject({ status: 400 });
  });

  test("remembers no more names than the limit", () => {
    const pbx = new Publishing(deviceStatePackage(OWN_EID), "pbx");
    const states = Object.fromEntries(
      Array.from({ length: limits.publishedNameCount - 1 }, (_, i) => [`PJSIP/${i}`, "INUSE" as const]),
    );
    pbx.value = { [EID]: states };
    expect(pbx.publish(told("PJSIP/more", "INUSE"))).toMatchObject({ status: 400 });
    expect(pbx.publish(told("PJSIP/0", "BUSY"))).not.toHaveProperty("status");
  });
});

test("package asterisk-mwi: each document tells of one mailbox; a refresh changes nothing", () => {
  const pbx = new Publishing(mailboxStatePackage(OWN_EID), "pbx");
  const told = (uniqueid: string, fresh: number) =>
    JSON.stringify({ type: "mailboxstate", uniqueid, old: 1, new: fresh, eid: EID });
  pbx.publish(told("1000@default", 2));
  pbx.publish(told("2000@office", 1));
  pbx.publish(told("1000", 0));
  pbx.publish(JSON.stringify({ type: "refresh", eid: EID }));
  expect(pbx.askedForEverything).toBe(1);
  expect(pbx.value).toEqual({ "1000@default": { new: 0, old: 1 }, "2000@office": { new: 1, old: 1 } });
  expect(pbx.publish(told("__proto__", 3))).toHaveProperty(["__proto__@default"], { new: 3, old: 1 });
  expect(pbx.publish(told("1000", 5), () => false)).toMatchObject({ status: 403 });
  expect(pbx.publish(JSON.stringify({ type: "devicestate", device: "PJSIP/a", state: "BUSY", eid: EID })))
    .toMatchObject({
      status: 400,
    });
});

describe("what publications say in words", () => {
  test("calls, with whom", () => {
    const { describe } = dialogPackage(new ManualClock());
    const phone = new Publishing<DialogTable>(dialogPackage(new ManualClock()));
    phone.publish(dialogInfo(0, "full", dialog("a", "early", caller) + dialog("b", "confirmed")));
    expect(describe(phone.value!)).toBe("a call early, with Bob; a call confirmed");
    expect(describe({ version: 1, dialogs: [] })).toBe("no call");
  });

  test("presence, messages, devices", () => {
    expect(presencePackage.describe({ basic: "open", activities: ["away"], other: "", note: "lunch" })).toBe(
      "open, away, lunch",
    );
    expect(messageSummaryPackage.describe({ new: 2, old: 5 })).toBe("2 new messages, 5 old");
    expect(deviceStatePackage(OWN_EID).describe({ [EID]: { "Custom:a": "INUSE", "PJSIP/b": "RINGING" } })).toBe(
      "2 devices",
    );
    expect(mailboxStatePackage(OWN_EID).describe({ "1@default": { new: 1, old: 0 } })).toBe("1 mailbox");
  });
});
