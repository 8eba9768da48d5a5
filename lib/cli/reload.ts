/**
 * Owns `hintd reload`.
 */
import type { ReloadReport } from "../http/controls.ts";
import { ControlClient, Refusal } from "./client.ts";
import type { ShowOptions } from "./listings.ts";
import { fail, print, printJson } from "./terminal.ts";

/** Has the running hintd read its configuration again; 2 when that has errors, which are all listed. */
export async function reload(options: ShowOptions): Promise<number> {
  try {
    const report = await new ControlClient(options.config).call<ReloadReport>("POST", "/reload");
    if (options.json) {
      printJson(report);
      return 0;
    }
    for (const warning of report.warnings) print(`warning: ${warning}`);
    print(report.changes.length === 0 ? "Nothing changed" : report.changes.join(", "));
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.errors === undefined) throw error;
    if (options.json) printJson(error.problem);
    else for (const { detail } of error.problem.errors) print(detail);
    fail(error.message);
    return 2;
  }
}
