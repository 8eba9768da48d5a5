/**
 * Owns `hintd phones`: what hintd does for which phone, in the order in which it looks.
 */
import { hintChecks } from "../app.ts";
import { type PhoneRow, phoneRows } from "../app/phones.ts";
import { loadConfig } from "../config/load.ts";
import { readConfigText } from "./client.ts";
import { CliError } from "./errors.ts";
import type { ShowOptions } from "./listings.ts";
import { printJson, printTable } from "./terminal.ts";

/** Lists the rows; 2 when the configuration has errors. */
export async function phones(options: ShowOptions): Promise<number> {
  const loaded = await loadConfig(readConfigText(options.config), options.config, hintChecks);
  if ("errors" in loaded) throw new CliError(2, `${options.config} has errors: hintd check names them`);
  const rows = phoneRows(loaded.config);
  if (options.json) {
    printJson({ items: rows });
    return 0;
  }
  const said = ({ options }: PhoneRow) =>
    Object.entries(options).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ");
  printTable(
    rows,
    [
      { head: "USER-AGENT", value: (row) => row.user_agent },
      { head: "GETS", value: said },
      { head: "BY", value: (row) => row.from },
      { head: "BECAUSE OTHERWISE IT", value: (row) => row.why },
    ],
    "Every phone gets the same",
  );
  return 0;
}
