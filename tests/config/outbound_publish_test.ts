/** What must be right in `[outbound_publish]`, told with its place and what is accepted. */
import { describe, expect, test } from "bun:test";
import { errorsOf, judged } from "./judging.ts";

/** A section of line 1 on, its `event` in line 2 and `server_uri` in line 3, unless `lines` has one of its own. */
function section(event: string, ...lines: string[]): string {
  const server = lines.some((line) => line.startsWith("server_uri")) ? [] : ['server_uri = "sip:p.example"'];
  return ["[outbound_publish.trunk]", `event = "${event}"`, ...server, ...lines].join("\n");
}

const pidf = "application/pidf+xml";
const xpidf = "application/xpidf+xml";
const cpim = "application/cpim-pidf+xml";
const dialogInfo = "application/dialog-info+xml";
const bodies: Readonly<Record<string, readonly string[]>> = {
  presence: [pidf, xpidf, cpim, dialogInfo],
  dialog: [dialogInfo, pidf, xpidf, cpim],
  "asterisk-devicestate": ["application/json"],
  "asterisk-mwi": ["application/json"],
};

describe("body", () => {
  for (const [event, mediaTypes] of Object.entries(bodies)) {
    test.each(["", ...mediaTypes, ...mediaTypes.map((each) => each.toUpperCase())])(
      `of event ${event} may be "%s"`,
      async (body) => expect(await errorsOf(section(event, `body = "${body}"`))).toEqual([]),
    );
  }

  const misfits = [
    ["presence", "application/json"],
    ["presence", "text/plain"],
    ["dialog", "application/simple-message-summary"],
    ["asterisk-devicestate", pidf],
    ["asterisk-mwi", "json"],
  ] as const;
  test.each(misfits)("of event %s cannot be %s", async (event, body) => {
    const [error, ...others] = await errorsOf(section(event, `body = "${body}"`));
    expect(others).toEqual([]);
    expect(error).toStartWith(`config.toml:4:8: outbound_publish.trunk.body: found "${body}"; expected ""`);
    for (const mediaType of bodies[event]!) expect(error).toContain(`"${mediaType}"`);
    expect(error).toContain(`where event is "${event}"`);
  });

  test("that is nearly right is told what may be meant", async () => {
    expect(await errorsOf(section("dialog", 'body = "application/dialoginfo+xml"'))).toEqual([
      'config.toml:4:8: outbound_publish.trunk.body: found "application/dialoginfo+xml"; expected "", ' +
      `"${dialogInfo}", "${pidf}", "${xpidf}" or "${cpim}" where event is "dialog"; did you mean "${dialogInfo}"?`,
    ]);
  });
});

describe("addresses", () => {
  const broken = ["sip:", "sip:a@", "sip:a b@p.example", "sip:p.example:99999", "sips:[2001:db8::1", "tel:+4930123"];
  const accepted = 'accepted are such as "sip:alice@192.168.1.20:5060"';

  test.each(broken)("from_uri and to_uri cannot be %s", async (uri) => {
    const errors = await errorsOf(section("dialog", `from_uri = "${uri}"`, `to_uri = "${uri}"`));
    expect(errors.length).toBe(2);
    expect(errors[0]).toStartWith(`config.toml:4:12: outbound_publish.trunk.from_uri: "${uri}" is no SIP URI`);
    expect(errors[1]).toStartWith(`config.toml:5:10: outbound_publish.trunk.to_uri: "${uri}" is no SIP URI`);
    for (const error of errors) expect(error).toEndWith(accepted);
  });

  test.each(broken)("server_uri cannot be %s", async (uri) => {
    const errors = await errorsOf(section("dialog", `server_uri = "${uri}"`));
    expect(errors.length).toBe(1);
    expect(errors[0]).toStartWith("config.toml:3:14: outbound_publish.trunk.server_uri: ");
    expect(errors[0]).toContain(`"${uri}"`);
  });

  test("server_uri cannot be left out, nor be empty", async () => {
    expect((await errorsOf('[outbound_publish.trunk]\nevent = "dialog"')).length).toBe(1);
    expect((await errorsOf(section("dialog", 'server_uri = ""'))).length).toBe(1);
  });

  test.each(["sip:p.example", "sip:states@[2001:db8::1]:5070;transport=tcp", "sips:p.example"])(
    "all three may be %s",
    async (uri) => {
      const lines = ["server_uri", "from_uri", "to_uri"].map((option) => `${option} = "${uri}"`);
      expect(await errorsOf(section("dialog", ...lines))).toEqual([]);
    },
  );
});

describe("expressions", () => {
  test.each(["*98", "a(b", "[9-1]", "\\\\"])("context and exten cannot be %s", async (text) => {
    const errors = await errorsOf(section("dialog", `context = "${text}"`, `exten = "${text}"`));
    expect(errors.map((error) => error.slice(0, error.indexOf(": found")))).toEqual([
      "config.toml:4:11: outbound_publish.trunk.context",
      "config.toml:5:9: outbound_publish.trunk.exten",
    ]);
    for (const error of errors) expect(error).toEndWith("expected a regular expression");
  });

  test.each([["[[:number:]]+", "[:number:]"], ["^[[=a=]]", "[=a=]"], ["[[.a.]]", "[.a.]"]])(
    "a class that means nothing here is told before it surprises: %s",
    async (text, named) => {
      expect(await errorsOf(section("dialog", `exten = "${text}"`))).toEqual([
        `config.toml:4:9: outbound_publish.trunk.exten: "${text}" has ${named} in it; accepted are ` +
        "[:alnum:] [:alpha:] [:blank:] [:digit:] [:lower:] [:punct:] [:space:] [:upper:] [:xdigit:]",
      ]);
    },
  );

  test.each(["", "^_?2[0-9]{2}$", "^[[:digit:]]+$", "100|200", "sales"])("exten may be %s", async (text) => {
    expect(await errorsOf(section("dialog", `exten = "${text}"`))).toEqual([]);
  });
});

test("every mistake of every section is told at once, in the order of the file", async () => {
  const text = `${section("dialog", 'body = "x"', 'exten = "[[:x:]]"')}\n${
    section("presence", 'to_uri = "nobody"').replace("trunk", "other")
  }`;
  expect((await errorsOf(text)).map((error) => error.split(": ")[1])).toEqual([
    "outbound_publish.trunk.body",
    "outbound_publish.trunk.exten",
    "outbound_publish.other.to_uri",
  ]);
});

test("a section that is right is a configuration", async () => {
  const loaded = await judged(section("presence", `body = "${xpidf}"`, "multi_user = true"));
  expect("config" in loaded && loaded.config.outbound_publish.trunk).toMatchObject({ body: xpidf, multi_user: true });
});
