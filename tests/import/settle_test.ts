/** What hintd would refuse does not stay in force. */
import { expect, test } from "bun:test";
import { hintChecks } from "../../lib/app.ts";
import { settle } from "../../lib/import/settle.ts";

const cases: [title: string, text: string, settled: string][] = [
  ["a text without errors stays", '[endpoints.a]\ncontext = "b"\n', '[endpoints.a]\ncontext = "b"\n'],
  [
    "a line goes alone",
    "[endpoints.a]\nsub_min_expiry = -1\nallow_subscribe = true\n",
    "[endpoints.a]\n# Not in force: found -1; expected a whole number from 0 to 86400 (seconds)\n# sub_min_expiry = -1\n" +
    "allow_subscribe = true\n",
  ],
  [
    "a list over lines goes as a whole",
    '[lists.a]\nevent = "dialog"\nlist_item = [\n  "1",\n  "a",\n]\n\n[contexts.c.hints]\n1 = "Custom:a"\n',
    '# Not in force: is missing; expected a list such as ["1000", "1001"]\n# [lists.a]\n# event = "dialog"\n' +
    '# # Not in force: the list "a" contains itself\n# # list_item = [\n# #   "1",\n# #   "a",\n# # ]\n\n' +
    '[contexts.c.hints]\n1 = "Custom:a"\n',
  ],
  [
    "an endpoint that would come out open goes as a whole",
    '[endpoints.a]\nauth = { username = "a" }\ncontext = "c"\n\n[endpoints.b]\ndeny = ["all"]\n# note\n\n# --- Next ---\n',
    '# Not in force: needs either password or password_digest\n# [endpoints.a]\n# auth = { username = "a" }\n' +
    '# context = "c"\n\n# Not in force: found "all"; expected addresses or networks, such as "192.168.1.20", ' +
    '"192.168.1.0/24" or "fd00::/8"\n# [endpoints.b]\n# deny = ["all"]\n# # note\n\n# --- Next ---\n',
  ],
];

for (const [title, text, expected] of cases) {
  test(title, async () => {
    const { text: settled, loaded } = await settle(text, "config.toml", hintChecks);
    expect(settled).toBe(expected);
    expect(loaded).toHaveProperty("config");
  });
}
