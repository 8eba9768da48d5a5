/** The commands of the guides, run as they stand: only the address and the token are those of this test. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command, type Hintd, officeConfig, run, startHintd } from "./hintd.ts";

const guide = readFileSync(join(import.meta.dir, "../../lib/help/states.md"), "utf8");
/** Blocks of shell commands, the script of the door aside: it runs for ever. */
const blocks = [...guide.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block!)
  .filter((block) => !block.startsWith("#!"));

let hintd: Hintd;
let token: string;
let directory: string;
beforeAll(async () => {
  const { stdout } = await run(["hash-password", "--token"]);
  const hash = /SHA-256:[0-9a-f]{64}/.exec(stdout)![0];
  token = /hintd_\w+/.exec(stdout)![0];
  hintd = await startHintd((office) =>
    officeConfig(office, {
      more: '1000 = "PJSIP/bob,CustomPresence:bob(Bob)"\n801 = "Custom:door(Door)"\n850 = "MWI:100(Voicemail)"\n',
    }).replace('1000 = "PJSIP/alice"\n', "").replace(
      /(\[http\]\nbind = .*\n)/,
      `$1tokens = [{ name = "door", hash = "${hash}", scope = "write" }]\n`,
    )
  );
  // Commands are found as `hintd`, which the guides call them.
  directory = dirname(hintd.configFile);
  mkdirSync(join(directory, "bin"));
  const words = command.map((word) => `"${word}"`).join(" ");
  writeFileSync(join(directory, "bin/hintd"), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
});
afterAll(() => hintd?.dispose());

test("there are commands to run", () => {
  expect(blocks.length).toBeGreaterThan(2);
});

for (const [i, block] of blocks.entries()) {
  test(`block ${i + 1}: ${block.split("\n")[0]!.slice(0, 60)}`, () => {
    const script = block.replaceAll("http://192.168.1.5:8080", hintd.url).replaceAll(
      "curl ",
      "curl --fail-with-body -sS ",
    );
    const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-e", "-c", script], {
      cwd: directory,
      env: { ...process.env, TOKEN: token, PATH: `${directory}/bin:${process.env.PATH}` },
    });
    expect([exitCode, exitCode === 0 ? "" : `${stdout}${stderr}`]).toEqual([0, ""]);
  });
}

test("Kamailio takes what the guide has it load", () => {
  const [, block] = /^```ini\n(loadmodule[^]*?)^```$/m.exec(guide)!;
  const modules = ["tm", "sl", "rr", "pv"].map((name) => `loadmodule "${name}.so"`);
  const file = join(directory, "kamailio.cfg");
  writeFileSync(file, [...modules, block, 'request_route { if ($rm == "INVITE") dlg_manage(); }\n'].join("\n"));
  const { exitCode, stderr } = Bun.spawnSync(["/usr/sbin/kamailio", "-c", "-f", file]);
  expect([exitCode, exitCode === 0 ? "" : stderr.toString()]).toEqual([0, ""]);
});
