import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { bare, configOptions, metaOf, type Option } from "../support/config_options.ts";
import { errorsOf } from "./judging.ts";

/** How a section stands in a file, and what it cannot be without. */
const sections: Readonly<Record<string, { header: string; path: string; needs?: Readonly<Record<string, string>> }>> = {
  "server": { header: "[server]", path: "server" },
  "log": { header: "[log]", path: "log" },
  "timers": { header: "[timers]", path: "timers" },
  "watchdog": { header: "[watchdog]", path: "watchdog" },
  "listen": {
    header: "[[listen]]",
    path: "listen[0]",
    needs: { transport: '"udp"', bind: '"127.0.0.1:0"' },
  },
  "http": { header: "[http]", path: "http" },
  "webhooks": { header: "[[webhooks]]", path: "webhooks[0]", needs: { url: '"https://crm.example.com/"' } },
  "bodies": { header: "[bodies]", path: "bodies" },
  "endpoints.*": { header: "[endpoints.alice]", path: "endpoints.alice" },
  "aors.*": { header: "[aors.hotline]", path: "aors.hotline" },
  "phones": { header: "[[phones]]", path: "phones[0]", needs: { user_agent: '"Yealink*"' } },
  "contexts.*": { header: "[contexts.office]", path: "contexts.office" },
  "lists.*": { header: "[lists.sales]", path: "lists.sales", needs: { event: '"dialog"', list_item: '["1000"]' } },
  "outbound_publish.*": {
    header: "[outbound_publish.trunk]",
    path: "outbound_publish.trunk",
    needs: { server_uri: '"sip:presence.example.com"', event: '"dialog"' },
  },
};

/** Options whose values are not repeated. */
const secret = ["auth", "tokens", "password_hash", "secret", "url"];

/** A value that an option does not accept, as TOML; what is wrong with it when that is one of a list, and what is meant. */
interface Mistake {
  readonly value: string;
  readonly found: string;
  readonly at?: number;
  readonly meant?: string;
}

function wrong(...values: string[]): Mistake[] {
  return values.map((value) => ({ value, found: value }));
}

/** Wrong values of every kind of option. */
function mistakesIn(schema: z.ZodType): Mistake[] {
  if (schema instanceof z.ZodBoolean) return [...wrong('"yes"', "1", '"true"', "[]"), date];
  if (schema instanceof z.ZodNumber) {
    const { minValue, maxValue } = schema as { minValue: number; maxValue: number };
    const fraction = schema.isInt ? wrong("60.5") : [];
    const outside = wrong(String(minValue - 1), String(maxValue + 1), '"60"', '"1h"', '"60s"', "true", "[]");
    return [...fraction, ...outside, { value: "nan", found: "NaN" }, { value: "inf", found: "Infinity" }, date];
  }
  if (schema instanceof z.ZodEnum) {
    const words = (schema.options as string[]).filter((word) => word !== "");
    const near = words.flatMap((word) => [
      { value: `"${word.toUpperCase()}"`, found: `"${word.toUpperCase()}"`, meant: word },
      ...(word.length < 5 ? [] : [{ value: `"${word}x"`, found: `"${word}x"`, meant: word }]),
    ]);
    return [...wrong("7", "true", '"unheard-of"'), ...near, date];
  }
  if (schema instanceof z.ZodString) {
    const empty = schema.safeParse("").success ? [] : wrong('""');
    return [...wrong("7", "true", '["a"]'), ...empty, date, table];
  }
  if (schema instanceof z.ZodArray) {
    const first = mistakesIn(bare(schema.element as z.ZodType))
      .map((mistake) => ({ ...mistake, value: `[${mistake.value}]`, at: 0 }));
    return [...wrong('"a"', "7"), table, ...first];
  }
  return [];
}

const date = { value: "2026-01-02", found: "a date" };
const table = { value: '{ password = "geheim" }', found: "a table" };

/** A file with one option. */
function fileOf({ section, name }: Option, value: string): string {
  const { header, needs = {} } = sections[section]!;
  const others = Object.entries(needs).filter(([other]) => other !== name);
  return [header, ...others.map(([other, needed]) => `${other} = ${needed}`), `${name} = ${value}`].join("\n");
}

function pathOf({ section, name }: Option): string {
  return `${sections[section]!.path}.${name}`;
}

test("every section is tried", () => {
  expect([...new Set(configOptions.map(({ section }) => section))].sort()).toEqual(Object.keys(sections).sort());
});

describe("a wrong value is named with its place, what was found and what is accepted", () => {
  for (const option of configOptions.filter(({ name }) => !secret.includes(name))) {
    test(`${option.section}.${option.name}`, async () => {
      const mistakes = mistakesIn(bare(option.schema));
      expect(mistakes.length).toBeGreaterThan(2);
      for (const { value, found, at, meant } of mistakes) {
        const file = fileOf(option, value);
        const line = file.split("\n").length;
        const column = option.name.length + " = ".length + (at === undefined ? 1 : 2);
        const path = at === undefined ? pathOf(option) : `${pathOf(option)}[${at}]`;
        const advice = meant === undefined ? "" : `; did you mean "${meant}"?`;
        expect(await errorsOf(file)).toEqual([
          `config.toml:${line}:${column}: ${path}: found ${found}; expected ${metaOf(option).accepted}${advice}`,
        ]);
      }
    });
  }
});

describe("a number is accepted up to its bounds", () => {
  for (const option of configOptions) {
    const schema = bare(option.schema);
    if (!(schema instanceof z.ZodNumber)) continue;
    test(`${option.section}.${option.name}`, async () => {
      for (const value of [schema.minValue, schema.maxValue]) {
        const errors = await errorsOf(fileOf(option, String(value)));
        // What the bound does to other options is another matter.
        expect(errors.filter((error) => error.includes("expected"))).toEqual([]);
      }
      expect(metaOf(option).accepted).toContain(`from ${schema.minValue} to ${schema.maxValue}`);
    });
  }
});

describe("every word of a choice is accepted", () => {
  for (const option of configOptions) {
    const schema = bare(option.schema);
    const words = schema instanceof z.ZodArray ? bare(schema.element as z.ZodType) : schema;
    if (!(words instanceof z.ZodEnum)) continue;
    test(`${option.section}.${option.name}`, async () => {
      for (const word of words.options) {
        const value = schema === words ? `"${word}"` : `["${word}"]`;
        const errors = await errorsOf(fileOf(option, value));
        expect(errors.filter((error) => error.includes("expected"))).toEqual([]);
      }
    });
  }
});

describe("a name that no option has", () => {
  for (const option of configOptions) {
    // One letter too many, as it happens in writing.
    const name = `${option.name}${option.name.at(-1)}`;
    test(`${option.section}.${name} is refused with what was meant`, async () => {
      const file = fileOf({ ...option, name }, "1");
      const errors = await errorsOf(file);
      expect(errors).toEqual([
        `config.toml:${file.split("\n").length}:1: ${sections[option.section]!.path}.${name}: ` +
        `there is no such option; did you mean "${option.name}"?`,
      ]);
    });
  }

  test.each([
    ['[sever]\nrealm = "a"', 'config.toml:1:2: sever: there is no such option; did you mean "server"?'],
    ["[[listener]]", 'config.toml:1:3: listener: there is no such option; did you mean "listen"?'],
    ["[endpoint.alice]", 'config.toml:1:2: endpoint: there is no such option; did you mean "endpoints"?'],
    ["[default.endpoint]", 'config.toml:1:2: default: there is no such option; did you mean "defaults"?'],
    ["[defaults.endpoints]", 'config.toml:1:2: defaults.endpoints: there is no such option; did you mean "endpoint"?'],
    [
      '[defaults.endpoint]\ncontextt = "a"\n[endpoints.alice]\n[endpoints.bob]',
      'config.toml:2:1: defaults.endpoint.contextt: there is no such option; did you mean "context"?',
    ],
    ["[voicemail]", "config.toml:1:2: voicemail: there is no such option"],
    ["[aors.hotline]\nforce_rport = true", "config.toml:2:1: aors.hotline.force_rport: there is no such option"],
    [
      '[contexts.default]\n1000 = "PJSIP/alice"',
      "config.toml:2:1: contexts.default.1000: there is no such option; hints stand in [contexts.default.hints]",
    ],
    [
      '[endpoints.alice]\nauth = { username = "a", pasword = "geheim" }',
      'config.toml:2:26: endpoints.alice.auth.pasword: there is no such option; did you mean "password"?',
    ],
    [
      'server.realm = "a"\nserver.toString = 1\n"__proto__" = 1',
      "config.toml:2:1: server.toString: there is no such option",
      "config.toml:3:1: __proto__: there is no such option",
    ],
  ])("%j", async (file, ...errors) => {
    expect(await errorsOf(file as string)).toEqual(errors as string[]);
  });
});

describe("what cannot be left out is missed", () => {
  for (const [section, { header, path, needs = {} }] of Object.entries(sections)) {
    for (const name of Object.keys(needs)) {
      test(`${section}.${name}`, async () => {
        const option = configOptions.find((each) => each.section === section && each.name === name)!;
        const others = Object.entries(needs).filter(([other]) => other !== name);
        const file = [header, ...others.map(([other, value]) => `${other} = ${value}`)].join("\n");
        const column = header.startsWith("[[") ? 3 : 2;
        expect(await errorsOf(file)).toEqual([
          `config.toml:1:${column}: ${path}.${name}: is missing; expected ${metaOf(option).accepted}`,
        ]);
      });
    }
  }
});

describe("a section of the wrong shape is refused, and nothing of it is repeated", () => {
  test.each([
    ["server = 5", "config.toml:1:10: server: found a number; expected a table"],
    ['[[server]]\nrealm = "a"', "config.toml:1:3: server: found a list of tables; expected a table"],
    ["listen = 5", "config.toml:1:10: listen: found 5; expected a list of tables, [[…]]"],
    ['[listen]\nbind = "0.0.0.0:0"', "config.toml:1:2: listen: found a table; expected a list of tables, [[…]]"],
    ["listen = [5]", "config.toml:1:11: listen[0]: found a number; expected a table"],
    ["endpoints = true", "config.toml:1:13: endpoints: found true or false; expected a table"],
    ["[[endpoints]]\nname = 'alice'", "config.toml:1:3: endpoints: found a list of tables; expected a table"],
    ["[endpoints]\nalice = 'geheim'", "config.toml:2:9: endpoints.alice: found a text; expected a table"],
    [
      "[[endpoints.alice]]\nauth = { username = 'a', password = 'geheim' }",
      "config.toml:1:3: endpoints.alice: found a list of tables; expected a table",
    ],
    ['[endpoints.""]', 'config.toml:1:2: endpoints."": a name cannot be empty'],
    ["[defaults]\nendpoint = 'geheim'", "config.toml:2:12: defaults.endpoint: found a text; expected a table"],
    [
      "[contexts.default]\nhints = ['1000']",
      `config.toml:2:9: contexts.default.hints: found a list; expected a table`,
    ],
  ])("%j", async (file, error) => expect(await errorsOf(file)).toEqual([error]));
});
