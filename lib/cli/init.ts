/**
 * Owns `hintd init`: the first config.toml, and the password of its page, shown once.
 */
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { hashPassword } from "../http/passwords.ts";
import { systemEntropy } from "../runtime/entropy.ts";
import { CliError } from "./errors.ts";
import { writeNew } from "./files.ts";
import { initialConfig, PAGE_PORT, readablePassword } from "./initial_config.ts";
import { print } from "./terminal.ts";

/** Options of `hintd init`. */
export interface InitOptions {
  /** File to write. */
  readonly config: string;
  /** The page is for this machine only, without a password. */
  readonly local?: boolean;
}

/** Writes a configuration to begin with. Never overwrites a file. */
export async function init({ config, local = false }: InitOptions): Promise<number> {
  if (existsSync(config)) throw new CliError(1, `${config} is there already; name another file with -c`);
  const password = local ? "" : readablePassword(systemEntropy);
  const page = local
    ? { bind: `127.0.0.1:${PAGE_PORT}`, passwordHash: "" }
    : { bind: `0.0.0.0:${PAGE_PORT}`, passwordHash: await hashPassword(password) };
  writeNew(config, initialConfig(systemEntropy, page));
  print(`${config} is written. Only you can read it: it holds the passwords of the phones.`);
  print("");
  print(`page      http://${local ? "127.0.0.1" : ownAddress()}:${PAGE_PORT}/`);
  if (!local) print(`password  ${password}   (shown only now)`);
  print("");
  const option = config === "config.toml" ? "" : ` -c ${config}`;
  print("Next: put your phones and extensions there, then");
  print(`  hintd check${option}                  says what is wrong with it`);
  print(`  hintd run${option}                    serves`);
  print(`  sudo hintd service install${option}   has systemd start it with the machine`);
  return 0;
}

/** An address by which others reach this machine. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
