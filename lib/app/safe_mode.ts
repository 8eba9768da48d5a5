/**
 * Owns safe mode: what a hintd does that was started on a wrong configuration. The page shows the mistakes, every request is
 * asked to come back later, nothing that is stored is touched, and the mended file starts it for good.
 */
import type { ConfigProblem } from "../config/load.ts";
import type { Reject } from "../runtime/result.ts";
import type { Problems } from "./problems.ts";

/** What keeps hintd in safe mode. */
export interface SafeMode {
  /** At least one. */
  readonly mistakes: readonly ConfigProblem[];
  /** Told when the configuration is right. */
  mended(): void;
}

/** What every request gets. Source: RFC 3261 §21.5.4. */
export const safeModeRefusal: Reject = {
  status: 503,
  headers: [["Retry-After", "30"]],
  why: "safe mode, because the configuration is wrong",
};

/** What /healthz says, and who wants to store something. */
export const safeModeReason = "hintd is in safe mode, because its configuration is wrong";

/** Has the page show the mistakes of a configuration, in their order. */
export function reportMistakes(problems: Problems, configFile: string, mistakes: readonly ConfigProblem[]): void {
  problems.clear("config");
  // The newest stands first.
  for (const { key, message, file, line, column } of mistakes.toReversed()) {
    problems.report({
      severity: "error",
      area: "config",
      message: key === "" ? message : `${key}: ${message}`,
      where: `${file}:${line}:${column}`,
    });
  }
  problems.report({
    severity: "error",
    area: "config",
    message: `Safe mode: no phone is served, because of ${
      mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`
    } in the configuration`,
    remedy: "Mend the file; hintd sees it and starts by itself. Phones are told to try again every 30 seconds",
    where: configFile,
  });
}
