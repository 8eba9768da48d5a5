/** The first minutes: hintd without a configuration, and `hintd init`. */
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hintChecks } from "../../lib/app.ts";
import { initialConfig, readablePassword } from "../../lib/cli/initial_config.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";

const main = join(import.meta.dir, "../../main.ts");
let directory: string;

beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "hintd-init-"))));

afterEach(() => rmSync(directory, { recursive: true }));

function hintd(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, main, ...args], { cwd: directory });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

describe("hintd without a configuration", () => {
  for (const args of [[], ["run"], ["run", "-c", "office.toml"], ["--log-level", "debug"]]) {
    it(`says what it is and what to do first: hintd ${args.join(" ")}`, () => {
      const { code, out, err } = hintd(...args);
      expect(code).toBe(2);
      expect(out).toContain("  hintd init ");
      expect(out).toContain("  hintd import-asterisk DIRECTORY ");
      expect(err).toBe(`hintd: Cannot read ${args[2] ?? "config.toml"}: there is no such file\n`);
    });
  }
});

describe("init", () => {
  it("writes a configuration that passes check, with the page's password shown once", async () => {
    const { code, out, err } = hintd("init");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const text = readFileSync(join(directory, "config.toml"), "utf8");
    const loaded = await loadConfig(text, "config.toml", hintChecks);
    if ("errors" in loaded) throw new Error(loaded.errors.map((error) => error.text).join("\n"));
    expect(await loaded.warnings()).toEqual([]);
    const { http, endpoints } = loaded.config;
    const password = /^password {2}(\S+) {3}\(shown only now\)$/m.exec(out)![1]!;
    expect(password).toMatch(/^[0-9a-v]{4}(-[0-9a-v]{4}){3}$/);
    expect(http.bind).toBe("0.0.0.0:8080");
    expect(await Bun.password.verify(password, http.password_hash)).toBe(true);
    expect(text).not.toContain(password);
    const passwords = Object.values(endpoints).map((endpoint) => endpoint.auth!.password!);
    expect(new Set(passwords).size).toBe(3);
    for (const each of passwords) {
      expect(each).toMatch(/^[0-9a-v]{20}$/);
      expect(out).not.toContain(each);
    }
    expect(statSync(join(directory, "config.toml")).mode & 0o777).toBe(0o600);
    expect(hintd("check")).toMatchObject({ code: 0, out: "config.toml is right\n" });
  });

  it("keeps the page to this machine with --local", async () => {
    const { code, out } = hintd("init", "--local", "-c", "office.toml");
    expect(code).toBe(0);
    expect(out).not.toContain("password  ");
    expect(out).toContain("hintd run -c office.toml");
    const loaded = await loadConfig(readFileSync(join(directory, "office.toml"), "utf8"), "office.toml", hintChecks);
    expect(loaded).toMatchObject({ config: { http: { bind: "127.0.0.1:8080", password_hash: "" } } });
    expect(await loaded.warnings()).toEqual([]);
  });

  it("never overwrites a file", () => {
    writeFileSync(join(directory, "config.toml"), "mine");
    expect(hintd("init")).toEqual({
      code: 1,
      out: "",
      err: "hintd: config.toml is there already; name another file with -c\n",
    });
    expect(readFileSync(join(directory, "config.toml"), "utf8")).toBe("mine");
  });

  it("names a directory that is not there in one line", () => {
    const { code, err } = hintd("init", "-c", "nowhere/config.toml");
    expect(code).toBe(1);
    expect(err).toMatch(/^hintd: Cannot write nowhere\/config\.toml: .*\n$/);
  });

  it("makes other passwords each time", () => {
    const make = () => initialConfig(systemEntropy, { bind: "127.0.0.1:8080", passwordHash: "" });
    expect(make()).not.toBe(make());
    expect(make()).not.toContain("-demo");
    expect(readablePassword(systemEntropy)).not.toBe(readablePassword(systemEntropy));
  });
});
