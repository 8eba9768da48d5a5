/** Registrations on the compiled binary: who watches his own is told over UDP and TCP, others are not, and it outlives `kill -9`. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lintDocuments } from "../body/xmllint.ts";
import { type Hintd, officeConfig, startHintd } from "./hintd.ts";
import { body, header, okTo, openTcp, openUdp, requestFrom, startLine, type Wire } from "./wire.ts";

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: `
[endpoints.joe]
aors = ["joe"]

[endpoints.neighbour]

[aors.joe]
max_contacts = 5
minimum_expiration = 1
`,
    })
  );
});

afterAll(() => hintd?.dispose());

const schema = ["--schema", join(import.meta.dir, "../fixtures/schemas/bodies.xsd")];
const isNotify = (message: string) => message.startsWith("NOTIFY ");
const isResponse = (message: string) => message.startsWith("SIP/2.0 ");
const fromOf = (user: string) => `<sip:${user}@127.0.0.1>;tag=${user}`;

async function watch(phone: Wire, transport: "UDP" | "TCP", user: string, exten = user): Promise<string> {
  phone.send(requestFrom(phone, transport, {
    method: "SUBSCRIBE",
    uri: `sip:${exten}@127.0.0.1`,
    from: fromOf(user),
    headers: ["Event: reg", "Accept: application/reginfo+xml", "Expires: 600"],
  }));
  return startLine(await phone.next(isResponse));
}

let sequence = 0;

/** Registers joe at `phone`, or ends that with 0. */
async function register(phone: Wire, expires: number): Promise<void> {
  phone.send(requestFrom(phone, "UDP", {
    method: "REGISTER",
    from: fromOf("joe"),
    to: "<sip:joe@127.0.0.1>",
    callId: `register-${phone.port}`,
    cseq: ++sequence,
    headers: [`Expires: ${expires}`],
  }));
  expect(startLine(await phone.next(isResponse))).toBe("SIP/2.0 200 OK");
}

const notifies: string[] = [];

/** The next NOTIFY, answered. */
async function nextOf(phone: Wire): Promise<string> {
  const notify = await phone.next((message) => isNotify(message) && !notifies.includes(message), 15_000);
  notifies.push(notify);
  phone.send(okTo(notify));
  return notify;
}

/** State of the registration, then state and event of each contact. */
function told(notify: string): string[] {
  const states = [...body(notify).matchAll(/ (?:state="(\w+)")(?: event="(\w+)")?/g)];
  return states.slice(1).map(([, state, event]) => (event === undefined ? state! : `${state} ${event}`));
}

for (const transport of ["UDP", "TCP"] as const) {
  test(`a phone comes, stays and goes, and who watches over ${transport} knows why (RFC 3680 §6)`, async () => {
    const watcher = await (transport === "UDP" ? openUdp(hintd.sipPort) : openTcp(hintd.sipPort));
    const phone = await openUdp(hintd.sipPort);
    expect(await watch(watcher, transport, "joe")).toBe("SIP/2.0 200 OK");
    const first = await nextOf(watcher);
    expect([header(first, "Event"), header(first, "Content-Type")]).toEqual(["reg", "application/reginfo+xml"]);
    await register(phone, 600);
    const there = await nextOf(watcher);
    expect(told(there).slice(0, 2)).toEqual(["active", "active registered"]);
    expect(body(there)).toContain(`<uri>sip:guest@127.0.0.1:${phone.port}</uri>`);
    expect(body(there)).toMatch(/<reginfo [^>]*version="1" state="full"/);
    await register(phone, 0);
    const gone = await nextOf(watcher);
    expect([told(gone)[0], told(gone).at(-1)]).toEqual(["terminated", "terminated unregistered"]);
    watcher.close();
    phone.close();
  }, 40_000);
}

test("somebody else is answered as if there were no joe (RFC 3680 §7)", async () => {
  const neighbour = await openUdp(hintd.sipPort);
  const answers = [
    await watch(neighbour, "UDP", "neighbour", "joe"),
    await watch(neighbour, "UDP", "neighbour", "jim"),
  ];
  expect(answers).toEqual(["SIP/2.0 404 Not Found", "SIP/2.0 404 Not Found"]);
  expect(await watch(neighbour, "UDP", "neighbour")).toBe("SIP/2.0 200 OK");
  expect(told(await nextOf(neighbour))).toEqual(["init"]);
  neighbour.close();
});

test("OPTIONS tells the package and its media type (RFC 3261 §11.2)", async () => {
  const phone = await openUdp(hintd.sipPort);
  const headers = [`User-Agent: ${"a phone whose name is long ".repeat(8)}`];
  phone.send(requestFrom(phone, "UDP", { uri: "sip:127.0.0.1", headers }));
  const answer = await phone.next();
  expect(header(answer, "Allow-Events").split(", ")).toContain("reg");
  expect(header(answer, "Accept").split(", ")).toContain("application/reginfo+xml");
  phone.close();
});

test("after kill -9 the dialog goes on with what is true; a reload without the address-of-record ends it", async () => {
  const watcher = await openUdp(hintd.sipPort);
  const phone = await openUdp(hintd.sipPort);
  await register(phone, 600);
  await watch(watcher, "UDP", "joe");
  const before = await nextOf(watcher);
  await hintd.end("SIGKILL");
  await hintd.start();
  const after = await nextOf(watcher);
  expect(told(after).slice(0, 2)).toEqual(["active", "active registered"]);
  expect(header(after, "Call-ID")).toBe(header(before, "Call-ID"));
  expect(parseInt(header(after, "CSeq"))).toBeGreaterThan(parseInt(header(before, "CSeq")));
  const file = readFileSync(hintd.configFile, "utf8");
  writeFileSync(
    hintd.configFile,
    file.replace('aors = ["joe"]', 'aors = ["jane"]').replace("[aors.joe]", "[aors.jane]"),
  );
  expect((await hintd.run("reload")).exitCode).toBe(0);
  let last = await nextOf(watcher);
  if (!header(last, "Subscription-State").startsWith("terminated")) last = await nextOf(watcher);
  expect(header(last, "Subscription-State")).toBe("terminated;reason=noresource");
  expect(told(last).at(-1)).toBe("terminated rejected");
  watcher.close();
  phone.close();
}, 40_000);

test("every document that was sent is valid against the schema of RFC 3680 §5.4", () => {
  expect(notifies.length).toBeGreaterThan(6);
  expect(lintDocuments(notifies.map(body), schema)).toEqual([]);
});
