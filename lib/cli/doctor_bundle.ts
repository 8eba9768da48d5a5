/**
 * Owns the bundle of `hintd doctor`: where its contents come from, and where it goes.
 */
import { chownSync, readFileSync } from "node:fs";
import { arch, cpus, freemem, loadavg, release, totalmem, type, uptime } from "node:os";
import { maskConfig, type Masked, secretsIn } from "../config/masking.ts";
import { bundle, bundleNotice, listingFor } from "../doctor/bundle.ts";
import { scrubber } from "../doctor/redaction.ts";
import { reportLines } from "../doctor/report.ts";
import type { EndpointRow, HintRow } from "../http/controls.ts";
import { limits } from "../runtime/limits.ts";
import { build } from "../runtime/version.ts";
import type { ControlClient } from "./client.ts";
import type { Examination } from "./doctor.ts";
import { CliError } from "./errors.ts";
import { writeNew } from "./files.ts";

/** The listings of the API that go into the bundle, by the names of their files. */
const listings: Readonly<Record<string, string>> = {
  problems: "/problems",
  hints: "/hints",
  endpoints: "/endpoints",
  subscriptions: "/subscriptions",
  "device-states": "/device-states",
  "presence-states": "/presence-states",
  mailboxes: "/mailboxes",
  publications: "/publications",
  "outbound-publications": "/outbound-publications",
  lists: "/lists",
  messages: `/messages?limit=${limits.listedMessageCount}`,
};

/** Writes the bundle. Throws CliError 1 where there is a file already, or none can be written. */
export async function writeBundle(file: string, name: string, examination: Examination): Promise<void> {
  const { findings, configText, client } = examination;
  const { text, secrets } = maskedConfig(configText);
  const told = client === undefined ? {} : await toldBy(client);
  const contents = {
    "report.txt": [...reportLines(findings), "", ...bundleNotice, ""].join("\n"),
    "report.json": { items: findings },
    "config.toml": text,
    "version.json": build,
    "machine.json": machineFacts(),
    ...told,
  };
  writeNew(file, await bundle(name, contents, scrubber(secrets, namesIn(told))));
  giveToCaller(file);
}

/** What the running hintd tells; of what it does not, why. */
async function toldBy(client: ControlClient): Promise<Record<string, unknown>> {
  const ask = async (path: string, clean: (answer: unknown) => unknown): Promise<unknown> => {
    try {
      return clean(await client.call("GET", path));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return { missing: error.message };
    }
  };
  const files = await Promise.all([
    ask("/status", (status) => status).then((status) => ["status.json", status]),
    ...Object.entries(listings).map(async ([name, path]) => [
      `${name}.json`,
      await ask(path, (answer) => ({ items: listingFor(name, (answer as { items: unknown[] }).items) })),
    ]),
  ]);
  return Object.fromEntries(files);
}

function maskedConfig(text: string | undefined): Masked {
  if (text === undefined) return { text: "# It cannot be read.\n", secrets: [] };
  try {
    return maskConfig(text);
  } catch {
    const why =
      "# It is no TOML (see report.txt): what is secret in it cannot be told for certain, so it is left out.\n";
    return { text: why, secrets: secretsIn(text) };
  }
}

/** Names and numbers that stay readable even where they are passwords, too. */
function namesIn(told: Readonly<Record<string, unknown>>): string[] {
  const items = (file: string) => (told[file] as { items?: readonly unknown[] } | undefined)?.items ?? [];
  return [
    ...(items("endpoints.json") as EndpointRow[]).map(({ name }) => name),
    ...(items("hints.json") as HintRow[]).map(({ exten }) => exten),
  ];
}

function machineFacts(): Record<string, unknown> {
  return {
    system: `${type()} ${release()} ${arch()}`,
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf("/etc/os-release"))?.[1] ?? "unknown",
    up_seconds: Math.round(uptime()),
    processor_count: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    load: loadavg(),
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Who asked by sudo is to read, and send, what was written for them. */
function giveToCaller(file: string): void {
  const { SUDO_UID, SUDO_GID } = process.env;
  if (process.getuid?.() === 0 && SUDO_UID !== undefined && SUDO_GID !== undefined) {
    chownSync(file, Number(SUDO_UID), Number(SUDO_GID));
  }
}
