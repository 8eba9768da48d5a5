/**
 * Random lives of a list subscription: members change, hints come and go, the list is edited, datagrams are lost, phones are slow, the plug
 * is pulled. Once all is quiet, the picture that the watcher rebuilt only from what it received must be the truth.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { lampOf } from "../../lib/body/lamp.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";
import { ListPicture, readListDocument, resourceCountOf } from "../support/list_document.ts";
import type { Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const EXTENS = ["1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007"];
const STATES: readonly DeviceState[] = ["NOT_INUSE", "INUSE", "RINGING", "ONHOLD", "UNAVAILABLE"];
const DATAGRAM_BYTES = 1_300;

/** What a configuration may differ in. */
interface Office {
  /** Extensions with a hint. */
  readonly hints: readonly string[];
  /** Members of the list, before those of the list in it. */
  readonly panel: readonly string[];
  readonly nested: readonly string[];
  readonly isFullState: boolean;
  readonly isNestedFullState: boolean;
  readonly areNamesShown: boolean;
}

type Step =
  | { readonly kind: "change"; readonly exten: string; readonly state: DeviceState }
  | { readonly kind: "pass"; readonly millis: number }
  | { readonly kind: "refresh" }
  | { readonly kind: "reload"; readonly office: Office }
  | { readonly kind: "hints"; readonly hints: readonly string[] }
  | { readonly kind: "restart" }
  /** Datagrams to the phone are lost for as long. */
  | { readonly kind: "lose"; readonly millis: number }
  /** What the phone answers from now on. */
  | { readonly kind: "answer"; readonly with: "200 OK" | "503 Busy" | "480 Away" | "" };

const extens = fc.subarray(EXTENS);
const office: fc.Arbitrary<Office> = fc.record({
  hints: extens,
  panel: extens.filter((some) => some.length > 0),
  nested: fc.subarray(EXTENS, { minLength: 1, maxLength: 4 }),
  isFullState: fc.boolean(),
  isNestedFullState: fc.boolean(),
  areNamesShown: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      exten: fc.constantFrom(...EXTENS),
      state: fc.constantFrom(...STATES),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), millis: fc.constantFrom(0, 1, 300, 5_000) }),
  },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: "refresh" }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("reload" as const), office }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("hints" as const), hints: extens }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "restart" }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("lose" as const), millis: fc.constantFrom(200, 3_000, 40_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      with: fc.constantFrom("200 OK" as const, "503 Busy" as const, "480 Away" as const, "" as const),
    }),
  },
);

const world = fc.record({
  event: fc.constantFrom("presence" as const, "dialog" as const),
  profile: fc.constantFrom("asterisk" as const, "rfc" as const),
  batchMillis: fc.constantFrom(0, 0, 1_000),
  hasStream: fc.boolean(),
  office: office.filter(({ hints, panel }) => panel.some((exten) => hints.includes(exten))),
  steps: fc.array(step, { maxLength: 25 }),
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

function configOf({ event, profile, batchMillis }: World, of: Office, names: number): string {
  const quoted = (items: readonly string[]) => items.map((item) => `"${item}"`).join(", ");
  return `
[server]
sip_profile = "${profile}"
[endpoints.alice]
match = ["192.0.2.10", "192.0.2.99"]
identify_by = ["ip"]
[contexts.default.hints]
${of.hints.map((exten) => `${exten} = "Custom:d${exten}(Name ${names} <&>)"`).join("\n")}
[lists.panel]
event = "${event}"
list_item = [${quoted([...of.panel, "nested"])}]
full_state = ${of.isFullState}
notification_batch_interval = ${batchMillis}
resource_display_name = ${of.areNamesShown}
[lists.nested]
event = "${event}"
list_item = [${quoted(of.nested)}, "panel"]
full_state = ${of.isNestedFullState}
`;
}

/** Every extension that the watcher should know, with what stands for its state in a document. */
function truthOf(site: Site, { event }: World, of: Office): Map<string, string> {
  const names = new Set([...of.panel, ...of.nested].filter((exten) => of.hints.includes(exten)));
  return new Map([...names].map((exten) => {
    const lamp = lampOf(site.core.engine.lookup("default", exten)!.state.extension);
    return [`sip:${exten}@192.0.2.1`, event === "dialog" ? `<state>${lamp.dialog}<` : `<note>${lamp.note}<`];
  }));
}

/** A watcher that believes what it is told. */
class Watcher {
  readonly picture = new ListPicture();
  readonly #seen = new Set<string>();

  take(notify: Received): void {
    const key = `${notify.header("Call-ID")} ${notify.header("CSeq")}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    expect(notify.header("Require")).toBe("eventlist");
    const document = readListDocument(notify.header("Content-Type"), notify.body);
    this.picture.take(document);
    if (notify.flow.isReliable || notify.text.length <= DATAGRAM_BYTES) return;
    expect(resourceCountOf(document), `${notify.text.length} bytes`).toBe(1);
  }
}

async function live(wanted: World): Promise<void> {
  let present = wanted.office;
  let names = 0;
  const site = await Site.start(configOf(wanted, present, names), ["udp", "tcp"]);
  const phone = site.phone("192.0.2.10");
  const stream = site.phone("192.0.2.10", "tcp");
  const watcher = new Watcher();
  const streamTo = () => wanted.hasStream ? site.flowTo("192.0.2.10", "tcp") : undefined;
  site.streamFlow = streamTo();
  let answer: string = "200 OK";
  let loseUntil = 0;
  const onNotify = (notify: Received) => {
    watcher.take(notify);
    return answer === "" ? undefined : answer;
  };
  phone.onNotify = onNotify;
  stream.onNotify = onNotify;
  site.network.fate = ({ to, at }) => to.startsWith("192.0.2.10") && at < loseUntil ? [] : [0];

  let asked = phone.subscribe({ exten: "panel", event: wanted.event, expires: 3600, extra: ["Supported: eventlist"] });
  await site.pass();
  expect(phone.response.status).toBe(200);
  const toTag = phone.response.tag("To");

  for (const next of wanted.steps) {
    if (next.kind === "change") site.setDevice(`d${next.exten}`, next.state);
    else if (next.kind === "pass") await site.pass(next.millis);
    else if (next.kind === "refresh") asked = phone.again(asked, toTag);
    else if (next.kind === "lose") loseUntil = site.clock.now() + next.millis;
    else if (next.kind === "answer") answer = next.with;
    else if (next.kind === "restart") {
      await site.pass();
      await site.restart();
      site.streamFlow = streamTo();
    } else {
      present = next.kind === "hints" ? { ...present, hints: next.hints } : next.office;
      await site.reload(configOf(wanted, present, ++names));
    }
  }
  answer = "200 OK";
  await site.pass(900_000);

  expect(site.core.subscriptions.count).toBe(1);
  const { members, ids } = watcher.picture;
  const truth = truthOf(site, wanted, present);
  const told = [...members].map(([uri, body]) => {
    const wanted = truth.get(uri);
    return [uri, wanted !== undefined && body.includes(wanted) ? wanted : body];
  });
  expect(Object.fromEntries(told), site.network.ladder()).toEqual(Object.fromEntries(truth));
  expect(watcher.picture.discardedCount, "versions that repeat or go back").toBe(0);
  for (const [uri, instances] of ids) expect(instances.size, `instances of ${uri}`).toBe(1);
}

test("what a list's watcher rebuilds from what reaches it is the truth once all is quiet (RFC 4662 §5.6)", async () => {
  await fc.assert(fc.asyncProperty(world, live), { numRuns: 60 });
}, 120_000);
