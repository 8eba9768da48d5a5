/** What a hintd does that is told to stay although its configuration is wrong. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Hintd, officeConfig, prepareHintd } from "./hintd.ts";
import { header, openTcp, openUdp, requestFrom, startLine } from "./wire.ts";

let hintd: Hintd;
afterEach(() => hintd?.dispose());

/** A hintd in safe mode, on an office's configuration that `spoil` has made wrong. */
async function inSafeMode(spoil: (text: string) => string): Promise<Hintd> {
  const made = await prepareHintd((office) => spoil(officeConfig(office)));
  hintd = made;
  await made.begin({ flags: ["--safe-mode"] });
  await made.lines.line(/ is in safe mode/);
  return made;
}

describe("safe mode", () => {
  test("every request gets 503 with Retry-After, over UDP and TCP (RFC 3261 §21.5.4)", async () => {
    const { sipPort } = await inSafeMode((text) => `${text}\n[contexts.default]\nincluude = []\n1001 = "DAHDI/1"\n`);
    for (const open of [openUdp, openTcp]) {
      const phone = await open(sipPort);
      for (const method of ["SUBSCRIBE", "REGISTER", "PUBLISH", "OPTIONS", "INVITE", "MESSAGE"]) {
        phone.send(requestFrom(phone, open === openUdp ? "UDP" : "TCP", { method, uri: "sip:2000@127.0.0.1" }));
        const answer = await phone.next((message) => message.includes(` ${method}\r\n`));
        expect(startLine(answer)).toBe("SIP/2.0 503 Service Unavailable");
        expect(header(answer, "Retry-After")).toBe("30");
      }
      phone.close();
    }
  });

  test("page, log, status and /healthz say what is wrong, with the place", async () => {
    const { url, configFile, log } = await inSafeMode((text) =>
      text.replace("min_expiry = 1", "min_expirie = 1").replace('"PJSIP/alice"', '"DAHDI/1"')
    );
    const page = await (await fetch(url, { headers: { accept: "text/html" } })).text();
    const lines = readFileSync(configFile, "utf8").split("\n");
    const lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
    for (const place of [`config.toml:${lineOf("min_expirie")}:1`, `config.toml:${lineOf("DAHDI")}:8`]) {
      expect(page).toContain(place);
      expect(log).toContain(place);
      expect((await hintd.run("status")).stdout).toContain(place);
    }
    expect(page).toContain("Safe mode: no phone is served, because of 2 mistakes in the configuration");
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.text()]).toEqual([503, expect.stringContaining("safe mode")]);
  });

  test("nothing is taken that could not be kept, and what is kept is not touched", async () => {
    await inSafeMode((text) => `${text}\n[oops]\n`);
    const { exitCode, stderr } = await hintd.run("devstate", "set", "Custom:door", "INUSE");
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("safe mode")]);
    expect(existsSync(join(hintd.office.dataDir, "hintd.sqlite"))).toBe(false);
  });

  test.each([
    ["a line that is no TOML", (text: string) => text.replace('realm = "hintd"', "realm = hintd")],
    ["a table that is never closed", (text: string) => text.replace("[defaults.endpoint]", "[defaults.endpoint")],
    ["a text that is never closed", (text: string) => `${text}\nodd = """\n`],
  ])("%s leaves page and listeners where they were", async (_, spoil) => {
    const { url } = await inSafeMode(spoil);
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
  });

  test("a page that has lost its password is for this machine alone", async () => {
    const { url } = await inSafeMode((text) =>
      text.replace(/\[http\]\nbind = "127.0.0.1:(\d+)"/, '[http]\nbind = "0.0.0.0:$1"\npassword_hash = "oops"')
    );
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect(hintd.log).toContain(`page=${url}/`);
  });

  test("the mended file starts it by itself, with all that was stored", async () => {
    const made = await prepareHintd();
    hintd = made;
    await made.start();
    await made.setDevice("Custom:door", "INUSE");
    await made.end();
    const right = readFileSync(made.configFile, "utf8");
    writeFileSync(made.configFile, right.replace("Custom:gate", "Kustom:gate"));
    await made.begin({ flags: ["--safe-mode"] });
    await made.lines.line(/ is in safe mode/);

    // Still wrong, otherwise.
    const from = made.lines.all.length;
    writeFileSync(made.configFile, right.replace("[http]", "[htp]"));
    await made.lines.line(/: htp: /, { from });

    writeFileSync(made.configFile, right);
    await made.lines.line(/ is running( |$)/, { from });
    const hint = await (await made.fetch("/hints/default/2000")).json() as { state: string };
    expect(hint.state).toBe("INUSE");
    expect(await made.isWell()).toBe(true);
    expect(await made.end()).toBe(0);
  });

  test("`hintd reload` leaves it too, and SIGTERM ends it with 0", async () => {
    await inSafeMode((text) => `${text}\n[oops]\n`);
    const wrong = await hintd.run("reload");
    expect([wrong.exitCode, wrong.stdout + wrong.stderr]).toEqual([2, expect.stringContaining("oops")]);
    expect(await hintd.end()).toBe(0);
  });
});
