/**
 * Owns the command table and its reading by commander.
 */
import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { build } from "../runtime/version.ts";
import { servicePaths } from "./service_paths.ts";
import { printVersion } from "./version.ts";

/** Options every command may have been given. */
interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly context?: string;
  readonly token?: boolean;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly safeMode?: boolean;
  readonly output?: string;
  readonly local?: boolean;
  readonly root?: string;
  readonly dryRun?: boolean;
  readonly binary?: string;
  readonly bundle?: string | boolean;
}

/** One command: how it is called and who does it. */
interface CommandRow {
  /** Words and arguments: `devstate set <device> <state>`. */
  readonly usage: string;
  readonly summary: string;
  /** Options beyond those of its kind, as commander writes them. */
  readonly options?: readonly (readonly [flags: string, text: string])[];
  /** Whether it reads config.toml, to run on it or to find the running hintd. */
  readonly needsConfig: boolean;
  /** Whether it has nothing to do with a hintd that runs as a service: its config.toml is the one at hand. */
  readonly isOffline?: boolean;
  /** Whether it lists things that programs may want as JSON. */
  readonly hasJson: boolean;
  /** Does it and resolves to the exit code. */
  readonly run: (options: Options, ...args: string[]) => Promise<number>;
}

/** Where `hintd service` does its work. */
const serviceOptions = [
  ["--root <directory>", "write below this directory and leave systemd alone"],
  ["--dry-run", "only say what would be done"],
] as const;

/** Every command, in the order of the help. */
const commands: readonly CommandRow[] = [
  {
    usage: "run",
    summary: "serve phones until told to stop (the default)",
    options: [
      ["--log-level <level>", "debug, info, warn or error"],
      ["--log-format <format>", "text or json"],
      ["--safe-mode", "with a wrong configuration, show its mistakes on the page until it is mended"],
    ],
    needsConfig: true,
    isOffline: true,
    hasJson: false,
    run: async (options) => (await import("./run.ts")).run(options),
  },
  {
    usage: "check",
    summary: "check the configuration and list everything wrong with it",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./check.ts")).check(options),
  },
  {
    usage: "status",
    summary: "show how hintd is doing, problems included",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./listings.ts")).status(options),
  },
  {
    usage: "hints",
    summary: "list the lamps of all hints",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./listings.ts")).hints(options),
  },
  {
    usage: "subscriptions",
    summary: "list who watches what, and what became of the last NOTIFY",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./listings.ts")).subscriptions(options),
  },
  {
    usage: "phones",
    summary: "list what hintd does for which phone, by User-Agent",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./phones.ts")).phones(options),
  },
  {
    usage: "explain <exten>",
    summary: "say why a lamp is as it is",
    options: [["-x, --context <context>", "context of the extension"]],
    needsConfig: true,
    hasJson: true,
    run: async (options, exten) => (await import("./listings.ts")).explain(options, exten!),
  },
  {
    usage: "devstate list",
    summary: "list the states of devices",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./states.ts")).listDevices(options),
  },
  {
    usage: "devstate set <device> <state>",
    summary: "set a Custom: device",
    needsConfig: true,
    hasJson: false,
    run: async (options, device, state) => (await import("./states.ts")).setDevice(options, device!, state!),
  },
  {
    usage: "devstate unset <device>",
    summary: "forget a Custom: device",
    needsConfig: true,
    hasJson: false,
    run: async (options, device) => (await import("./states.ts")).unsetDevice(options, device!),
  },
  {
    usage: "presencestate list",
    summary: "list the states of presence providers",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./states.ts")).listProviders(options),
  },
  {
    usage: "presencestate set <provider> <state> [subtype] [message]",
    summary: "set a CustomPresence: provider",
    needsConfig: true,
    hasJson: false,
    run: async (options, provider, state, subtype, message) =>
      (await import("./states.ts")).setProvider(options, provider!, { state: state!, subtype, message }),
  },
  {
    usage: "presencestate unset <provider>",
    summary: "forget a CustomPresence: provider",
    needsConfig: true,
    hasJson: false,
    run: async (options, provider) => (await import("./states.ts")).unsetProvider(options, provider!),
  },
  {
    usage: "mailbox list",
    summary: "list the message counts of mailboxes",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./states.ts")).listMailboxes(options),
  },
  {
    usage: "mailbox set <mailbox> <new> [old] [new-urgent] [old-urgent]",
    summary: "set the message counts of a mailbox",
    needsConfig: true,
    hasJson: false,
    run: async (options, mailbox, ...counts) => (await import("./states.ts")).setMailbox(options, mailbox!, counts),
  },
  {
    usage: "mailbox unset <mailbox>",
    summary: "forget the message counts of a mailbox",
    needsConfig: true,
    hasJson: false,
    run: async (options, mailbox) => (await import("./states.ts")).unsetMailbox(options, mailbox!),
  },
  {
    usage: "reload",
    summary: "apply a changed configuration without restart",
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./reload.ts")).reload(options),
  },
  {
    usage: "doctor",
    summary: "examine this machine for what makes lamps wrong",
    options: [["--bundle [file]", "pack what was found, without secrets, for whoever is asked for help"]],
    needsConfig: true,
    hasJson: true,
    run: async (options) => (await import("./doctor.ts")).doctor(options),
  },
  {
    usage: "init",
    summary: "write a config.toml to begin with, passwords included",
    options: [["--local", "keep the page to this machine, without a password"]],
    needsConfig: true,
    isOffline: true,
    hasJson: false,
    run: async (options) => (await import("./init.ts")).init(options),
  },
  {
    usage: "import-asterisk <directory>",
    summary: "make a config.toml from pjsip.conf and extensions.conf",
    options: [["-o, --output <file>", "file to write (default: config.toml), - for the terminal"]],
    needsConfig: false,
    hasJson: false,
    run: async ({ output = "config.toml" }, directory) =>
      (await import("./import_asterisk.ts")).importAsteriskCommand({ output }, directory!),
  },
  {
    usage: "hash-password",
    summary: "turn a password into http.password_hash",
    options: [["--token", "make a bearer token and its hash instead"]],
    needsConfig: false,
    hasJson: false,
    run: async (options) => (await import("./hash_password.ts")).hashPasswordCommand(options),
  },
  {
    usage: "schema",
    summary: "print the JSON Schema of config.toml, by which editors complete it",
    needsConfig: false,
    hasJson: false,
    run: async () => (await import("./schema.ts")).printSchema(),
  },
  {
    usage: "service install",
    summary: "have systemd run hintd; again after an upgrade",
    options: [...serviceOptions, ["--binary <file>", "binary to install (default: this one)"]],
    needsConfig: true,
    isOffline: true,
    hasJson: false,
    run: async (options) => (await import("./service.ts")).installService(options),
  },
  {
    usage: "service status",
    summary: "say what is installed and whether it runs",
    options: [serviceOptions[0]],
    needsConfig: false,
    hasJson: false,
    run: async (options) => (await import("./service.ts")).serviceStatus(options),
  },
  {
    usage: "service uninstall",
    summary: "stop the service and take its unit away",
    options: serviceOptions,
    needsConfig: false,
    hasJson: false,
    run: async (options) => (await import("./service.ts")).uninstallService(options),
  },
  {
    usage: "version",
    summary: "print version, commit and date",
    needsConfig: false,
    hasJson: false,
    run: () => Promise.resolve(printVersion()),
  },
];

/** How every command is called: `devstate set <device> <state>`. */
export const usages: readonly string[] = commands.map(({ usage }) => usage);

/** What the groups of commands are about. */
const groups: Readonly<Record<string, string>> = {
  devstate: "list, set and unset the states of devices",
  mailbox: "list, set and unset the message counts of mailboxes",
  presencestate: "list, set and unset the states of presence providers",
  service: "install hintd as a service of systemd, ask about it, uninstall it",
};

/** Reads `args` by the table and runs the command; resolves to its exit code, 2 for wrong usage. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command("hintd")
    .description("SIP presence and busy-lamp fields for a small office")
    .version(build.version)
    .helpCommand(false)
    .showHelpAfterError("(hintd --help lists the commands)")
    .exitOverride();
  for (const row of commands) {
    const command = commandAt(program, row.usage).description(row.summary).helpOption("-h, --help", "show this");
    if (row.needsConfig) command.option("-c, --config <file>", "configuration file", configAtHand(row));
    if (row.hasJson) command.option("--json", "print JSON");
    for (const [flags, text] of row.options ?? []) command.option(flags, text);
    command.action(async () => {
      exitCode = await row.run(command.opts<Options>(), ...command.args);
    });
  }
  try {
    await program.parseAsync(isRunImplied(args) ? ["run", ...args] : [...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/** The config.toml of the directory; that of the service where there is none and a running hintd is meant. */
function configAtHand({ isOffline = false }: CommandRow): string {
  const isElsewhere = !isOffline && !existsSync("config.toml") && existsSync(servicePaths.config);
  return isElsewhere ? servicePaths.config : "config.toml";
}

/** `hintd -c FILE --log-level debug` means run. */
function isRunImplied(args: readonly string[]): boolean {
  return args[0] !== undefined && args[0].startsWith("-") && !["-h", "--help", "-V", "--version"].includes(args[0]);
}

/** The command at the end of `usage`, groups such as `devstate` made on the way. */
function commandAt(program: Command, usage: string): Command {
  const words = usage.split(" ");
  const firstArgument = words.findIndex((word) => /^[<[]/.test(word));
  const names = firstArgument < 0 ? words : words.slice(0, firstArgument);
  let parent = program;
  for (const name of names.slice(0, -1)) {
    parent = parent.commands.find((one) => one.name() === name) ??
      parent.command(name).description(groups[name] ?? "").helpCommand(false);
  }
  const command = parent.command(names.at(-1)!);
  if (firstArgument >= 0) command.arguments(words.slice(firstArgument).join(" "));
  return command;
}
