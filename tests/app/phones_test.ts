import { describe, expect, test } from "bun:test";
import { phoneFamilies } from "../../lib/body/phone_families.ts";
import { phoneRows, Phones } from "../../lib/app/phones.ts";
import { plainConfig, Site } from "../support/site.ts";

/** The document that a phone with this User-Agent gets of extension 1000. */
async function bodyFor(userAgent: string, { more = "", event = "dialog", state = "NOT_INUSE", endpoint = "" } = {}) {
  const toml = plainConfig.replace("[endpoints.", `${more}\n[endpoints.`) + endpoint;
  const site = await Site.start(toml);
  site.setDevice("one", state as "INUSE");
  const phone = site.phone("192.0.2.10");
  phone.subscribe({ event, userAgent });
  await site.pass();
  return phone.notify.body;
}

const rfc = '[bodies]\nprofile = "rfc"\n';
const dialogs = (body: string) => body.match(/<dialog /g)?.length ?? 0;

describe("families that ship with hintd", () => {
  test("each says whom it is for, what goes wrong without it, and where that is written; none hides another", () => {
    for (const [index, { userAgent, why, source, needs }] of phoneFamilies.entries()) {
      expect(why).not.toBe("");
      expect(source).toStartWith("https://");
      expect(Object.keys(needs)).not.toEqual([]);
      expect(phoneFamilies.findIndex((each) => each.userAgent === userAgent)).toBe(index);
    }
  });

  test.each(["Yealink SIP-T46S 66.85.0.5", "yealink W60B", "Aastra 6757i/3.3.1", "Mitel 6867i"])(
    "%s gets a <dialog> even when nobody calls and documents are those of the RFCs",
    async (userAgent) => {
      expect(dialogs(await bodyFor(userAgent, { more: rfc }))).toBe(1);
      expect(dialogs(await bodyFor("another phone", { more: rfc }))).toBe(0);
    },
  );

  test("Cisco's enterprise firmware gets PIDF as the RFCs write it", async () => {
    const body = await bodyFor("Cisco-CP8865/14.2", { event: "presence", state: "INUSE" });
    expect(body).toContain("on-the-phone");
    expect(body).not.toBe(await bodyFor("another phone", { event: "presence", state: "INUSE" }));
  });

  test.each(["Cisco/SPA504G-7.6.2", "Linksys/SPA962-6.1.5", "MicroSIP/3.21.3", "PJSUA v2.14 Linux"])(
    "%s gets one <dialog> at most",
    async (userAgent) => {
      const { config } = (await Site.start()).core;
      expect(new Phones(config).variantOf(undefined, userAgent).maxDialogs).toBe(1);
      expect(new Phones(config).variantOf(undefined, "another phone").maxDialogs).toBe(0);
    },
  );

  test("are listed behind those of the configuration, with what they get", async () => {
    const toml = plainConfig.replace("[endpoints.", '[[phones]]\nuser_agent = "Snom*"\ndnd_as = "busy"\n[endpoints.');
    const [first, ...others] = phoneRows((await Site.start(toml)).core.config);
    expect(first).toMatchObject({
      user_agent: "Snom*",
      from: "config.toml",
      options: { dnd_as: "busy", max_dialogs: 1 },
    });
    expect(others.map((row) => row.user_agent)).toEqual(phoneFamilies.map((family) => family.userAgent));
    expect(others[0]).toMatchObject({ from: "hintd", options: { body_profile: "asterisk" } });
  });

  test("what an endpoint is told to get goes before what its family needs", async () => {
    expect(dialogs(await bodyFor("Yealink", { endpoint: '\n[defaults.endpoint]\nbody_profile = "rfc"\n' }))).toBe(0);
  });
});

describe("[[phones]]", () => {
  const row = (options: string, userAgent = "Yea*T46*") =>
    `${rfc}[[phones]]\nuser_agent = "${userAgent}"\n${options}\n`;
  const phone = "Yealink SIP-T46S";

  test("takes the place of the family, whatever the case of the User-Agent; others are not touched", async () => {
    expect(dialogs(await bodyFor(phone, { more: row("") }))).toBe(0);
    expect(dialogs(await bodyFor("YEALINK SIP-T46S", { more: row("") }))).toBe(0);
    expect(dialogs(await bodyFor("Yealink SIP-T33G", { more: row("") }))).toBe(1);
  });

  test("the first match counts", async () => {
    const more = row('body_profile = "asterisk"') + '[[phones]]\nuser_agent = "Yealink*"\nbody_profile = "rfc"\n';
    expect(dialogs(await bodyFor(phone, { more }))).toBe(1);
  });

  test.each([
    ['dnd_as = "busy"', 'unavailable_as = "busy"'],
  ])("%s and %s are seen in the document", async (...options) => {
    const unavailable = await bodyFor(phone, { more: row(options[1]!), event: "presence", state: "UNAVAILABLE" });
    expect(unavailable).not.toBe(
      await bodyFor("another phone", { more: row(options[1]!), event: "presence", state: "UNAVAILABLE" }),
    );
    expect(unavailable).toContain("busy");
  });

  test("a reload changes what the next refresh brings", async () => {
    const site = await Site.start(plainConfig.replace("[endpoints.", `${rfc}\n[endpoints.`));
    const yealink = site.phone("192.0.2.10");
    const first = yealink.subscribe({ event: "dialog", userAgent: phone });
    await site.pass();
    expect(dialogs(yealink.notify.body)).toBe(1);
    await site.reload(plainConfig.replace("[endpoints.", `${row("")}\n[endpoints.`));
    const toTag = yealink.response?.tag("To") ?? "";
    yealink.clear();
    yealink.again(first, toTag);
    await site.pass();
    expect(dialogs(yealink.notify.body)).toBe(0);
  });
});
