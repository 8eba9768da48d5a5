/**
 * Profile asterisk against every recorded list exchange: the recorded requests go to a whole appliance with the recorded lists, and
 * what it answers must be what was recorded, byte for byte, but for ids, which are random there, and the differences listed here.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ListDocument, readListDocument } from "../support/list_document.ts";
import { Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";
import type { DeviceState } from "../../lib/state/device_state.ts";

const directory = join(import.meta.dir, "../fixtures/captures/lists");
const lamps = Array.from({ length: 20 }, (_, i) => String(1000 + i));
const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

function list(name: string, event: string, items: readonly string[], ...options: string[]): string {
  return `[lists.${name}]\nevent = "${event}"\nlist_item = [${quoted(items)}]\n${options.join("\n")}\n`;
}

const config = `
[server]
min_expiry = 0

[bodies]
supplements = ["eyebeam", "digium"]

[endpoints.user0]
match = ["192.0.2.10"]
identify_by = ["ip"]
sub_min_expiry = 0

[contexts.default.hints]
${lamps.map((exten, i) => `${exten} = "Custom:lamp${i}"`).join("\n")}
2020 = "Custom:lamp20(Lamp twenty)"

${list("lamps-presence", "presence", lamps)}
${list("lamps-presence-full", "presence", lamps, "full_state = true")}
${list("lamps-presence-named", "presence", lamps, "resource_display_name = true")}
${list("lamps-presence-batch", "presence", lamps, "notification_batch_interval = 1000")}
${list("lamps-dialog", "dialog", lamps)}
${list("lamps-dialog-full", "dialog", lamps, "full_state = true")}
${list("lamps-missing", "presence", ["1000", "4998", "1001", "4999"])}
${list("lamps-allmissing", "presence", ["4998", "4999"])}
${list("lamps-nested", "presence", ["1000", "lamps-missing", "1002"])}
${list("lamps-one-named", "presence", ["2020", "1000"], "resource_display_name = true")}
`;

/** Names of the differences that are on purpose, and how often each was needed. */
const uses = new Map([
  // Asterisk sends the stored body again on refresh and end; strict phones ignore the repeat.
  ["the version of a dialog-info document grows with every document", 0],
  // RFC 4662 §5.5: the attribute must be there.
  ["a terminated instance says why", 0],
  // RFC 6665 §4.1.3: so that a phone knows whether to come back.
  ["a terminated subscription says why", 0],
]);

function use(name: string): void {
  uses.set(name, uses.get(name)! + 1);
}

interface Step {
  readonly note: string;
  readonly text: string;
}

function stepsOf(path: string): Step[] {
  const [, ...parts] = readFileSync(join(directory, path), "utf8").split(/^########/m);
  return parts.map((part) => {
    const end = part.indexOf("\n");
    const note = part.slice(0, end).replace(/^ \+[\d.]+s /, "").trim();
    const [, size] = /^(?:SENT|RECV) .* (\d+) bytes$/.exec(note) ?? [];
    const bytes = new TextEncoder().encode(part.slice(end + 1));
    return { note, text: new TextDecoder().decode(bytes.subarray(0, Number(size ?? 0))) };
  });
}

/** The lines of a body with ids numbered in the order in which they appear; what is random must still be consistent. */
function withoutIds(document: ListDocument, body: string): string {
  const ids: string[] = [];
  collect(document, ids);
  let text = body;
  ids.forEach((id, i) => {
    text = text.replaceAll(`<${id}>`, `<ID${i}>`).replaceAll(`cid="${id}"`, `cid="ID${i}"`)
      .replaceAll(`--${id}`, `--ID${i}`).replaceAll(`boundary=${id}`, `boundary=ID${i}`);
  });
  return text.replace(/<instance id="[a-z]{5}"/g, '<instance id="ID"').replace(/atomid="[^"]*"/g, 'atomid="ID"')
    // Checked while the document was read.
    .replace(/^Content-Length: *\d+/gm, "Content-Length");
}

function collect({ boundary, rootId, resources }: ListDocument, ids: string[]): void {
  ids.push(boundary, rootId);
  for (const { cid } of resources) if (cid !== undefined) ids.push(cid);
  for (const { body } of resources) if (typeof body === "object") collect(body, ids);
}

function versionsOf(body: string): number[] {
  return [...body.matchAll(/<dialog-info [^>]*version="(\d+)"/g)].map(([, version]) => Number(version));
}

function compareBodies(recorded: Received, ours: Received, where: string): void {
  let was = bodyOf(recorded);
  let is = bodyOf(ours);
  const versions = versionsOf(is);
  if (versionsOf(was).some((version, i) => versions[i] !== version)) {
    use("the version of a dialog-info document grows with every document");
    versionsOf(was).forEach((version, i) => expect(versions[i], where).toBeGreaterThanOrEqual(version));
  }
  [was, is] = [was, is].map((body) => body.replace(/(<dialog-info [^>]*version=)"\d+"/g, '$1"N"')) as [string, string];
  if (is.includes('state="terminated" reason="timeout"')) {
    use("a terminated instance says why");
    is = is.replaceAll('state="terminated" reason="timeout"', 'state="terminated"');
  }
  expect(is, where).toBe(was);
}

function bodyOf(notify: Received): string {
  const contentType = notify.header("Content-Type");
  if (!contentType.startsWith("multipart/")) return notify.body;
  return withoutIds(readListDocument(contentType, notify.body), notify.body);
}

function compareNotifies(recorded: Received, ours: Received, where: string): void {
  const type = (notify: Received) => notify.header("Content-Type").replace(/boundary=.*/, "");
  expect(type(ours), where).toBe(type(recorded));
  for (const name of ["Event", "Require"]) expect(ours.header(name), where).toBe(recorded.header(name));
  const state = (notify: Received) => notify.header("Subscription-State").replace(/expires=\d+/, "expires=N");
  if (state(recorded) === "terminated") {
    use("a terminated subscription says why");
    expect(state(ours), where).toBe("terminated;reason=timeout");
  } else expect(state(ours), where).toBe(state(recorded));
  compareBodies(recorded, ours, where);
}

async function replay(path: string): Promise<void> {
  const site = await Site.start(config, ["udp", "tcp"]);
  const isTcp = path.includes("-tcp");
  const phone = site.phone("192.0.2.10", isTcp ? "tcp" : "udp");
  const stream = isTcp ? phone : site.phone("192.0.2.10", "tcp");
  // The recorded phone took large datagrams; ours gets them by a stream.
  site.streamFlow = site.flowTo("192.0.2.10", "tcp");
  const inbox = () => (isTcp ? phone.inbox : [...phone.inbox, ...stream.inbox]);
  let toTag = "";

  const setLamp = async (name: string, state: DeviceState) => {
    site.setDevice(name, state);
    if (!path.includes("batch")) await site.pass();
  };
  // The probe left two lamps on behind it.
  if (path === "expiry.txt") for (const name of ["lamp3", "lamp4"]) site.setDevice(name, "INUSE");
  for (const { note, text } of stepsOf(path)) {
    const where = `${path} ${note}`;
    const [, device, state] = /^CLI: devstate change Custom:(\w+) (\w+)$/.exec(note) ?? [];
    if (device !== undefined) await setLamp(device, state as DeviceState);
    else if (note === "two lamps changed back to back") {
      await setLamp("lamp3", "INUSE");
      await setLamp("lamp4", "INUSE");
    } else if (note.startsWith("SENT") && text.startsWith("SUBSCRIBE")) {
      const tagged = text.replace(/^(To: .*?);tag=\S+/m, `$1;tag=${toTag}`);
      phone.send(isTcp ? tagged.replace("SIP/2.0/UDP", "SIP/2.0/TCP") : tagged);
      await site.pass();
    } else if (note.startsWith("RECV")) {
      const recorded = new Received(text, phone.flow, 0);
      const isThere = (one: Received) => (recorded.status > 0) === (one.status > 0);
      if (!inbox().some(isThere)) await site.pass(path === "expiry.txt" ? 3_000 : 1_000);
      const owner = phone.inbox.some(isThere) ? phone.inbox : stream.inbox;
      const ours = owner.splice(owner.findIndex(isThere), 1)[0];
      expect(ours, `${where}: nothing came\n${site.network.ladder()}`).toBeDefined();
      if (recorded.status > 0) {
        expect(ours!.status, where).toBe(recorded.status);
        for (const name of ["Require", "Expires"]) expect(ours!.header(name), where).toBe(recorded.header(name));
        toTag = ours!.tag("To");
      } else compareNotifies(recorded, ours!, where);
    }
  }
  expect(inbox().map((one) => one.startLine), `${path}: more than was recorded`).toEqual([]);
}

const files = readdirSync(directory).sort();

for (const path of files) test(`${path.replace(".txt", "")} goes as recorded`, () => replay(path));

test("no difference is listed without need", () => {
  expect(files.length).toBe(21);
  expect([...uses].filter(([, count]) => count === 0)).toEqual([]);
});
