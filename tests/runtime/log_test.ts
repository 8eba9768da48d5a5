import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { createLog, type LogLevel, type LogSettings, silentLog } from "../../lib/runtime/log.ts";

/** What a log of these options writes. */
function written(options: Partial<LogSettings> = {}) {
  const lines: string[] = [];
  return { lines, log: createLog({ ...options, write: (line) => lines.push(line) }) };
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

describe("a line for people", () => {
  test("has instant, level, area, sentence and fields, quoted where they need it", () => {
    const { lines, log } = written();
    log.info("sip", "A phone registered", { endpoint: "alice", agent: 'Snom "D735" 10.1', contacts: 2, isNew: true });
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(INSTANT);
    expect(lines[0]!.replace(INSTANT, "")).toBe(
      'info  sip: A phone registered endpoint=alice agent="Snom \\"D735\\" 10.1" contacts=2 isNew=true\n',
    );
  });

  test("stays one line whatever others sent", () => {
    const { lines, log } = written();
    log.warn("sip", "Forged\nline", { agent: "a\r\n2026-01-01 error app: forged", colour: "\u001b[31m\u009b1m\u2028" });
    expect(lines[0]!.replace(INSTANT, "")).toBe(
      'warn  sip: Forged\\u000aline agent="a\\r\\n2026-01-01 error app: forged" ' +
        'colour="\\u001b[31m\\u009b1m\\u2028"\n',
    );
  });

  test("leaves out what is undefined", () => {
    const { lines, log } = written();
    log.error("store", "Full", { path: undefined });
    expect(lines[0]!.replace(INSTANT, "")).toBe("error store: Full\n");
  });
});

test("a field is cut at its bound", () => {
  const { lines, log } = written({ format: "json" });
  log.warn("auth", "Refused", { transaction: "z".repeat(70_000), source: "192.0.2.1" });
  const { transaction, source } = JSON.parse(lines[0]!);
  expect([transaction.length, source]).toEqual([limits.logFieldChars + 1, "192.0.2.1"]);
});

test("a line for machines is one object of JSON", () => {
  const { lines, log } = written({ format: "json" });
  log.warn("sip", 'Unknown "method"', { method: "FOO", count: 3 });
  const { time, ...rest } = JSON.parse(lines[0]!);
  expect(new Date(time).toISOString()).toBe(time);
  expect(rest).toEqual({ level: "warn", area: "sip", msg: 'Unknown "method"', method: "FOO", count: 3 });
});

test("each level keeps back what is chattier", () => {
  const levels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];
  for (const [i, level] of levels.entries()) {
    const { lines, log } = written({ level });
    for (const each of ["debug", "info", "warn", "error"] as const) log[each]("area", each);
    expect(lines.map((line) => line.trim().split(" ").at(-1)!)).toEqual(levels.slice(i, 4));
  }
  const { lines, log } = written();
  log.debug("area", "hidden unless asked for");
  expect(lines).toEqual([]);
  for (const each of ["debug", "info", "warn", "error"] as const) silentLog[each]("area", "unheard");
});

test("an area may have a level of its own, and all may change while it runs", () => {
  const { lines, log } = written({ level: "warn", areas: { uas: "debug", auth: "error" } });
  const sayAll = () => {
    for (const area of ["uas", "auth", "event"]) {
      log.debug(area, "debug");
      log.warn(area, "warn");
    }
  };
  const said = () => lines.splice(0).map((line) => line.trim().split(" ").slice(-2).join(" "));
  sayAll();
  expect(said()).toEqual(["uas: debug", "uas: warn", "event: warn"]);
  expect(["uas", "auth", "event"].map((area) => log.isDebugging(area))).toEqual([true, false, false]);
  log.adjust({ level: "debug", format: "json", areas: { uas: "error" } });
  sayAll();
  expect(lines.map((line) => JSON.parse(line)).map(({ area, msg }) => `${area}: ${msg}`)).toEqual([
    "auth: debug",
    "auth: warn",
    "event: debug",
    "event: warn",
  ]);
});
