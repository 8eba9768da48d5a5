/** Probing of contacts by OPTIONS, and the reachability that follows from it. */
import { describe, expect, test } from "bun:test";
import type { RegistrantOptions } from "../../lib/registrar/aor.ts";
import type { ContactFlow } from "../../lib/registrar/binding.ts";
import { Message } from "../../lib/sip/message.ts";
import { parseMessage } from "../../lib/sip/parse.ts";
import { bench, config, endpoint, flow, MemoryBindings } from "./support.ts";

const contact = "<sip:alice@192.0.2.1>";
const probing: Partial<RegistrantOptions> = { qualify_frequency: 60, rewrite_contact: true, max_contacts: 5 };

function probed(options: Partial<RegistrantOptions> = {}, server: { max_initial_qualify_time?: number } = {}) {
  const all = bench({ config: config({ endpoints: { alice: endpoint({ ...probing, ...options }) }, server }) });
  const status = () => all.registrar.snapshot().map((row) => row.status);
  const isOnline = () => all.registrar.isOnline("alice");
  return { ...all, status, isOnline };
}

describe("a phone that registers", () => {
  test("counts as reachable until its first probe fails", () => {
    const { register, clock, status, isOnline, probes } = probed();
    register({ contact });
    expect([status(), isOnline()]).toEqual([["unknown"], true]);
    clock.advance(1_010);
    expect([probes.length, status(), isOnline()]).toEqual([1, ["unknown"], true]);
    clock.advance(3_010);
    expect([status(), isOnline()]).toEqual([["unreachable"], false]);
  });
  test("is asked no more when it is gone", () => {
    const { register, clock, probes, timers } = probed();
    register({ contact });
    clock.advance(1_010);
    register({ contact, cseq: 2, expires: 0 });
    expect(probes[0]!.isAbandoned).toBe(true);
    clock.advance(600_000);
    expect([probes.length, timers.armedCount]).toEqual([1, 0]);
  });
  test("without qualify_frequency is never asked", () => {
    const { register, clock, probes, status, isOnline } = probed({ qualify_frequency: 0 });
    register({ contact, expires: 7200 });
    clock.advance(7_000_000);
    expect([probes.length, status(), isOnline()]).toEqual([0, ["unqualified"], true]);
  });
});

describe("the period", () => {
  test("is qualify_frequency, shortened by up to a tenth, from probe to probe", () => {
    const { register, clock, probes } = probed({ maximum_expiration: 86_400 });
    register({ contact, expires: 86_400 });
    for (let i = 0; i < 60_000; i++) {
      clock.advance(100);
      const last = probes.at(-1);
      if (last !== undefined && clock.now() - last.at >= 500) answerOnce(last);
    }
    const gaps = probes.slice(1).map(({ at }, i) => at - probes[i]!.at);
    expect(gaps.length).toBeGreaterThan(100);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(54_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60_010);
    expect(new Set(gaps).size).toBeGreaterThan(50);
  });
  const answered = new Set<object>();
  function answerOnce(probe: { answer(): void }): void {
    if (answered.has(probe)) return;
    answered.add(probe);
    probe.answer();
  }
  test("after a timeout is no longer than after an answer", () => {
    const { register, clock, probes } = probed();
    register({ contact });
    clock.advance(62_000);
    expect(probes.length).toBe(2);
  });
  test("shorter than the timeout waits for the timeout", () => {
    const { register, clock, probes } = probed({ qualify_frequency: 1, qualify_timeout: 5 });
    register({ contact });
    clock.advance(17_000);
    const gaps = probes.slice(1).map(({ at }, i) => at - probes[i]!.at);
    expect(gaps.length).toBe(3);
    for (const gap of gaps) expect(Math.abs(gap - 5_010)).toBeLessThanOrEqual(20);
  });
});

describe("the end of a probe", () => {
  const cases: [string, boolean, number, "reachable" | "unreachable"][] = [
    ["200", false, 200, "reachable"],
    ["404: somebody is there", false, 404, "reachable"],
    ["401", false, 401, "reachable"],
    ["503", false, 503, "reachable"],
    ["603", false, 603, "reachable"],
    ["200 with qualify_2xx_only", true, 200, "reachable"],
    ["202 with qualify_2xx_only", true, 202, "reachable"],
    ["404 with qualify_2xx_only", true, 404, "unreachable"],
    ["301 with qualify_2xx_only", true, 301, "unreachable"],
  ];
  test.each(cases)("%s", (_what, qualify_2xx_only, answer, expected) => {
    const { register, clock, probes, registrar, status } = probed({ qualify_2xx_only });
    register({ contact });
    clock.advance(1_010);
    clock.advance(25);
    probes[0]!.answer(answer);
    expect(status()).toEqual([expected]);
    expect(registrar.snapshot()[0]?.roundTripMillis).toBe(clock.now() - probes[0]!.at);
    expect(probes[0]!.isAbandoned).toBe(false);
  });
  test("a provisional answer is none", () => {
    const { register, clock, probes, status } = probed();
    register({ contact });
    clock.advance(1_010);
    probes[0]!.answer(100);
    expect(status()).toEqual(["unknown"]);
    clock.advance(3_000);
    expect(status()).toEqual(["unreachable"]);
  });
  test("silence for qualify_timeout, not sooner; the transaction is abandoned", () => {
    const { register, clock, probes, status, registrar } = probed({ qualify_timeout: 1.5 });
    register({ contact });
    while (probes.length === 0) clock.advance(10);
    clock.advance(1_490);
    expect(status()).toEqual(["unknown"]);
    clock.advance(20);
    expect([status(), probes[0]!.isAbandoned]).toEqual([["unreachable"], true]);
    expect(registrar.snapshot()[0]?.roundTripMillis).toBeUndefined();
  });
  test("qualify_timeout 0 waits as long as the transaction lasts", () => {
    const { register, clock, probes, status } = probed({ qualify_timeout: 0 });
    register({ contact });
    clock.advance(30_000);
    expect(status()).toEqual(["unknown"]);
    probes[0]!.timeOut();
    expect([status(), probes[0]!.isAbandoned]).toEqual([["unreachable"], false]);
  });
  test("a flow that breaks", () => {
    const { register, clock, probes, status } = probed();
    register({ contact });
    clock.advance(1_010);
    probes[0]!.fail();
    expect([status(), probes[0]!.isAbandoned]).toEqual([["unreachable"], false]);
  });
  test("no client transaction to be had: nothing is known, and the next period asks again", () => {
    const { register, clock, probes, status, world, probeCounters } = probed();
    world.isSenderBusy = true;
    register({ contact });
    clock.advance(1_010);
    expect([status(), probes.length, probeCounters.probesSkipped]).toEqual([["unknown"], 0, 1]);
    world.isSenderBusy = false;
    clock.advance(60_010);
    expect(probes.length).toBe(1);
  });
});

describe("reachability comes and goes", () => {
  test("and the appliance is told of each turn once", () => {
    const { register, clock, probes, told } = probed();
    register({ contact });
    told.length = 0;
    const turn = (isAnswered: boolean) => {
      const { length } = probes;
      while (probes.length === length) clock.advance(10);
      if (isAnswered) probes.at(-1)!.answer();
      else clock.advance(3_010);
    };
    for (const isAnswered of [true, true, false, false, true]) turn(isAnswered);
    expect(told).toEqual([
      "changed sip:alice@192.0.2.1 reachable",
      "changed sip:alice@192.0.2.1 reachable",
      "changed sip:alice@192.0.2.1 unreachable",
      "alice is unavailable",
      "changed sip:alice@192.0.2.1 unreachable",
      "changed sip:alice@192.0.2.1 reachable",
      "alice is available",
    ]);
  });
  test("one reachable contact of several is enough", () => {
    const { register, clock, probes, isOnline, status } = probed();
    register({ contact: [contact, "<sip:alice@192.0.2.2>"] });
    clock.advance(1_010);
    expect(probes.length).toBe(2);
    probes[1]!.answer();
    clock.advance(3_010);
    expect([status().sort(), isOnline()]).toEqual([["reachable", "unreachable"], true]);
  });
  test("an unreachable phone that refreshes is asked at once, but not believed", () => {
    const { register, clock, probes, status } = probed();
    const from = flow();
    register({ contact }, { flow: from });
    clock.advance(5_000);
    expect([status(), probes.length]).toEqual([["unreachable"], 1]);
    register({ contact, cseq: 2 }, { flow: from });
    expect(status()).toEqual(["unreachable"]);
    clock.advance(1_010);
    expect(probes.length).toBe(2);
    probes[1]!.answer();
    expect(status()).toEqual(["reachable"]);
  });
  test("a phone that comes back from another address counts as new", () => {
    const { register, clock, status, isOnline } = probed();
    register({ contact });
    clock.advance(5_000);
    expect(isOnline()).toBe(false);
    register({ contact, cseq: 2 }, { flow: flow({ remotePort: 5099 }) });
    expect([status(), isOnline()]).toEqual([["unknown"], true]);
  });
  test("a refresh leaves the rhythm of probing alone", () => {
    const { register, clock, probes } = probed();
    const from = flow();
    let answered = 0;
    for (let second = 0; second < 120; second++) {
      register({ contact, cseq: second + 1 }, { flow: from });
      clock.advance(1_000);
      if (probes.length > answered) probes[answered++]!.answer();
    }
    expect(probes.length).toBe(3);
  });
});

describe("permanent contacts", () => {
  const permanent = { contact: ["sip:hotline@192.0.2.30"], max_contacts: 0 };
  test("count once a probe succeeds", async () => {
    const { clock, probes, targets, status, isOnline } = probed(permanent);
    expect([status(), isOnline()]).toEqual([["unknown"], false]);
    await clock.settle(10);
    expect(targets).toEqual([{ requestUri: "sip:hotline@192.0.2.30", routes: [], source: undefined }]);
    probes[0]!.answer();
    expect([status(), isOnline()]).toEqual([["reachable"], true]);
  });
  test("are unreachable where no flow is to be had", async () => {
    const { clock, status, isOnline, world } = probed(permanent);
    world.flowFor = undefined;
    await clock.settle(10);
    expect([status(), isOnline()]).toEqual([["unreachable"], false]);
  });
  test("are unreachable when the flow takes longer than the patience; it is not used later", async () => {
    const { registrar, clock, probes, told } = probed(permanent);
    // The flow is found only when promises run, which `advance` does not let them.
    clock.advance(3_020);
    expect(told).toEqual([
      "added sip:hotline@192.0.2.30 unknown",
      "changed sip:hotline@192.0.2.30 unreachable",
    ]);
    await clock.settle();
    expect(probes).toEqual([]);
    registrar.stop();
  });
  test("are asked at the start one after the other, 200 a second", async () => {
    const contacts = Array.from({ length: 400 }, (_, i) => `sip:x${i}@192.0.2.30`);
    const { clock, probes } = probed({ contact: contacts });
    await clock.settle(1_000);
    expect(probes.length).toBeGreaterThan(50);
    expect(probes.length).toBeLessThan(210);
    await clock.settle(3_100);
    expect(probes.length).toBe(400);
  });
  test("are asked at the start over max_initial_qualify_time where that is set", async () => {
    const contacts = Array.from({ length: 400 }, (_, i) => `sip:x${i}@192.0.2.30`);
    const { clock, probes } = probed({ contact: contacts, qualify_frequency: 600 }, { max_initial_qualify_time: 100 });
    await clock.settle(50_000);
    expect(probes.length).toBeGreaterThan(150);
    expect(probes.length).toBeLessThan(250);
    await clock.settle(50_100);
    expect(probes.length).toBe(400);
  });
});

describe("reload", () => {
  const withOptions = (options: Partial<RegistrantOptions>) =>
    config({ endpoints: { alice: endpoint({ ...probing, ...options }) } });
  test("a contact that is not probed any more counts again", () => {
    const { register, registrar, clock, status, isOnline, timers } = probed();
    register({ contact });
    clock.advance(5_000);
    expect(isOnline()).toBe(false);
    registrar.replaceConfig(withOptions({ qualify_frequency: 0 }));
    expect([status(), isOnline(), timers.armedCount]).toEqual([["unqualified"], true, 1]);
  });
  test("a contact that is probed from now on is asked soon", () => {
    const { register, registrar, clock, status, probes } = probed({ qualify_frequency: 0 });
    register({ contact });
    registrar.replaceConfig(withOptions({}));
    expect(status()).toEqual(["unknown"]);
    clock.advance(1_010);
    expect(probes.length).toBe(1);
  });
  test("unchanged options change nothing", () => {
    const { register, registrar, clock, status, probes, told } = probed();
    register({ contact });
    clock.advance(1_010);
    probes[0]!.answer();
    told.length = 0;
    registrar.replaceConfig(withOptions({}));
    clock.advance(10_000);
    expect([status(), probes.length, told]).toEqual([["reachable"], 1, []]);
  });
});

test("a phone restored from disk is asked again, at its source", async () => {
  const port = new MemoryBindings();
  const all = config({ endpoints: { alice: endpoint(probing) } });
  const first = bench({ config: all, port });
  first.register({ contact });
  const second = bench({ config: all, port });
  expect(second.registrar.isOnline("alice")).toBe(true);
  await second.clock.settle(20);
  expect(second.targets.map(({ source }) => source)).toEqual([
    { listener: "lan", transport: "udp", address: "192.0.2.1", port: 5060 },
  ]);
  expect(second.probes.length).toBe(1);
});

describe("the OPTIONS (RFC 3261 §11.1)", () => {
  function sent(value: string, from: ContactFlow = flow(), headers: string[] = [], vias?: string[]) {
    const { register, clock, probes, registrar } = probed({ support_path: true, max_contacts: 5 });
    register({ contact: value, headers, ...(vias === undefined ? {} : { vias }) }, { flow: from });
    return { clock, probes, registrar };
  }
  test("byte for byte", () => {
    const { clock, probes } = sent("<sip:alice@192.168.1.10:5062;ob>");
    clock.advance(1_010);
    const { text } = probes[0]!;
    expect(text.replace(/tag=\w{12}/, "tag=T").replace(/Call-ID: \w{24}\r/, "Call-ID: C\r").split("\r\n")).toEqual([
      "OPTIONS sip:alice@192.168.1.10:5062;ob SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.100:5060;rport;branch=z9hG4bK0000abcdefghijkl",
      "Max-Forwards: 70",
      "From: <sip:192.0.2.100:5060>;tag=T",
      "To: <sip:alice@192.168.1.10:5062;ob>",
      "Call-ID: C",
      "CSeq: 1 OPTIONS",
      "Contact: <sip:192.0.2.100:5060>",
      "Accept: application/sdp",
      "User-Agent: hintd",
      "Content-Length: 0",
      "",
      "",
    ]);
  });
  test("parses, over a stream too", () => {
    const { clock, probes } = sent(contact, flow({ transport: "tcp" }));
    clock.advance(1_010);
    const bytes = new TextEncoder().encode(probes[0]!.text);
    const message = new Message();
    expect(parseMessage(bytes, 0, bytes.length, message)).toBeUndefined();
    expect([message.topVia.transport, message.contacts[0]]).toMatchObject(["TCP", {
      uriText: "sip:192.0.2.100:5060;transport=tcp",
    }]);
  });
  test("leaves out URI headers, which a Request-URI may not have (§19.1.1)", () => {
    const { clock, probes } = sent("<sip:alice@192.0.2.1?Subject=x>");
    clock.advance(1_010);
    expect(probes[0]!.text).toStartWith("OPTIONS sip:alice@192.0.2.1 SIP/2.0\r\n");
  });
  test("counts CSeq up in one Call-ID", () => {
    const { clock, probes } = sent(contact);
    clock.advance(130_000);
    const field = (name: string) => probes.map(({ text }) => text.match(new RegExp(`${name}: (.*)\r`))![1]);
    expect(field("CSeq").slice(0, 2)).toEqual(["1 OPTIONS", "2 OPTIONS"]);
    expect(new Set(field("Call-ID")).size).toBe(1);
  });
  test("goes by the path (RFC 3327 §5.4)", async () => {
    const { clock, probes } = sent(contact, flow(), ["Supported: path", "Path: <sip:p1;lr>, <sip:p2;lr>"]);
    await clock.settle(1_010);
    expect(probes[0]!.text).toContain("\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n");
  });
});
