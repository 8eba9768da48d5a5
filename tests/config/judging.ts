/** Judges configurations and says in lines what was said of them. */
import { hintChecks } from "../../lib/app.ts";
import { loadConfig, type Loaded } from "../../lib/config/load.ts";

/** What becomes of a text. */
export function judged(text: string): Promise<Loaded> {
  return loadConfig(text, "config.toml", hintChecks);
}

/** The errors of a text, `file:line:column: key: message` each. */
export async function errorsOf(text: string): Promise<string[]> {
  const loaded = await judged(text);
  return "errors" in loaded ? loaded.errors.map((error) => error.text) : [];
}

/** The warnings of a text. */
export async function warningsOf(text: string): Promise<string[]> {
  return (await (await judged(text)).warnings()).map((warning) => warning.text);
}
