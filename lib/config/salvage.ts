/**
 * Owns what can be had of a configuration that is wrong: enough to show its mistakes to somebody.
 */
import { parse, TomlError } from "smol-toml";
import type { Config } from "./config.ts";
import { isTable, type Table } from "./findings.ts";
import { judge } from "./load.ts";
import { splitBind } from "./options.ts";
import { Suggestions } from "./suggestions.ts";

/** Lines that are given up before everything is. */
const linesMax = 200;

/** Where the page is shown if nothing else can be had. */
const usualPort = 8080;

/** Where phones look if nothing else can be had. */
const usualListeners = ["udp", "tcp"].map((transport) => ({ transport, bind: "0.0.0.0:5060" }));

/** The tables that say where hintd is reached and how it speaks; phones and extensions are not among them. */
const kept = ["server", "http", "listen", "log"];

/**
 * Takes from the text of a wrong configuration what says where hintd is reached, and leaves out all else: lines that cannot be
 * read, options that are refused, endpoints and hints. A page without a password is kept from the network.
 */
export function salvageConfig(text: string): Config {
  const read = Object.entries(readable(text)).filter(([name]) => kept.includes(name));
  const config = judge(Object.fromEntries(read), [], new Suggestions()) ?? judge({}, [], new Suggestions());
  if (config === undefined) throw new Error("An empty configuration is refused");
  const listen = config.listen.length > 0
    ? config.listen
    : judge({ listen: usualListeners }, [], new Suggestions())!.listen;
  return { ...config, listen, http: { ...config.http, ...privately(config.http) } };
}

/** The tables of a text without the lines that stand in the way. */
export function readable(text: string): Table {
  const lines = text.split("\n");
  for (let given = 0; given < linesMax; given++) {
    try {
      const values = parse(lines.join("\n"));
      return isTable(values) ? values : {};
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const at = Math.min(error.line, lines.length) - 1;
      // A text that is never closed is told of where it ends.
      if (lines[at] === "") lines.pop();
      else lines[at] = "";
    }
  }
  return {};
}

/** Without a password, the page is for this machine alone. */
function privately({ bind, password_hash }: Config["http"]): { readonly bind: string } {
  if (password_hash !== "") return { bind };
  return { bind: `127.0.0.1:${splitBind(bind)?.port ?? usualPort}` };
}
