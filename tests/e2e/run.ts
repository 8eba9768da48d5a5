/**
 * Runs the end-to-end tests: every `*_e2e.ts` under `tests`, against the compiled binary of this machine.
 *
 * They need sipp, baresip, linphonec, Kamailio, xmllint, tshark and Chromium, which is why `deno task test` leaves them out.
 * Run: `deno task e2e [PART OF A FILE NAME]`. `HINTD_BINARY` names another binary; empty means the source.
 */
import { root, testedBinary } from "./binary.ts";

const NEEDED = ["sipp", "baresip", "linphonec", "kamailio", "xmllint", "chromium", "tshark"];

/** Debian packages that they are in. */
const PACKAGES =
  "sip-tester baresip-core linphone-cli kamailio kamailio-presence-modules libxml2-utils chromium tshark";

const binary = testedBinary();
const missing = NEEDED.filter((name) => Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin` }) === null);

if (missing.length > 0) {
  process.stderr.write(`End-to-end tests need ${missing.join(", ")}. Debian: apt-get install ${PACKAGES}\n`);
  process.exit(1);
}

const part = process.argv[2] ?? "";
const files = [...new Bun.Glob("tests/**/*_e2e.ts").scanSync({ cwd: root })].filter((file) => file.includes(part))
  .sort();
const tests = Bun.spawn([process.execPath, "test", "--timeout", "20000", ...files.map((file) => `./${file}`)], {
  cwd: root,
  env: { ...process.env, HINTD_BINARY: binary },
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await tests.exited);
