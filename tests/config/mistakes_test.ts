import { describe, expect, test } from "bun:test";
import { hintChecks } from "../../lib/app.ts";
import { loadConfig } from "../../lib/config/load.ts";

/** What is said of a file with mistakes, one line each. */
async function errorsOf(text: string): Promise<string[]> {
  const loaded = await loadConfig(text, "config.toml", hintChecks);
  return "errors" in loaded ? loaded.errors.map((error) => error.text) : [];
}

describe("a password that stands wrong is never repeated", () => {
  const mistakes = [
    ["a number", "[endpoints.a]\nauth = { username = 'a', password = 4711 }", "endpoints.a.auth.password"],
    ["no table", "[endpoints.a]\nauth = 'a:4711'", "endpoints.a.auth"],
    ["no digest", "[endpoints.a]\nauth = { username = 'a', password_digest = ['MD5:4711'] }", "password_digest[0]"],
    ["in clear where its hash belongs", "[http]\npassword_hash = '4711'", "http.password_hash"],
    ["a token in clear", "[http]\ntokens = [{ name = 'x', hash = '4711', scope = 'read' }]", "http.tokens[0].hash"],
  ] as const;

  for (const [title, text, key] of mistakes) {
    test(title, async () => {
      const errors = await errorsOf(text);
      expect(errors.length).toBe(1);
      expect(errors[0]).toContain(`${key}: cannot be used as it stands; expected `);
      expect(errors[0]).not.toContain("4711");
    });
  }
});

test("hashes that can be verified are accepted", async () => {
  const token = `{ name = 'x', hash = 'SHA-256:${"0a".repeat(32)}', scope = 'read' }`;
  expect(await errorsOf(`[http]\npassword_hash = '$argon2id$v=19$m=19456,t=2,p=1$a$b'\ntokens = [${token}]`)).toEqual(
    [],
  );
});

test("what TOML wants in quotes is said in words of config.toml", async () => {
  expect(await errorsOf('[contexts.default.hints]\n*98 = "Custom:a"')).toEqual([
    'config.toml:2:1: illegal character in key; "=" follows a name, and one such as "*98" or "_[2-5]X" stands in quotes',
  ]);
  expect(await errorsOf("[contexts.default.hints]\n98 = PJSIP/a")).toEqual([
    'config.toml:2:6: invalid value; a text stands in quotes, as in "PJSIP/alice"',
  ]);
});

describe("mailboxes", () => {
  const config = (alice: string) => `
[endpoints.alice]
aors = ["line", "desk"]
${alice}

[endpoints.bob]

[aors.line]
mailboxes = ["100"]

[aors.desk]
`;

  test.each([
    ['mailboxes = ["100@default,101@default"]', "endpoints.alice.mailboxes[0]"],
    ['mailboxes = ["100", "a@b@c"]', "endpoints.alice.mailboxes[1]"],
    ['incoming_mwi_mailbox = "one hundred"', "endpoints.alice.incoming_mwi_mailbox"],
  ])("%s names none", async (alice, key) => {
    const errors = await errorsOf(config(alice));
    expect(errors).toEqual([expect.stringContaining(`${key}: "`)]);
    expect(errors[0]).toContain('is no mailbox; accepted are names such as "100" and "100@default", one by one');
  });

  test.each([
    ['mailboxes = ["100@default"]', ['endpoints.alice.mailboxes: its phones are told of "100" unsolicited']],
    ['mailboxes = ["100@sales"]', []],
    ['mailboxes = ["100"]\nmwi_subscribe_replaces_unsolicited = true', []],
    ['watch_mailboxes = ["bob", "desk", "li*"]', []],
    ['watch_mailboxes = ["dusk"]', ["endpoints.alice.watch_mailboxes[0]: there is neither an endpoint nor an"]],
  ])("%s is worth a warning, or none", async (alice, expected) => {
    const loaded = await loadConfig(config(alice), "config.toml", hintChecks);
    const warnings = await loaded.warnings();
    const said = warnings.filter(({ key }) => /mailboxes/.test(key)).map(({ key, message }) => `${key}: ${message}`);
    expect(said.length).toBe(expected.length);
    expected.forEach((start, i) => expect(said[i]).toStartWith(start));
  });
});

describe("members of lists", () => {
  const base = `
[endpoints.alice]
match = ["192.0.2.10"]
voicemail_extension = "*97"
[aors.hotline]
[contexts.default.hints]
1000 = "Custom:a"
_2XX = "Custom:b"
[contexts.auto]
autohints = true
[lists.sales]
event = "presence"
list_item = ["1000"]
[lists.boss]
event = "presence"
list_item = ["panel"]
`;
  async function warningsOf(event: string, items: readonly string[]): Promise<string[]> {
    const list = `[lists.panel]\nevent = "${event}"\nlist_item = [${items.map((item) => `"${item}"`).join(", ")}]\n`;
    const warnings = await (await loadConfig(base + list, "config.toml", hintChecks)).warnings();
    return warnings.filter(({ key }) => key.startsWith("lists.panel")).map(({ key, message }) => `${key}: ${message}`);
  }

  const cases: [string, string, readonly string[], string[]][] = [
    ["hints, those of patterns, autohints and lists are known", "presence", ["1000", "201", "alice", "sales"], []],
    [
      "others are named",
      "dialog",
      ["1001", "sales"],
      [
        'lists.panel.list_item[0]: there is neither a hint nor a list of event dialog "1001"; did you mean "1000"?',
        'lists.panel.list_item[1]: there is neither a hint nor a list of event dialog "sales"',
      ],
    ],
    ["AORs and voicemail extensions have messages", "message-summary", ["alice", "hotline", "*97"], []],
    [
      "hints have none",
      "message-summary",
      ["1000"],
      ['lists.panel.list_item[0]: there is neither an AOR nor a list of event message-summary "1000"'],
    ],
    ["what is there twice", "presence", ["1000", "1000"], [
      'lists.panel.list_item[1]: "1000" is there twice; it is told of once',
    ]],
    ["lists that contain each other", "presence", ["1000", "boss"], [
      'lists.panel.list_item[1]: the list "boss" contains the list "panel"; a list is told of once',
    ]],
  ];
  for (const [title, event, items, warnings] of cases) {
    test(title, async () => expect(await warningsOf(event, items)).toEqual(warnings));
  }

  test("a list that contains itself, or has too many members, is an error", async () => {
    expect(await errorsOf('[lists.a]\nevent = "presence"\nlist_item = ["a"]')).toEqual([
      'config.toml:3:13: lists.a.list_item: the list "a" contains itself',
    ]);
    const items = (start: number) => Array.from({ length: 600 }, (_, i) => `"${start + i}"`).join(", ");
    const nested = `[lists.b]\nevent = "presence"\nlist_item = [${items(2_000)}]`;
    expect(await errorsOf(`[lists.a]\nevent = "presence"\nlist_item = ["b", ${items(1_000)}]\n${nested}`)).toEqual([
      "config.toml:3:13: lists.a.list_item: has 1200 members with those of lists in it; it can have 1000",
    ]);
  });
});
