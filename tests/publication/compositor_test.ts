/** From published documents to lamps and bodies: real packages, mechanics, compositor, state engine and generators. */
import { describe, expect, test } from "bun:test";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { defaultVariant, type Variant } from "../../lib/body/variant.ts";
import { publishedPackages, StateCompositor } from "../../lib/publication/compositor.ts";
import { publicationCounters, Publications } from "../../lib/publication/publications.ts";
import { silentLog } from "../../lib/runtime/log.ts";
import { dialogInfo, pidf } from "../body/read/documents.ts";
import { scriptedEntropy } from "../registrar/support.ts";
import { officeOf } from "../state/office.ts";
import { MemoryPublications, publishText, requestOf } from "./publications_support.ts";

const EID = "00:11:22:33:44:55";
const types: Readonly<Record<string, string>> = {
  dialog: "application/dialog-info+xml",
  presence: "application/pidf+xml",
  "message-summary": "application/simple-message-summary",
  "asterisk-devicestate": "application/json",
  "asterisk-mwi": "application/json",
};
const incoming = `<dialog id="d1" call-id="c1" local-tag="l1" remote-tag="r1" direction="recipient"><state>early</state>
  <remote><identity display="Bob">sip:bob@example.com</identity><target uri="sip:bob@192.0.2.9"/></remote></dialog>`;
const said = (basic: string, activity: string, note = "") =>
  pidf(
    `<tuple id="t"><status><basic>${basic}</basic></status></tuple><dm:person id="p"><rpid:activities>${activity}</rpid:activities><dm:note>${note}</dm:note></dm:person>`,
  );
const device = (name: string, state: string, eid = EID) =>
  JSON.stringify({ type: "devicestate", device: name, state, cachable: 1, eid });
const mailbox = (box: string, fresh: number) =>
  JSON.stringify({ type: "mailboxstate", uniqueid: box, new: fresh, old: 0, eid: EID });

/** An office whose states come from publications; users of Request-URIs are targets as they stand. */
function station(hints: Readonly<Record<string, string>>, port = new MemoryPublications()) {
  const office = officeOf(hints);
  const { clock, engine } = office;
  const publications = new Publications({
    clock,
    timers: clock.timers(),
    entropy: scriptedEntropy(),
    log: silentLog,
    counters: publicationCounters(),
    port,
    packages: publishedPackages(clock, "02:00:00:00:00:01"),
    compositor: new StateCompositor(engine),
    targets: {
      targetOf: (_publisher, event, user) => event === "dialog" || event === "presence" ? `PJSIP/${user}` : user,
      mayPublish: (publisher) => publisher === "pbx",
    },
    rules: { minExpirySeconds: 60, maxExpirySeconds: 3_600 },
    everythingAsked() {},
  });
  publications.start();
  for (const name of ["alice", "bob"]) engine.setEndpoint(name, { isReachable: true, busyAt: 0 });
  office.told();
  const generators = new Generators();
  const fill = holeFill({ entity: "sip:1000@example.org", remote: "sip:2000@example.org", guid: "g" });

  /** Publishes; the tag is that of the publication to change, and the result its next one, or the status of a refusal. */
  function publish(publisher: string, event: string, user: string, body: string, tag?: string): string {
    const request = publishText({
      uri: `sip:${user}@example.org`,
      event,
      body,
      type: types[event]!,
      ...(tag === undefined ? {} : { ifMatch: tag }),
    });
    const outcome = publications.publish(requestOf(request), publisher);
    return "entityTag" in outcome ? outcome.entityTag : String(outcome.status);
  }
  /** The body that a watcher of an extension would get now. */
  function body(exten: string, mediaType: string, variant: Partial<Variant> = {}): string {
    return generators.render(mediaType, office.at(exten), { ...defaultVariant, ...variant }).text(fill);
  }
  return { office, publications, port, publish, body };
}

describe("a published dialog", () => {
  test("makes the device ring, talk, hold and hang up, each told once", () => {
    const { office, publish } = station({ 1000: "PJSIP/alice", 1001: "PJSIP/bob" });
    const steps = ["trying", "early", "confirmed"].map((state) =>
      dialogInfo(0, "full", incoming.replace("early", state))
    );
    let tag = publish("alice", "dialog", "alice", steps[0]!);
    tag = publish("alice", "dialog", "alice", steps[1]!, tag);
    tag = publish("alice", "dialog", "alice", steps[1]!, tag);
    tag = publish("alice", "dialog", "alice", steps[2]!, tag);
    const hold =
      `<dialog id="d1"><state>confirmed</state><local><target uri="sip:a@b"><param pname="+sip.rendering" pval="no"/></target></local></dialog>`;
    tag = publish("alice", "dialog", "alice", dialogInfo(1, "partial", hold), tag);
    publish(
      "alice",
      "dialog",
      "alice",
      dialogInfo(2, "partial", '<dialog id="d1"><state>terminated</state></dialog>'),
      tag,
    );
    expect(office.told()).toEqual([
      "1000@default device RINGING",
      "1000@default device RINGING",
      "1000@default device INUSE",
      "1000@default device ONHOLD",
      "1000@default device NOT_INUSE",
    ]);
  });

  test("is told with remote party, Call-ID and tags", () => {
    const { publish, body } = station({ 1000: "PJSIP/alice" });
    publish("alice", "dialog", "alice", dialogInfo(0, "full", incoming));
    for (const profile of ["asterisk", "rfc"] as const) {
      const text = body("1000", "application/dialog-info+xml", { profile, dialogIds: true });
      expect(text).toContain('call-id="c1" local-tag="l1" remote-tag="r1" direction="recipient"');
      expect(text).toMatch(/<identity display(-name)?="Bob">sip:bob@example.com<\/identity>/);
      expect(text).toContain("<state>early</state>");
    }
  });

  test("ends with its publication: by its time, or when it is removed", () => {
    const { office, publications, publish } = station({ 1000: "PJSIP/alice" });
    publish("alice", "dialog", "alice", dialogInfo(0, "full", incoming));
    publish("pbx", "dialog", "alice", dialogInfo(0, "full", incoming.replace("early", "confirmed")));
    expect(office.at("1000").state.calls).toHaveLength(1);
    office.told();
    office.clock.advance(3_601_000);
    expect(publications.snapshot()).toEqual([]);
    expect(office.lamp("1000")).toBe("NOT_INUSE");
    expect(office.at("1000").state.calls).toEqual([]);
  });

  test("is true again after a restart, and told once", () => {
    const { port, publish } = station({ 1000: "PJSIP/alice" });
    publish("alice", "dialog", "alice", dialogInfo(0, "full", incoming));
    const { office } = station({ 1000: "PJSIP/alice" }, port);
    expect(office.lamp("1000")).toBe("RINGING");
    expect(office.at("1000").state.calls[0]).toMatchObject({
      id: "d1",
      callId: "c1",
      remoteIdentity: { display: "Bob" },
    });
  });
});

describe("published presence", () => {
  test("appears in PIDF with its activities, in the Digium tuple, and as a busy lamp where dnd is one", () => {
    const { office, publish, body } = station({ 1000: "PJSIP/alice" });
    publish(
      "alice",
      "presence",
      "alice",
      said("open", "<rpid:meeting/><rpid:other>budget</rpid:other>", "back at two"),
    );
    expect(office.told()).toEqual(["1000@default presence NOT_INUSE"]);
    const rfc = body("1000", "application/pidf+xml", { profile: "rfc" });
    expect(rfc.replaceAll(/\s+/g, " ")).toContain(
      "<rpid:activities> <rpid:meeting /> <rpid:other>budget</rpid:other> </rpid:activities> <dm:note>back at two</dm:note>",
    );
    expect(body("1000", "application/pidf+xml", { isDigium: true })).toContain(
      '<digium_presence type="dnd" subtype="budget">back at two</digium_presence>',
    );
    expect(body("1000", "application/dialog-info+xml", { dndAs: "busy" })).toContain("<state>confirmed</state>");
  });

  test("that is closed closes the tuple of profile rfc, unless a call shows somebody there", () => {
    const { publish, body } = station({ 1000: "PJSIP/alice" });
    publish("alice", "presence", "alice", said("closed", ""));
    const rfc = body("1000", "application/pidf+xml", { profile: "rfc" });
    expect(rfc).toContain("<basic>closed</basic>");
    expect(rfc).toContain("<note>Unavailable</note>");
    expect(body("1000", "application/pidf+xml")).toContain("<basic>open</basic>");
    publish("alice", "dialog", "alice", dialogInfo(0, "full", incoming));
    expect(body("1000", "application/pidf+xml", { profile: "rfc" })).toContain("<basic>open</basic>");
  });

  test("leaves dialog watchers' bodies alone, and wakes nobody when it says the same", () => {
    const { office, publish, body } = station({ 1000: "PJSIP/alice" });
    const before = body("1000", "application/dialog-info+xml");
    const tag = publish("alice", "presence", "alice", said("open", "<rpid:busy/>"));
    expect(body("1000", "application/dialog-info+xml")).toBe(before);
    office.told();
    publish("alice", "presence", "alice", said("open", "<rpid:mood/><rpid:busy/>"), tag);
    expect(office.told()).toEqual([]);
  });
});

describe("what another Asterisk reports", () => {
  test("makes devices usable that only it knows, for as long as it publishes", () => {
    const { office, publish } = station({ 2000: "PJSIP/far", 1000: "PJSIP/alice", 1001: "PJSIP/bob" });
    let tag = publish("pbx", "asterisk-devicestate", "hintd", device("PJSIP/far", "NOT_INUSE"));
    tag = publish("pbx", "asterisk-devicestate", "hintd", device("PJSIP/alice", "INUSE"), tag);
    tag = publish("pbx", "asterisk-devicestate", "hintd", device("PJSIP/alice", "INUSE"), tag);
    tag = publish("pbx", "asterisk-devicestate", "hintd", JSON.stringify({ type: "refresh", eid: EID }), tag);
    expect(office.told()).toEqual(["2000@default device NOT_INUSE", "1000@default device INUSE"]);
    office.clock.advance(3_601_000);
    expect(office.told().sort()).toEqual(["1000@default device NOT_INUSE", "2000@default device UNAVAILABLE"]);
  });

  test("comes together from several servers and targets, whichever of them stops", () => {
    const { office, publications, publish } = station({ 1000: "PJSIP/far" });
    const one = publish("pbx", "asterisk-devicestate", "a", device("PJSIP/far", "INUSE", "00:00:00:00:00:01"));
    publish("pbx", "asterisk-devicestate", "b", device("PJSIP/far", "RINGING", "00:00:00:00:00:02"));
    publish("pbx", "asterisk-devicestate", "b", device("PJSIP/far", "NOT_INUSE", "00:00:00:00:00:03"));
    expect(office.told()).toEqual(["1000@default device INUSE", "1000@default device RINGINUSE"]);
    const removal = publishText({ uri: "sip:a@example.org", event: "asterisk-devicestate", ifMatch: one, expires: 0 });
    publications.publish(requestOf(removal), "pbx");
    expect(office.lamp("1000")).toBe("RINGING");
  });

  test.each(["a", "b"])("counts once, though it was started again and publishes anew, to %s", (target) => {
    const { office, publish } = station({ 1000: "PJSIP/far" });
    publish("pbx", "asterisk-devicestate", "a", device("PJSIP/far", "INUSE"));
    const tag = publish("pbx", "asterisk-devicestate", target, device("PJSIP/far", "NOT_INUSE"));
    expect(office.lamp("1000")).toBe("NOT_INUSE");
    publish("pbx", "asterisk-devicestate", target, device("PJSIP/far", "RINGING"), tag);
    expect(office.lamp("1000")).toBe("RINGING");
  });

  test("is refused where its sender may not publish the device", () => {
    const { office, publish } = station({ 1000: "PJSIP/alice" });
    expect(publish("bob", "asterisk-devicestate", "hintd", device("PJSIP/alice", "INUSE"))).toBe("403");
    expect(office.told()).toEqual([]);
  });
});

test("published message counts light MWI: message-summary before Asterisk's, the newest target of those first", () => {
  const { office, publish } = station({ 1: "MWI:100" });
  const counts = () => office.engine.devices.mailboxOf("100")?.new;
  publish("pbx", "asterisk-mwi", "a", mailbox("100@default", 1));
  expect([counts(), ...office.told()]).toEqual([1, "1@default device INUSE"]);
  publish("pbx", "asterisk-mwi", "b", mailbox("100", 2));
  expect([counts(), ...office.told()]).toEqual([2]);
  publish("alice", "message-summary", "100", "Messages-Waiting: no\r\nVoice-Message: 0/1\r\n");
  expect([counts(), ...office.told()]).toEqual([0, "1@default device NOT_INUSE"]);
  publish("pbx", "asterisk-mwi", "a", mailbox("100", 3));
  expect([counts(), ...office.told()]).toEqual([0]);
  office.clock.advance(3_601_000);
  expect(counts()).toBeUndefined();
});

test("a publication whose event nobody composes is nobody's", () => {
  const office = officeOf({ 1000: "PJSIP/alice" });
  new StateCompositor(office.engine).compose("mood", "PJSIP/alice", [{ publisher: "a", value: {} }]);
  expect(office.told()).toEqual([]);
});
