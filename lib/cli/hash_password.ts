/**
 * Owns `hintd hash-password`: from a password that nobody sees typed to the line for config.toml.
 */
import { hashPassword, makeToken } from "../http/passwords.ts";
import { systemEntropy } from "../runtime/entropy.ts";
import { CliError } from "./errors.ts";
import { print } from "./terminal.ts";

const CONTROL_C = "\u0003";
const CONTROL_D = "\u0004";
const BACKSPACES = ["\u007f", "\b"];

/** Prints the hash of a password asked for twice on a terminal, or read as the first line of a pipe. */
export async function hashPasswordCommand(options: { readonly token?: boolean }): Promise<number> {
  if (options.token) {
    const { token, hash } = makeToken(systemEntropy);
    print(`token  ${token}`);
    print(`hash   ${hash}`);
    return 0;
  }
  const password = process.stdin.isTTY ? await askTwice() : await readLine();
  if (password === "") throw new CliError(1, "An empty password protects nothing");
  print(await hashPassword(password));
  return 0;
}

async function askTwice(): Promise<string> {
  const first = await ask("Password: ");
  if (await ask("Once more: ") !== first) throw new CliError(1, "The two are not the same");
  return first;
}

/** Asks on the terminal without showing what is typed. */
function ask(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed = "";
    const finish = () => {
      stdin.off("data", receive);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    };
    const receive = (chunk: string) => {
      for (const character of chunk) {
        if (character === "\r" || character === "\n" || character === CONTROL_D) {
          finish();
          return resolve(typed);
        }
        if (character === CONTROL_C) {
          finish();
          return reject(new CliError(1, "Interrupted"));
        }
        typed = BACKSPACES.includes(character) ? [...typed].slice(0, -1).join("") : typed + character;
      }
    };
    stdin.on("data", receive);
  });
}

async function readLine(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text.split(/\r?\n/, 1)[0] ?? "";
}
