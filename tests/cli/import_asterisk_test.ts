/** `hintd import-asterisk` as a process, on directories of the disk. */
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dir, "../../main.ts");
const fixtures = join(import.meta.dir, "../fixtures/asterisk");
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "hintd-import-"));
  mkdirSync(join(directory, "asterisk"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function hintd(...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, main, ...args], { cwd: directory });
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

function file(name: string, text: string | Uint8Array): void {
  writeFileSync(join(directory, "asterisk", name), text);
}

describe("import-asterisk", () => {
  for (const name of ["office", "freepbx"]) {
    it(`makes a config.toml from ${name} that passes check`, () => {
      const imported = hintd("import-asterisk", join(fixtures, name));
      expect(imported.code).toBe(0);
      expect(imported.out).toMatch(/^config\.toml: \d endpoints, \d+ hints, \d lists?\n/);
      expect(hintd("check")).toMatchObject({ code: 0, err: "" });
      expect(statSync(join(directory, "config.toml")).mode & 0o777).toBe(0o600);
    });
  }

  it("never overwrites a file", () => {
    file("pjsip.conf", "");
    writeFileSync(join(directory, "mine.toml"), "mine");
    const { code, err } = hintd("import-asterisk", "asterisk", "-o", "mine.toml");
    expect({ code, err }).toEqual({
      code: 1,
      err: "hintd: mine.toml is there already; name another file with -o\n",
    });
    expect(readFileSync(join(directory, "mine.toml"), "utf8")).toBe("mine");
  });

  it("prints the configuration with -o -, and nothing else there", () => {
    file("extensions.conf", "[c]\nexten => 1,hint,Custom:a\nexten => 2,hint,PJSIP/nobody");
    const { code, out, err } = hintd("import-asterisk", "asterisk", "-o", "-");
    expect(code).toBe(0);
    expect(out).toStartWith("# hintd configuration, made by `hintd import-asterisk` from asterisk.\n");
    expect(Bun.TOML.parse(out)).toMatchObject({ contexts: { c: { hints: { "1": "Custom:a" } } } });
    expect(err).toContain("asterisk: 0 endpoints, 2 hints, 0 lists\n");
    expect(err).toContain('there is no endpoint "nobody"');
  });

  it("lists every error with file and line, and writes nothing", () => {
    file("pjsip.conf", "[a\n");
    file("extensions.conf", "[c]\n#include gone.conf\n#exec ls\n");
    const { code, out, err } = hintd("import-asterisk", "asterisk");
    expect(code).toBe(1);
    expect(out.trimEnd().split("\n")).toEqual([
      'pjsip.conf:1: "[a" has no "]"',
      'extensions.conf:2: there is no file "gone.conf"',
      "extensions.conf:3: #exec is not run: put what the program prints into a file and include that",
    ]);
    expect(err).toBe("hintd: asterisk has 3 errors; nothing was written\n");
    expect(statSync(join(directory, "config.toml"), { throwIfNoEntry: false })).toBeUndefined();
  });

  it("finds included files below the directory, by globs, and those of /etc/asterisk beside the copy", () => {
    mkdirSync(join(directory, "asterisk/more"));
    file("extensions.conf", "[c]\n#include more/*.conf\n#include /etc/asterisk/one.conf\n");
    file("one.conf", "exten => 1,hint,Custom:a");
    file("more/b.conf", "exten => 3,hint,Custom:c");
    file("more/a.conf", "exten => 2,hint,Custom:b");
    const { code, out } = hintd("import-asterisk", "asterisk", "-o", "-");
    expect(code).toBe(0);
    expect(out).toContain('2 = "Custom:b"\n3 = "Custom:c"\n1 = "Custom:a"\n');
  });

  it("names an include that cannot be read, or leads around in a circle", () => {
    file("extensions.conf", "[c]\n#include directory.conf\n#include link.conf\n");
    mkdirSync(join(directory, "asterisk/directory.conf"));
    symlinkSync("link.conf", join(directory, "asterisk/link.conf"));
    file("pjsip.conf", "#include a.conf");
    file("a.conf", "\n#include pjsip.conf");
    const { code, out } = hintd("import-asterisk", "asterisk");
    expect(code).toBe(1);
    const [circle, unreadable, link] = out.split("\n");
    expect(circle).toBe("a.conf:2: includes itself: pjsip.conf → a.conf → pjsip.conf");
    expect(unreadable).toBe('extensions.conf:2: "directory.conf" cannot be read: it is not a file');
    expect(link).toStartWith("extensions.conf:3: ");
  });

  it("reads files of older editors", () => {
    file("extensions.conf", Buffer.from("[c]\nexten => 1,hint,Custom:a(J\u00f6rg)", "latin1"));
    expect(hintd("import-asterisk", "asterisk", "-o", "-").out).toContain('1 = "Custom:a(Jörg)"');
  });

  it("takes ten megabytes", () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => {
      const exten = 10_000 + i;
      return `exten => ${exten},1,Dial(PJSIP/${exten},20)\n same => n,VoiceMail(${exten}@default,u)\n${
        " ".repeat(170)
      }\n` +
        ` same => hint,Custom:${exten}\n`;
    });
    const text = `[c]\n${lines.join("")}`;
    expect(text.length).toBeGreaterThan(10_000_000);
    file("extensions.conf", text);
    const { code, out } = hintd("import-asterisk", "asterisk");
    expect({ code, out }).toEqual({ code: 0, out: "config.toml: 0 endpoints, 40000 hints, 0 lists\n" });
  }, 30_000);

  it("refuses more than it can hold", () => {
    file("pjsip.conf", "; much\n".repeat(6_000_000));
    const { code, out } = hintd("import-asterisk", "asterisk");
    expect(code).toBe(1);
    expect(out).toBe(
      'pjsip.conf: "pjsip.conf" cannot be read: it has 42000000 bytes; 33554432 are left of what is read\n',
    );
  });

  it("says when there is no directory, and nothing to read in it", () => {
    expect(hintd("import-asterisk", "nowhere")).toMatchObject({
      code: 1,
      err: "hintd: There is no directory nowhere\n",
    });
    expect(hintd("import-asterisk", "asterisk")).toMatchObject({
      code: 1,
      out: "asterisk: there is neither pjsip.conf nor extensions.conf\n",
    });
    expect(hintd("import-asterisk").code).toBe(2);
  });
});
