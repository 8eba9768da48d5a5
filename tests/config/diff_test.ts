import { describe, expect, test } from "bun:test";
import { describeChanges } from "../../lib/config/diff.ts";
import { judged } from "./judging.ts";

const former = `
[[listen]]
name = "lan"
transport = "udp"
bind = "127.0.0.1:5060"
[endpoints.alice]
match = ["192.0.2.1"]
[endpoints.bob]
match = ["192.0.2.2"]
[aors.hotline]
[contexts.default.hints]
1000 = "PJSIP/alice"
1001 = "PJSIP/bob"
[contexts.house]
[lists.sales]
event = "dialog"
list_item = ["1000"]
`;

async function changes(next: string): Promise<string[]> {
  const [before, after] = await Promise.all([judged(former), judged(next)]);
  if (!("config" in before && "config" in after)) throw new Error("It has no errors");
  return describeChanges(before.config, after.config);
}

describe("what a reload changes is said in words", () => {
  test.each([
    ["nothing", "", "", []],
    ["a comment", "[aors.hotline]", "# Answered by all\n[aors.hotline]", []],
    ["a default that is written", "[aors.hotline]", "[aors.hotline]\nmax_contacts = 1", []],
    ["an endpoint more", "[aors.hotline]", "[endpoints.carol]\nmatch = ['192.0.2.3']\n[aors.hotline]", [
      "endpoint carol added",
    ]],
    ["an endpoint by another name", "[endpoints.bob]", "[endpoints.bert]", [
      "endpoint bert added",
      "endpoint bob removed",
    ]],
    ["an option of an endpoint", "192.0.2.2", "192.0.2.9", ["endpoint bob changed"]],
    ["an option of all endpoints", "[aors.hotline]", "[defaults.endpoint]\nmax_contacts = 2\n[aors.hotline]", [
      "endpoint alice changed",
      "endpoint bob changed",
    ]],
    ["an address-of-record", "[aors.hotline]", "[aors.line]", ["aor line added", "aor hotline removed"]],
    ["hints", '1000 = "PJSIP/alice"', '1000 = "Custom:a"\n1002 = "Custom:b"\n1003 = "Custom:c"', [
      "2 hints added, 1 changed",
    ]],
    ["hints and an endpoint", '1001 = "PJSIP/bob"', '1003 = "Custom:c"\n1004 = "Custom:d"\n[endpoints.zoe]', [
      "2 hints added, 1 removed",
      "endpoint zoe added",
    ]],
    [
      "many endpoints",
      "[aors.hotline]",
      Array.from({ length: 6 }, (_, i) => `[endpoints.e${i}]\n`).join("") + "[aors.hotline]",
      [
        "6 endpoints added",
      ],
    ],
    [
      "a webhook",
      "[aors.hotline]",
      "[[webhooks]]\nurl = 'https://crm.example/a'\n[log]\nlevel = 'warn'\n[aors.hotline]",
      [
        "webhook crm.example/a added",
        "[log] changed",
      ],
    ],
    ["a hint less", '1001 = "PJSIP/bob"', "", ["1 hint removed"]],
    ["a context", "[contexts.house]", "[contexts.house]\nautohints = true", ["context house changed"]],
    ["a list", '["1000"]', '["1000", "1001"]', ["list sales changed"]],
    ["a listener", "127.0.0.1:5060", "127.0.0.1:5070", ["listener lan changed"]],
    ["sections", "[aors.hotline]", "[server]\nrealm = 'b'\n[timers]\nt1_ms = 400\n[aors.hotline]", [
      "[server] changed",
      "[timers] changed",
    ]],
    [
      "what is published",
      "[aors.hotline]",
      "[outbound_publish.trunk]\nserver_uri = 'sip:192.0.2.9'\nevent = 'dialog'\n[aors.hotline]",
      ["outbound_publish trunk added"],
    ],
  ])("%s", async (_title, from, to, expected) => {
    expect(former).toContain(from);
    expect(await changes(former.replace(from, to))).toEqual(expected);
  });
});
