import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import type { MessageRow } from "../../lib/http/messages.ts";
import { expectContract } from "../support/api_contract.ts";
import { watching } from "./conversation.ts";
import { startServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
  for (const { isSent, text } of watching({ callId: "bob-1" })) server.controls.say(text, { isSent });
  for (const { isSent, text } of watching({ callId: "carol-1", user: "carol", extension: "1001" })) {
    server.controls.say(text, { isSent, remote: "192.168.1.22" });
  }
});
afterEach(() => server.stop());

async function list(query: string): Promise<MessageRow[]> {
  const response = await server.request(`/api/v1/messages${query}`);
  expect(response.status).toBe(200);
  await expectContract("GET", "/messages", response.clone());
  return (await response.json() as { items: MessageRow[] }).items;
}

describe("recent messages", () => {
  it("are listed oldest first, each at a glance and as text", async () => {
    const rows = await list("?dialog=bob-1");
    expect(rows.map(({ is_sent, method, status, is_repeated }) => [is_sent, method, status, is_repeated])).toEqual([
      [false, "SUBSCRIBE", null, false],
      [true, "SUBSCRIBE", 401, false],
      [false, "SUBSCRIBE", null, false],
      [true, "SUBSCRIBE", 200, false],
      [true, "NOTIFY", null, false],
      [false, "NOTIFY", 200, false],
      [true, "NOTIFY", null, false],
      [true, "NOTIFY", null, true],
      [false, "NOTIFY", 200, false],
    ]);
    expect(rows[0]).toMatchObject({
      transport: "udp",
      local: "192.168.1.5:5060",
      remote: "192.168.1.21:5060",
      dialog: "bob-1",
      cseq: 1,
      request_user: "1000",
      from: "bob",
      to: "1000",
      event: "dialog",
      expires: "3600",
      fault: null,
    });
    expect(rows[0]!.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(rows[4]!.text).toContain("</dialog-info>");
  });

  it("never show the proof of a password (RFC 3261 §22.4)", async () => {
    const [, , authorized] = await list("?dialog=bob-1");
    expect(authorized!.text).toContain('username="bob"');
    expect(authorized!.text).toContain(`response="${"x".repeat(32)}"`);
    const capture = await server.request("/api/v1/messages.pcap");
    expect(Buffer.from(await capture.arrayBuffer()).includes("6629fae4")).toBe(false);
  });

  it("are found by extension, address, method and a part of the Call-ID", async () => {
    const dialogs = async (query: string) => [...new Set((await list(query)).map(({ dialog }) => dialog))];
    expect(await dialogs("")).toEqual(["bob-1", "carol-1"]);
    expect(await dialogs("?extension=1001")).toEqual(["carol-1"]);
    expect(await dialogs("?address=192.168.1.21")).toEqual(["bob-1"]);
    expect(await dialogs("?call_id=carol")).toEqual(["carol-1"]);
    expect(await dialogs("?method=NOTIFY&extension=bob")).toEqual(["bob-1"]);
    expect(await dialogs("?method=REGISTER")).toEqual([]);
  });

  it("are cut to the newest", async () => {
    const rows = await list("?limit=2");
    expect(rows.map(({ dialog, id }) => [dialog, id])).toEqual([["carol-1", 17], ["carol-1", 18]]);
  });

  it("come as a capture file", async () => {
    const response = await server.request("/api/v1/messages.pcap?dialog=bob-1");
    expect(response.headers.get("content-type")).toBe("application/vnd.tcpdump.pcap");
    expect(response.headers.get("content-disposition")).toContain("hintd.pcap");
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.readUInt32BE(0)).toBe(0xa1b2c3d4);
    expect(bytes.includes("bob-1")).toBe(true);
    expect(bytes.includes("carol-1")).toBe(false);
  });

  for (const query of ["?limit=0", "?limit=many", "?limit=100000", "?extention=1000"]) {
    it(`are refused for ${query}`, async () => {
      const response = await server.request(`/api/v1/messages${query}`);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ code: "invalid_query" });
    });
  }
});
