import { describe, expect, test } from "bun:test";
import { plainConfig, Site } from "../support/site.ts";

const site = await Site.start(plainConfig);
const phone = site.phone("192.0.2.10");

/** Sends a request of the shape that all share; returns the answer. */
async function ask(method: string, lines: readonly string[] = [], uri = "sip:192.0.2.1") {
  phone.clear();
  const id = `${method}${Math.round(site.clock.now())}`;
  phone.send([
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK${id}`,
    ...(lines.some((line) => line.startsWith("Max-Forwards")) ? [] : ["Max-Forwards: 70"]),
    "From: <sip:alice@192.0.2.1>;tag=1",
    "To: <sip:192.0.2.1>",
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    ...lines,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"));
  await site.pass(1_000);
  return phone.response;
}

describe("requests in the order of RFC 3261 §8.2", () => {
  test("OPTIONS is answered with what can be done (§11.2)", async () => {
    const answer = await ask("OPTIONS", [
      "User-Agent: As long as what phones write of themselves, so that the answer is paid for",
    ]);
    expect(answer.status).toBe(200);
    expect(answer.header("Allow")).toBe("OPTIONS, REGISTER, SUBSCRIBE, PUBLISH, NOTIFY");
    expect(answer.header("Allow-Events")).toBe("presence, dialog, message-summary, reg, as-feature-event");
    expect(answer.header("Accept")).toContain("application/dialog-info+xml");
    expect(answer.header("Supported")).toBe("path, outbound, eventlist, recipient-list-subscribe");
    expect(answer.header("Server")).toBe("hintd");
  });

  test("OPTIONS for whatever user is answered alike", async () => {
    const [known, unknown] = [await ask("OPTIONS", [], "sip:1000@x"), await ask("OPTIONS", [], "sip:4711@x")];
    expect(unknown.status).toBe(200);
    expect(unknown.text.length).toBe(known.text.length);
  });

  for (const method of ["MESSAGE", "BYE", "REFER", "INFO", "TELEPORT"]) {
    test(`${method} is not served: 405 with Allow (§8.2.1)`, async () => {
      const answer = await ask(method);
      expect([answer.status, answer.header("Allow")]).toEqual([405, "OPTIONS, REGISTER, SUBSCRIBE, PUBLISH, NOTIFY"]);
    });
  }

  test("INVITE gets a clean refusal, and its ACK is absorbed (§17.2.1)", async () => {
    const refusal = await ask("INVITE");
    expect(refusal.status).toBe(405);
    phone.clear();
    phone.send([
      "ACK sip:192.0.2.1 SIP/2.0",
      `Via: ${refusal.header("Via")}`,
      "From: <sip:alice@192.0.2.1>;tag=1",
      `To: ${refusal.header("To")}`,
      `Call-ID: ${refusal.header("Call-ID")}`,
      "CSeq: 1 ACK",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n"));
    await site.pass(60_000);
    expect(phone.inbox).toEqual([]);
  });

  test("no hops left: 483, but OPTIONS is answered by whom it reaches (§16.3)", async () => {
    expect((await ask("SUBSCRIBE", ["Max-Forwards: 0"])).status).toBe(483);
    expect((await ask("OPTIONS", ["Max-Forwards: 0"])).status).toBe(200);
  });

  test("unknown extensions are named, all of them (§8.2.2.3); Proxy-Require is for proxies", async () => {
    const answer = await ask("OPTIONS", ["Require: foo, bar"]);
    expect([answer.status, answer.header("Unsupported")]).toEqual([420, "foo, bar"]);
    expect((await ask("OPTIONS", ["Proxy-Require: foo"])).status).toBe(200);
  });

  test("a scheme that is not ours: 416 (§8.2.2.1)", async () => {
    expect((await ask("OPTIONS", [], "mailto:alice@example.com")).status).toBe(416);
  });

  test("a header that cannot be read: 400 that names it (§8.2.2)", async () => {
    const answer = await ask("SUBSCRIBE", ["Event: presence", "Contact: <sip:alice@192.0.2.10>", "Expires: soon"]);
    expect(answer.startLine).toMatch(/^SIP\/2\.0 400 .*Expires/);
  });
});

describe("a sender who has proven nothing gets at most twice the bytes that it sent", () => {
  const stranger = site.phone("192.0.2.99");
  const methods = ["OPTIONS", "SUBSCRIBE", "REGISTER", "INVITE", "CANCEL", "MESSAGE", "X"];
  const broken = ["CSeq: x OPTIONS", "Expires: soon", "Require: a", "Max-Forwards: 0", "l: 9", "Authorization: Digest"];
  const requests = [
    ...methods.map((method) => ({ method, lines: [] as string[] })),
    ...broken.flatMap((line) => ["OPTIONS", "SUBSCRIBE"].map((method) => ({ method, lines: [line] }))),
  ];

  for (const { method, lines } of requests) {
    test(`the shortest ${method}${lines.map((line) => ` with ${line}`).join("")}, repetitions of the answer included`, async () => {
      stranger.clear();
      const cseq = lines.some((line) => line.startsWith("CSeq")) ? [] : [`CSeq:1 ${method}`];
      const head = [
        `${method} sip:a@b SIP/2.0`,
        `v:SIP/2.0/UDP h;branch=z9hG4bK${method}${lines.join("").length}`,
        "f:<sip:a@b>;tag=1",
        "t:<sip:a@b>",
        `i:${method}${lines.join("").length}`,
      ];
      const text = [...head, ...cseq, ...lines, "", ""].join("\r\n");
      stranger.send(text);
      await site.pass(40_000);
      const sent = stranger.inbox.reduce((total, message) => total + message.text.length, 0);
      expect(sent).toBeLessThanOrEqual(2 * text.length);
    });
  }

  test("a request that pays for no challenge is forgotten at once", async () => {
    stranger.clear();
    const before = site.core.transactions.snapshot().serverCount;
    stranger.send(
      "SUBSCRIBE sip:a@b SIP/2.0\r\nv:SIP/2.0/UDP h;branch=z9hG4bKf\r\nf:<sip:a@b>;tag=1\r\nt:<sip:a@b>\r\n" +
        "i:f\r\nCSeq:1 SUBSCRIBE\r\n\r\n",
    );
    await site.pass(10);
    expect([stranger.inbox.length, site.core.transactions.snapshot().serverCount]).toEqual([0, before]);
  });
});
