import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  checkHint,
  deviceKey,
  fillHint,
  type Hint,
  hintText,
  mailboxKey,
  parseHint,
  providerKey,
} from "../../lib/state/hint.ts";

function hint(devices: string[], providers: string[] = [], name = ""): Hint {
  return { devices, providers, name };
}

const texts: readonly (readonly [text: string, hint: Hint])[] = [
  ["PJSIP/alice", hint(["PJSIP/alice"])],
  ["PJSIP/alice&PJSIP/bob", hint(["PJSIP/alice", "PJSIP/bob"])],
  ["PJSIP/alice,CustomPresence:alice", hint(["PJSIP/alice"], ["CustomPresence:alice"])],
  [
    "PJSIP/a&Custom:dnd_a,CustomPresence:a&CustomPresence:b(Alice A)",
    hint(["PJSIP/a", "Custom:dnd_a"], ["CustomPresence:a", "CustomPresence:b"], "Alice A"),
  ],
  ["Park:701@parkedcalls", hint(["Park:701@parkedcalls"])],
  ["Queue:support_avail", hint(["Queue:support_avail"])],
  ["confbridge:1234", hint(["confbridge:1234"])],
  ["MWI:100@default", hint(["MWI:100@default"])],
  [",CustomPresence:bob", hint([], ["CustomPresence:bob"])],
  ["CustomPresence:bob", hint(["CustomPresence:bob"])],
  ["&&PJSIP/a&&PJSIP/b&,&CustomPresence:a&", hint(["PJSIP/a", "PJSIP/b"], ["CustomPresence:a"])],
  [" PJSIP/a & PJSIP/b , CustomPresence:a ( Alice ) ", hint(["PJSIP/a", "PJSIP/b"], ["CustomPresence:a"], "Alice")],
  ["PJSIP/a(Alice (mobile), desk & home)", hint(["PJSIP/a"], [], "Alice (mobile), desk & home")],
  ["PJSIP/a()", hint(["PJSIP/a"])],
  ["(Alice)", hint([], [], "Alice")],
  ["PJSIP/a(Alice", hint(["PJSIP/a(Alice"])],
  ["PJSIP/${EXTEN}(Desk ${EXTEN})", hint(["PJSIP/${EXTEN}"], [], "Desk ${EXTEN}")],
  ["PJSIP/a,CustomPresence:a,CustomPresence:b", hint(["PJSIP/a"], ["CustomPresence:a,CustomPresence:b"])],
  ["", hint([])],
  ["Custom:my door", hint(["Custom:my door"])],
];

describe("grammar of hints", () => {
  for (const [text, parsed] of texts) {
    test(`"${text}"`, () => expect(parseHint(text)).toEqual(parsed));
  }

  test("what is written from a hint is read as the same hint", () => {
    const word = fc.stringMatching(/^[a-z0-9_@.-]{1,8}$/);
    const some = fc.record({
      devices: fc.array(word.map((name) => `Custom:${name}`), { minLength: 1, maxLength: 4 }),
      providers: fc.array(word.map((name) => `CustomPresence:${name}`), { maxLength: 3 }),
      name: fc.oneof(fc.constant(""), fc.stringMatching(/^[A-Za-z][A-Za-z,&() ]{0,10}[A-Za-z]$/)),
    });
    fc.assert(fc.property(some, (value) => expect(parseHint(hintText(value))).toEqual(value)));
  });
});

describe("variables of hints", () => {
  const values: readonly (readonly [text: string, filled: string])[] = [
    ["${EXTEN}", "1234"],
    ["${CONTEXT}", "office"],
    ["x${EXTEN}y${CONTEXT}z", "x1234yofficez"],
    ["${EXTEN:1}", "234"],
    ["${EXTEN:1:2}", "23"],
    ["${EXTEN:-2}", "34"],
    ["${EXTEN:-3:1}", "2"],
    ["${EXTEN:0:-1}", "123"],
    ["${EXTEN:9}", ""],
    ["${CONTEXT:0:3}", "off"],
    ["${OTHER}", ""],
    ["${EXTEN:x}", ""],
    ["${toString}", ""],
    ["${__proto__}", ""],
    ["$EXTEN ${", "$EXTEN ${"],
  ];
  for (const [text, filled] of values) {
    test(`${text} of extension 1234 in context office is "${filled}"`, () => {
      expect(fillHint(hint([`PJSIP/${text}`], [`CustomPresence:${text}`], text), "1234", "office")).toEqual(
        hint([`PJSIP/${filled}`], [`CustomPresence:${filled}`], filled),
      );
    });
  }

  test("no extension adds, removes or changes anything but what stands in place of the variable", () => {
    const nasty = fc.string({ unit: fc.constantFrom(..."1&,()$@{}[]: /EXTN\\".split("")), maxLength: 20 });
    fc.assert(fc.property(nasty, (exten) => {
      const filled = fillHint(parseHint("PJSIP/${EXTEN}&Custom:b,CustomPresence:${EXTEN}(${EXTEN})"), exten, "c");
      expect(filled).toEqual(hint([`PJSIP/${exten}`, "Custom:b"], [`CustomPresence:${exten}`], exten));
    }));
  });

  test("a replacement pattern in an extension is only text", () => {
    expect(fillHint(hint(["PJSIP/${EXTEN}"]), "$&$1$`", "c").devices).toEqual(["PJSIP/$&$1$`"]);
  });
});

test("a device has one key, whatever the case of its technology; names keep theirs", () => {
  const keys = {
    "PJSIP/alice": "PJSIP/alice",
    "pjsip/Alice": "PJSIP/Alice",
    "SIP/alice": "PJSIP/alice",
    "sip/alice": "PJSIP/alice",
    "custom:Door": "Custom:Door",
    "CUSTOM:Door": "Custom:Door",
    "mwi:100": "MWI:100@default",
    "MWI:100@office": "MWI:100@office",
    "Custom:a:b/c": "Custom:a:b/c",
    "Custom:line\nend": "Custom:line\nend",
  };
  for (const [device, key] of Object.entries(keys)) expect(deviceKey(device)).toBe(key);
  for (const device of ["", "alice", "PJSIP/", "Custom:", "IAX2/alice", "Queue:sales", "PJSIP:alice", "xPJSIP/a"]) {
    expect(deviceKey(device)).toBeUndefined();
  }
});

test("a presence provider has one key, whatever the case of its kind", () => {
  expect(providerKey("custompresence:Bob")).toBe("CustomPresence:Bob");
  for (const provider of ["", "bob", "CustomPresence:", "Other:bob", "Custom:bob"]) {
    expect(providerKey(provider)).toBeUndefined();
  }
});

test("a mailbox without a context is in default", () => {
  expect([mailboxKey("100"), mailboxKey("100@office")]).toEqual(["100@default", "100@office"]);
});

describe("mistakes in hints are told in words", () => {
  const mistakes: readonly (readonly [text: string, problem: RegExp])[] = [
    ["", /names neither a device nor a presence provider/],
    ["(Alice)", /names neither a device nor a presence provider/],
    ["Queue:sales", /nobody provides the device "Queue:sales"; accepted are PJSIP\/name, SIP\/name, Custom:name, MWI:/],
    ["PJSIP/a&alice", /nobody provides the device "alice"/],
    ["CustomPresence:bob", /"CustomPresence:bob" is a presence provider; presence stands behind a comma/],
    ["PJSIP/a,PJSIP/b", /"PJSIP\/b" is a device; devices stand before the comma, joined with "&"/],
    ["PJSIP/a,alice", /nobody provides the presence "alice"; accepted is CustomPresence:name/],
    ["PJSIP/a,CustomPresence:a,CustomPresence:b", /has a comma; presence providers are joined with "&"/],
    ["PJSIP/a(Alice", /has a parenthesis; a name in parentheses ends the hint/],
    ["PJSIP/a(Alice),CustomPresence:a", /has a parenthesis; a name in parentheses ends the hint/],
    ["PJSIP/${EXTENSION}", /"\$\{EXTENSION\}" means nothing here; accepted are \$\{EXTEN\} and \$\{CONTEXT\}/],
    ["PJSIP/a(${NAME})", /"\$\{NAME\}" means nothing here/],
    ["PJSIP/$[1+1]", /an expression "\$\[…\]" is not worked out/],
  ];
  for (const [text, problem] of mistakes) {
    test(`"${text}"`, () => expect(checkHint(text)).toMatch(problem));
  }

  test("there are none in hints that work", () => {
    const good = [
      "PJSIP/alice",
      "sip/alice",
      "PJSIP/a&Custom:dnd_a,CustomPresence:a&custompresence:b(Alice A)",
      "MWI:100",
      ",CustomPresence:bob",
      "PJSIP/${EXTEN}",
      "PJSIP/${EXTEN:9}",
      "PJSIP/${CONTEXT}-${EXTEN:1:2}(Desk ${EXTEN})",
      "Custom:my door",
    ];
    for (const text of good) expect(checkHint(text)).toBeUndefined();
  });
});
