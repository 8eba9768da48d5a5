/** `hintd doctor` on a real machine, and what is in its bundle. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Hintd, officeConfig, PASSWORD, run, startHintd } from "./hintd.ts";
import { openUdp, requestFrom } from "./wire.ts";

/** One for every option that is secret; those that may be any text are markers. */
const secrets = {
  digest: `MD5:${"d16e57".repeat(6).slice(0, 32)}`,
  page: "$argon2id$v=19$m=65536,t=2,p=1$page-s3cret",
  token: `SHA-256:${"5ec4e7".repeat(11).slice(0, 64)}`,
  webhook: "webhook-s3cret",
  trunk: "trunk-s3cret",
};

let hintd: Hintd;
beforeAll(async () => {
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: `
# The password of the door is comment-s3cret.
[[webhooks]]
url = "http://127.0.0.1:9/path-s3cret?key=url-s3cret"
events = ["mailbox"]
secret = "${secrets.webhook}"
[endpoints.dora]
auth = { username = "dora", password_digest = ["${secrets.digest}"] }
[outbound_publish.trunk]
server_uri = "sip:hintd:uri-s3cret@127.0.0.1:9"
event = "dialog"
auth = { username = "trunk", password = "${secrets.trunk}" }
`,
    }).replace(
      /(\[http\]\nbind = .*\n)/,
      `$1password_hash = '${secrets.page}'\ntokens = [{ name = "crm", hash = "${secrets.token}", scope = "read" }]\n`,
    )
  );
  chmodSync(hintd.configFile, 0o600);
});
afterAll(() => hintd?.dispose());

/** The text of all files of a bundle. */
function contentOf(bundle: string): string {
  return Bun.spawnSync(["tar", "xzOf", bundle]).stdout.toString();
}

test("a running office: no problem, a line for every check, and quickly", async () => {
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = await hintd.run("doctor");
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect([exitCode, stderr, stdout.match(/^problem .*$/gm)]).toEqual([0, "", null]);
  expect(stdout).toMatch(/^ok +hintd +\S+ has been running for /m);
  expect(stdout).toContain(`udp 127.0.0.1:${hintd.sipPort} answers`);
  expect(stdout).toContain(`tcp 127.0.0.1:${hintd.sipPort} answers`);
  expect(stdout).toContain(`page ${hintd.url} answers`);
  for (const topic of ["config", "clock", "DNS", "NAT", "disk", "permissions", "kernel"]) {
    expect(stdout).toMatch(new RegExp(`^(ok|warning) +${topic} `, "m"));
  }
  const { items } = JSON.parse((await hintd.run("doctor", "--json")).stdout);
  expect(items.length).toBeGreaterThan(8);
  expect(items[0]).toEqual({ level: expect.any(String), topic: "config", text: expect.any(String), advice: "" });
});

test("the bundle has what is asked for, and no secret", async () => {
  const phone = await openUdp(hintd.sipPort);
  const digest =
    'Authorization: Digest username="alice", realm="hintd", nonce="digest-s3cret", uri="sip:x",\r\n response="00s3cret"';
  const said = `Subject: somebody says ${PASSWORD} and ${secrets.webhook}`;
  phone.send(
    requestFrom(phone, "UDP", {
      method: "SUBSCRIBE",
      uri: "sip:2000@127.0.0.1",
      headers: ["Event: dialog", digest, said],
    }),
  );
  await phone.next((message) => message.startsWith("SIP/2.0 "));
  phone.close();
  await hintd.run("presencestate", "set", "CustomPresence:door", "away", "", "presence-s3cret");

  const file = join(dirname(hintd.configFile), "bundle.tar.gz");
  const { exitCode, stdout, stderr } = await hintd.run("doctor", "--bundle", file);
  expect([exitCode, stdout, stderr]).toEqual([0, expect.stringContaining("Look before you send it"), ""]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const names = Bun.spawnSync(["tar", "tzf", file]).stdout.toString();
  const expected = ["report.txt", "report.json", "config.toml", "version.json", "machine.json", "status.json"];
  for (const name of [...expected, "hints.json", "subscriptions.json", "endpoints.json", "messages.json"]) {
    expect(names).toContain(`/${name}\n`);
  }
  const content = contentOf(file);
  expect(content).toContain("SUBSCRIBE sip:2000@127.0.0.1");
  expect(content).toContain('Authorization: Digest username=\\"alice\\"');
  expect(content).toContain("Subject: somebody says (not told) and (not told)");
  for (const secret of [PASSWORD, "s3cret", secrets.token.slice(8), secrets.digest.slice(4)]) {
    const at = content.indexOf(secret);
    expect(at < 0 ? "" : content.slice(Math.max(0, at - 80), at + 40)).toBe("");
  }

  const before = readFileSync(file);
  const again = await hintd.run("doctor", "--bundle", file);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("is there already")]);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("without a name, the bundle is called by the date", async () => {
  const directory = dirname(hintd.configFile);
  await run(["doctor", "-c", hintd.configFile, "--bundle"], directory);
  const made = readdirSync(directory).filter((name) => /^hintd-doctor-\d{4}-\d\d-\d\dT\d{6}Z\.tar\.gz$/.test(name));
  expect(made).toHaveLength(1);
  rmSync(join(directory, made[0]!));
});

test("a taken port is told with its holder, ends with 1, and the database stays as it is", async () => {
  await hintd.end();
  const files = readdirSync(hintd.office.dataDir);
  const holder = await Bun.udpSocket({ port: hintd.sipPort, hostname: "127.0.0.1" });
  try {
    const { exitCode, stdout } = await hintd.run("doctor");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`problem +port +udp 127.0.0.1:${hintd.sipPort} is taken by .*pid ${process.pid}`),
    );
    expect(stdout).toContain(`tcp 127.0.0.1:${hintd.sipPort} is free`);
    expect(stdout).toMatch(/ok +database +sound/);
  } finally {
    holder.close();
  }
  expect(readdirSync(hintd.office.dataDir)).toEqual(files);
});

test("a damaged database is found, and left as it is", async () => {
  const database = join(hintd.office.dataDir, "hintd.sqlite");
  expect(existsSync(database)).toBe(true);
  writeFileSync(database, "no database");
  const { exitCode, stdout } = await hintd.run("doctor");
  expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/problem +database/)]);
  expect(readFileSync(database, "utf8")).toBe("no database");
});

test.each([
  ["an option that is none", '[oops]\npasswort = "wrong-s3cret"\n', "config.toml:1:2: oops: there is no such option"],
  ["no TOML", '[server\nx = "wrong-s3cret"\n', "config.toml:1:"],
])("a wrong configuration, %s, is told as `check` tells it; the rest is examined and packed", async (_, text, told) => {
  writeFileSync(hintd.configFile, text);
  const file = join(dirname(hintd.configFile), "wrong.tar.gz");
  const { exitCode, stdout, stderr } = await hintd.run("doctor", "--bundle", file);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("config.toml has 1 error")]);
  expect(stdout).toMatch(/^problem +config +/m);
  expect(stdout).toContain(told);
  expect(stdout).toMatch(/^ok +kernel +/m);
  expect(contentOf(file)).toContain(told);
  expect(contentOf(file)).not.toContain("s3cret");
  rmSync(file);
  const { items } = JSON.parse((await hintd.run("doctor", "--json")).stdout);
  expect(items[0]).toMatchObject({ level: "problem", topic: "config", text: expect.stringContaining(told) });
});

test("however much there is to tell, all of it arrives", async () => {
  writeFileSync(hintd.configFile, `[server]\n${Array.from({ length: 2_000 }, (_, n) => `odd${n} = 1\n`).join("")}`);
  const { exitCode, stdout } = await hintd.run("doctor", "--json");
  const { items } = JSON.parse(stdout);
  expect([exitCode, items.length > 2_000]).toEqual([2, true]);
});

test("without a configuration, the machine is examined all the same", async () => {
  const { exitCode, stdout } = await run(["doctor", "-c", join(dirname(hintd.configFile), "none.toml")]);
  expect([exitCode, stdout]).toEqual([2, expect.stringContaining("there is no such file")]);
  expect(stdout).toMatch(/^ok +kernel +/m);
});
