/** A furnished office for who looks at the pages: phones that watch, register and publish, calls, messages, and problems. */
import { header, okTo, openTcp, openUdp, requestFrom, type Wire } from "./wire.ts";
import { type Hintd, type Office, startHintd } from "./hintd.ts";

/** Who works there: extension and name as the hint has them. */
const people = [
  ["1000", "Alice Ferreira"],
  ["1001", "Bob Lindqvist"],
  ["1002", "Chidi Okafor"],
  ["1003", "Dana Weiss"],
  ["1004", "Emil Novák"],
  ["1005", "Imogen Featherstonehaugh-Cholmondeley"],
  ["1006", "Georg & Söhne <Einkauf>"],
] as const;

/** The configuration; `http` goes into its section. */
export function furnishedConfig({ sipPort, httpPort, dataDir }: Office, http = ""): string {
  const desk = (name: string) => `
[endpoints.${name}]
match = ["127.0.0.1"]
identify_by = ["username"]
publish = ["*"]
mailboxes = ["100"]
`;
  return `
[server]
data_dir = ${JSON.stringify(dataDir)}
min_expiry = 1

[[listen]]
transport = "udp"
bind = "127.0.0.1:${sipPort}"

[[listen]]
transport = "tcp"
bind = "127.0.0.1:${sipPort}"

[http]
bind = "127.0.0.1:${httpPort}"
${http}

[defaults.endpoint]
sub_min_expiry = 1
minimum_expiration = 1
qualify_frequency = 0
${["alice", "bob", "reception"].map(desk).join("")}
[endpoints.dana]
auth = { username = "dana", password = "far from here" }

[contexts.default.hints]
${people.map(([exten, name]) => `${exten} = "${deviceOf(exten)},CustomPresence:${exten}(${name})"`).join("\n")}
801 = "Custom:night(Night mode)"
802 = "Custom:door(Front door)"
850 = "MWI:100(Voicemail)"

[lists.sales]
event = "dialog"
list_item = ["1000", "1001", "802"]
`;
}

function deviceOf(exten: string): string {
  return { "1000": "PJSIP/alice", "1001": "PJSIP/bob", "1003": "PJSIP/dana" }[exten] ?? `Custom:${exten}`;
}

/** A furnished hintd and its phones; close them before it. */
export interface FurnishedOffice {
  readonly hintd: Hintd;
  readonly phones: readonly Wire[];
}

/** Starts it, and returns when all that is to be seen is there. */
export async function openOffice(http = ""): Promise<FurnishedOffice> {
  const hintd = await startHintd((office) => furnishedConfig(office, http));
  const [alice, bob, reception] = await Promise.all([
    phone(hintd, "alice", "UDP"),
    phone(hintd, "bob", "UDP"),
    phone(hintd, "reception", "TCP"),
  ]);
  for (const each of [alice, bob]) await each.register();
  for (const exten of ["1001", "802", "1004"]) await alice.watch(exten);
  for (const exten of ["1000", "1002", "850"]) await bob.watch(exten);
  await reception.watch("sales", ["Supported: eventlist", "Accept: application/dialog-info+xml, multipart/related"]);
  await bob.say("PUBLISH", "sip:1001@127.0.0.1", [
    "Event: dialog",
    "Expires: 3600",
    "Content-Type: application/dialog-info+xml",
  ], callDocument);
  // What is refused stands among the problems.
  await alice.say("SUBSCRIBE", "sip:4711@127.0.0.1", ["Event: dialog"]);
  await alice.say("SUBSCRIBE", "sip:1000@127.0.0.1", ["Event: dialog"], "", "<sip:dave@127.0.0.1>;tag=d");
  for (const [device, state] of [["1002", "RINGING"], ["1004", "ONHOLD"], ["1005", "RINGINUSE"], ["night", "INUSE"]]) {
    await hintd.setDevice(`Custom:${device}`, state!);
  }
  await hintd.run("presencestate", "set", "CustomPresence:1003", "away", "lunch", "back at two");
  await hintd.run("mailbox", "set", "100", "2", "5");
  return { hintd, phones: [alice.wire, bob.wire, reception.wire] };
}

const callDocument = `<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:1001@127.0.0.1">
  <dialog id="a" call-id="c@127.0.0.1" local-tag="l" remote-tag="r" direction="recipient">
    <state>confirmed</state>
    <remote><identity display="Carla Customer">sip:+4930123456@127.0.0.1</identity></remote>
  </dialog>
</dialog-info>`;

async function phone(hintd: Hintd, name: string, transport: "UDP" | "TCP") {
  const wire = await (transport === "UDP" ? openUdp : openTcp)(hintd.sipPort);
  const from = `<sip:${name}@127.0.0.1>;tag=${name}${wire.port}`;
  const agent = "User-Agent: Yealink SIP-T46U 108.86.0.20";
  async function say(method: string, uri: string, headers: readonly string[], body = "", as = from): Promise<string> {
    const request = requestFrom(wire, transport, { method, uri, from: as, headers: [agent, ...headers], body });
    wire.send(request);
    const callId = header(request, "Call-ID");
    return await wire.next((message) => message.startsWith("SIP/2.0 ") && header(message, "Call-ID") === callId);
  }
  async function watch(exten: string, headers: readonly string[] = []): Promise<void> {
    await say("SUBSCRIBE", `sip:${exten}@127.0.0.1`, ["Event: dialog", "Expires: 3600", ...headers]);
  }
  async function register(): Promise<void> {
    const request = requestFrom(wire, transport, {
      method: "REGISTER",
      from,
      to: `<sip:${name}@127.0.0.1>`,
      headers: [agent, "Expires: 3600"],
    });
    wire.send(request);
    await wire.next((message) => message.startsWith("SIP/2.0 200"));
  }
  wire.answerBy((message) => message.startsWith("NOTIFY ") ? okTo(message) : undefined);
  return { wire, say, watch, register };
}
