import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { offsetText } from "../../lib/http/page/ladder.tsx";
import { limits } from "../../lib/runtime/limits.ts";
import { watching } from "./conversation.ts";
import { subscriptionRow } from "./memory_controls.ts";
import { EventReader, startServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

function say(callId: string, more: { user?: string; extension?: string; address?: string } = {}): void {
  for (const { isSent, text } of watching({ callId, ...more })) {
    server.controls.say(text, { isSent, remote: more.address ?? "192.168.1.21" });
  }
}

async function page(path: string): Promise<string> {
  const response = await server.request(path);
  expect(response.status).toBe(200);
  return await response.text();
}

/** The words of the ladder's arrows, in order. */
function arrows(html: string): string[] {
  const ladder = html.slice(html.indexOf('id="ladder"'));
  return [...ladder.matchAll(/<span class="arrow-words"><b>(.*?)<\/b>(.*?)<\/span>/g)].map(([, words, user]) =>
    `${words}${user}`
  );
}

describe("the page of recent messages", () => {
  it("says where phones reach hintd as long as none has spoken", async () => {
    expect(await page("/messages")).toContain("udp 0.0.0.0:5060");
  });

  it("shows the ladder of the dialog that spoke last, and the others in the list", async () => {
    say("first");
    say("second", { user: "carol", extension: "1001" });
    const html = await page("/messages");
    expect(html).toContain("18 messages in 2 dialogs");
    expect(html).toContain('<h2 id="ladder-title">carol → 1001</h2>');
    expect(html).toContain('href="/messages?dialog=first"');
    expect(arrows(html)).toEqual([
      "SUBSCRIBE 1001",
      "401 Unauthorized",
      "SUBSCRIBE 1001",
      "200 OK",
      "NOTIFY",
      "200 OK",
      "NOTIFY",
      "NOTIFY",
      "200 OK",
    ]);
    expect(html.match(/class="again"/g)).toHaveLength(1);
  });

  it("shows the dialog that is chosen, with its messages as text", async () => {
    say("first");
    say("second");
    const html = await page("/messages?dialog=first");
    expect(html).toContain("Call-ID <code>first</code>");
    expect(html).toContain("&lt;/dialog-info&gt;");
    expect(html).not.toContain("6629fae4");
  });

  it("shows the dialogs that fit what is searched for, and what was searched for", async () => {
    say("first");
    say("second", { user: "carol", extension: "1001", address: "192.168.1.22" });
    for (const query of ["extension=carol", "extension=1001", "address=192.168.1.22", "call_id=seco"]) {
      const html = await page(`/messages?${query}`);
      expect(html).toContain("Found: 9 messages in 1 dialog");
      expect(html).toContain(`value="${query.split("=")[1]}"`);
      expect(html).toContain(`/messages.pcap?${query}`);
    }
    const none = await page("/messages?method=REGISTER");
    expect(none).toContain("No dialog fits");
    expect(none).not.toContain('class="rung');
  });

  it("keeps a dialog in view that is not among those searched for", async () => {
    say("first");
    say("second");
    const html = await page("/messages?dialog=first&call_id=second");
    expect(html).toContain("Found: 9 messages in 1 dialog");
    expect(html).toContain("Call-ID <code>first</code>");
  });

  it("says so when nothing is kept of a dialog any more", async () => {
    say("first");
    expect(await page("/messages?dialog=gone")).toContain("Nothing is kept of this dialog any more");
  });

  it("escapes whatever a stranger sends (RFC 3261 §25.1 quoted-string)", async () => {
    server.controls.say('<script>alert(1)</script> sip:"><b> SIP/2.0\nCall-ID: "><script>\nFrom: <sip:<i>@x>\n\n');
    const html = await page("/messages");
    expect(html).not.toMatch(/<script>|<b> SIP|<i>@/);
    const [, address] = /href="(\/messages\?dialog=[^"]*)"/.exec(html)!;
    expect(await page(address!.replaceAll("&amp;", "&"))).toContain("no SIP");
  });

  it("gives each phone of a dialog a line of its own", async () => {
    for (const [i, { isSent, text }] of watching({ callId: "moved" }).entries()) {
      server.controls.say(text, { isSent, remote: i < 6 ? "192.168.1.21" : "2001:db8::7" });
    }
    const html = await page("/messages");
    expect(html).toContain('class="ladder lanes-2"');
    expect(html).toContain("<b>[2001:db8::7]</b>");
    expect(html.match(/class="lane-2 arrow"/g)).toHaveLength(3);
  });

  it("cuts a long ladder to its newest messages and says so", async () => {
    for (let i = 0; i < 30; i++) say("first");
    const html = await page("/messages");
    expect(arrows(html)).toHaveLength(limits.shownMessageCount);
    expect(html).toContain(`The newest ${limits.shownMessageCount} of 270 messages`);
  });

  it("cuts a long list and says so", async () => {
    for (let i = 0; i < limits.shownDialogCount + 1; i++) say(`call-${i}`);
    const html = await page("/messages");
    expect(html.match(/<li id="dialog-/g)).toHaveLength(limits.shownDialogCount);
    expect(html).toContain(`The newest ${limits.shownDialogCount} are shown`);
  });

  it("gives the dialogs found as a capture file", async () => {
    say("first");
    say("second");
    const bytes = Buffer.from(await (await server.request("/messages.pcap?dialog=first")).arrayBuffer());
    expect([bytes.includes("Call-ID: first"), bytes.includes("Call-ID: second")]).toEqual([true, false]);
  });

  it("is reached from each watcher of a hint, and from each subscription", async () => {
    server.controls.subscribe(subscriptionRow({ exten: "1001", call_id: "a b@c" }));
    for (const path of ["/hints/default/1001", "/"]) {
      expect(await page(path)).toContain('href="/messages?dialog=a+b%40c"');
    }
  });

  it("asks for a password where one is set", async () => {
    const guarded = await startServer({ password_hash: "$plain$open sesame" });
    for (const path of ["/messages", "/messages.pcap"]) {
      const response = await guarded.request(path);
      expect([response.status, response.headers.get("location")]).toEqual([
        303,
        `/login?next=${encodeURIComponent(path)}`,
      ]);
    }
    expect((await guarded.request("/messages/live")).status).toBe(401);
    await guarded.stop();
  });
});

describe("the stream of the page", () => {
  it("tells at once of what was missed, then of what comes, once a second", async () => {
    say("first");
    const reader = new EventReader(await server.request("/messages/live?since=0"));
    expect(await reader.next()).toMatchObject({ event: "messages", data: { last_id: 9 } });
    say("second");
    say("third");
    server.clock.advance(1_000);
    expect(await reader.next()).toMatchObject({ event: "messages", data: { last_id: 27 } });
    await reader.cancel();
  });

  it("resumes without a word when nothing was missed", async () => {
    say("first");
    const reader = new EventReader(await server.request("/messages/live", { headers: { "last-event-id": "9" } }));
    say("second");
    server.clock.advance(1_000);
    expect(await reader.next()).toMatchObject({ data: { last_id: 18 } });
    await reader.cancel();
  });
});

const offsets: [from: string, to: string, text: string][] = [
  ["10:00:00.000000", "10:00:00.000000", "0"],
  ["10:00:00.000900", "10:00:00.001150", "+0.3 ms"],
  ["10:00:00.999999", "10:00:01.000099", "+0.1 ms"],
  ["10:00:00.000000", "10:00:00.999949", "+999.9 ms"],
  ["10:00:00.000000", "10:00:59.250000", "+59.250 s"],
  ["10:00:00.000000", "10:02:03.900000", "+2:03"],
  ["10:00:00.000000", "11:02:03.000000", "+1:02:03"],
];

for (const [from, to, text] of offsets) {
  it(`tells ${to} after ${from} as ${text}`, () => {
    expect(offsetText(`2026-01-01T${from}Z`, `2026-01-01T${to}Z`)).toBe(text);
  });
}
