/** `hintd doctor` on a real machine, and what is in its bundle. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { openUdp, requestFrom } from "./wire.ts";

const secrets = {
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
url = "http://127.0.0.1:9/?key=url-s3cret"
secret = "${secrets.webhook}"
[outbound_publish.trunk]
server_uri = "sip:127.0.0.1:9"
event = "dialog"
auth = { username = "trunk", password = "${secrets.trunk}" }
`,
    }).replace(/(\[http\]\nbind = .*\n)/, `$1tokens = [{ name = "crm", hash = "${secrets.token}", scope = "read" }]\n`)
  );
  chmodSync(hintd.configFile, 0o600);
});
afterAll(() => hintd?.dispose());

test("a running office: every check in a line, listeners answer", async () => {
  const { stdout } = await hintd.run("doctor");
  expect(stdout).toContain(`udp 127.0.0.1:${hintd.sipPort} answers`);
  expect(stdout).toContain(`tcp 127.0.0.1:${hintd.sipPort} answers`);
  for (const topic of ["clock", "disk", "permissions", "kernel", "NAT"]) {
    expect(stdout).toMatch(new RegExp(`^(ok|warning|problem) +${topic} `, "m"));
  }
  const { items } = JSON.parse((await hintd.run("doctor", "--json")).stdout);
  expect(items.length).toBeGreaterThan(8);
});

test("the bundle has what is asked for, and no secret", async () => {
  const phone = await openUdp(hintd.sipPort);
  const digest =
    'Authorization: Digest username="alice", realm="hintd", nonce="digest-s3cret", uri="sip:x", response="00"';
  phone.send(
    requestFrom(phone, "UDP", { method: "SUBSCRIBE", uri: "sip:2000@127.0.0.1", headers: ["Event: dialog", digest] }),
  );
  await phone.next((message) => message.startsWith("SIP/2.0 "));
  phone.close();

  const directory = dirname(hintd.configFile);
  const file = join(directory, "bundle.tar.gz");
  const { stdout, stderr } = await hintd.run("doctor", "--bundle", file);
  expect([stdout, stderr]).toEqual([expect.stringContaining("look before you send it"), ""]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const names = Bun.spawnSync(["tar", "tzf", file]).stdout.toString();
  for (const name of ["findings.json", "config.toml", "status.json", "hints.json", "messages.json", "version.json"]) {
    expect(names).toContain(`/${name}\n`);
  }
  const content = Bun.spawnSync(["tar", "xzOf", file]).stdout.toString();
  expect(content.includes("SUBSCRIBE sip:2000@127.0.0.1")).toBe(true);
  for (const secret of [PASSWORD, "s3cret", secrets.token.slice(8)]) {
    const at = content.indexOf(secret);
    expect(at < 0 ? "" : content.slice(Math.max(0, at - 80), at + 40)).toBe("");
  }

  const again = await hintd.run("doctor", "--bundle", file);
  expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
});

test("a taken port is told with its holder, and ends with 1", async () => {
  await hintd.end();
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
});

test("a damaged database is found, and left as it is", async () => {
  const database = join(hintd.office.dataDir, "hintd.sqlite");
  expect(existsSync(database)).toBe(true);
  writeFileSync(database, "no database");
  const { exitCode, stdout } = await hintd.run("doctor");
  expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/problem +database/)]);
  expect(readFileSync(database, "utf8")).toBe("no database");
});

test("a wrong configuration is told as `check` tells it", async () => {
  writeFileSync(hintd.configFile, "[oops]\n");
  const { exitCode, stdout } = await hintd.run("doctor");
  expect([exitCode, stdout]).toEqual([2, expect.stringContaining("config.toml:1:2: oops: there is no such option")]);
});
