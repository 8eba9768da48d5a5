/** hintd as a service of systemd, below another root: what is written, and what systemd thinks of it. */
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { servicePaths } from "../../lib/cli/service_paths.ts";
import { unitText, withServiceData } from "../../lib/cli/service_unit.ts";

const main = join(import.meta.dir, "../../main.ts");
let directory: string;
let root: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hintd-service-"));
  root = join(directory, "root");
  mkdirSync(root);
  writeFileSync(
    join(directory, "config.toml"),
    '[server]\nrealm = "hintd"\n\n[[listen]]\ntransport = "udp"\nbind = "0.0.0.0:5060"\n',
  );
  writeFileSync(join(directory, "binary"), "#!/bin/sh\n");
});

afterEach(() => rmSync(directory, { recursive: true }));

function hintd(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, main, ...args], { cwd: directory });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

function install(...args: string[]) {
  return hintd("service", "install", "--root", root, "--binary", "binary", ...args);
}

function installed(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

describe("service install", () => {
  it("puts binary, configuration, user and unit in place", () => {
    const { code, err } = install();
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(installed(servicePaths.unit)).toBe(unitText({ hasLowPort: false }));
    expect(installed(servicePaths.user)).toContain("\nu hintd - ");
    expect(installed(servicePaths.config)).toContain(`[server]\ndata_dir = "${servicePaths.data}"\nrealm = "hintd"\n`);
    expect(statSync(join(root, servicePaths.config)).mode & 0o777).toBe(0o640);
    expect(statSync(join(root, servicePaths.binary)).mode & 0o777).toBe(0o755);
    expect(hintd("service", "status", "--root", root)).toMatchObject({ code: 0 });
  });

  it("replaces binary and unit on an upgrade and keeps the configuration", () => {
    install();
    const config = installed(servicePaths.config).replace('"hintd"', '"office"');
    writeFileSync(join(root, servicePaths.config), config);
    writeFileSync(join(root, servicePaths.unit), "former");
    writeFileSync(join(directory, "binary"), "newer");
    expect(hintd("service", "status", "--root", root).out).toContain(
      "the unit is not the one that this hintd installs",
    );
    const { code, out } = install();
    expect(code).toBe(0);
    expect(out).toContain(`${servicePaths.config} was there and stays as it is.`);
    expect(installed(servicePaths.config)).toBe(config);
    expect(installed(servicePaths.binary)).toBe("newer");
    expect(installed(servicePaths.unit)).toBe(unitText({ hasLowPort: false }));
  });

  it("asks for the right to low ports only when the configuration has some", () => {
    writeFileSync(join(directory, "config.toml"), '[http]\nbind = "127.0.0.1:80"\n');
    expect(install().code).toBe(0);
    const unit = installed(servicePaths.unit);
    expect(unit).toContain("\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n");
    expect(unitText({ hasLowPort: false })).not.toContain("CAP_NET_BIND_SERVICE");
  });

  it("does nothing with --dry-run but show it", () => {
    const { code, out } = install("--dry-run");
    expect(code).toBe(0);
    expect(out).toContain("    RestartPreventExitStatus=2\n");
    expect(existsSync(join(root, "etc"))).toBe(false);
    const real = hintd("service", "install", "--dry-run", "--binary", "binary");
    expect(real.out).toContain(`\nsystemctl enable hintd\nsystemctl restart hintd\n`);
    expect(real.code).toBe(0);
  });

  it("refuses a broken configuration with 2 and every error, and writes nothing", () => {
    writeFileSync(join(directory, "config.toml"), "[server]\nrealmm = 1\nmax_expiry = 0\n");
    const { code, out, err } = install();
    expect(code).toBe(2);
    expect(out.trimEnd().split("\n").length).toBe(2);
    expect(err).toBe("hintd: config.toml has 2 errors; nothing was installed\n");
    expect(existsSync(join(root, "etc"))).toBe(false);
  });

  it("refuses an installed configuration whose data would be out of reach", () => {
    mkdirSync(dirname(join(root, servicePaths.config)), { recursive: true });
    writeFileSync(join(root, servicePaths.config), '[server]\ndata_dir = "/srv/hintd"\n');
    const { code, err } = install();
    expect(code).toBe(2);
    expect(err).toContain('server.data_dir is "/srv/hintd"; the service can write "/var/lib/hintd" only');
  });

  it("says in one line what is missing", () => {
    rmSync(join(directory, "config.toml"));
    expect(install()).toMatchObject({ code: 2, err: "hintd: Cannot read config.toml: there is no such file\n" });
    expect(hintd("service", "install", "--root", root)).toMatchObject({ code: 1 });
    expect(hintd("service", "install", "--root", root, "--binary", "nothing")).toMatchObject({
      code: 1,
      err: "hintd: There is no nothing\n",
    });
    expect(hintd("service").code).toBe(2);
  });
});

describe("service uninstall", () => {
  it("takes the unit away and keeps configuration and data", () => {
    install();
    mkdirSync(join(root, servicePaths.data), { recursive: true });
    const { code, out } = hintd("service", "uninstall", "--root", root);
    expect(code).toBe(0);
    expect(out).toContain(`remove ${join(root, servicePaths.unit)}\n`);
    expect(existsSync(join(root, servicePaths.unit))).toBe(false);
    expect(existsSync(join(root, servicePaths.config))).toBe(true);
    expect(existsSync(join(root, servicePaths.data))).toBe(true);
    expect(hintd("service", "status", "--root", root)).toMatchObject({ code: 1 });
    expect(hintd("service", "uninstall", "--root", root).code).toBe(1);
  });
});

describe("the unit", () => {
  it("is the one that lies in build", () => {
    expect(readFileSync(join(import.meta.dir, "../../build/hintd.service"), "utf8")).toBe(
      unitText({ hasLowPort: false }),
    );
  });

  const systemdAnalyze = Bun.which("systemd-analyze");
  for (const hasLowPort of [true, false]) {
    it(`is one that systemd takes without complaint${hasLowPort ? ", low ports allowed" : ""}`, () => {
      if (systemdAnalyze === null) return;
      const unit = join(directory, "hintd.service");
      // Its binary is not on this machine.
      writeFileSync(unit, unitText({ hasLowPort }).replace(servicePaths.binary, "/bin/true"));
      const { exitCode, stderr } = Bun.spawnSync([systemdAnalyze, "verify", "--man=no", "--recursive-errors=no", unit]);
      const complaints = stderr.toString().split("\n").filter((line) => line.includes("hintd.service"));
      expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: [] });
    });
  }
});

describe("the configuration of a service has its data where the service may write", () => {
  const line = `data_dir = "${servicePaths.data}"`;
  const cases: [title: string, text: string, changed: string][] = [
    [
      "a line that is there",
      '[server]\nrealm = "a"\ndata_dir = "x" # y\n[http]\n',
      `[server]\nrealm = "a"\n${line}\n[http]\n`,
    ],
    ["a line in a comment", '[server]\n# data_dir = "data"\n', `[server]\n${line}\n`],
    ["no line", '[ server ] # s\nrealm = "a"\n', `[ server ] # s\n${line}\nrealm = "a"\n`],
    ["a head at the end", "[server]", `[server]\n${line}\n`],
    ["no section", '[http]\nbind = "[::1]:1"\n', `[http]\nbind = "[::1]:1"\n\n[server]\n${line}\n`],
    ["a line of another section", '[server]\n\n[x]\ndata_dir = "x"\n', `[server]\n${line}\n\n[x]\ndata_dir = "x"\n`],
  ];
  for (const [title, text, changed] of cases) it(title, () => expect(withServiceData(text)).toBe(changed));
});
