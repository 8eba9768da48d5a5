import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { createLog, type LogFields } from "../../lib/runtime/log.ts";

/** A log whose minutes pass at will. */
function folding() {
  let now = 0;
  let ring: (() => void) | undefined;
  let ringAt = Infinity;
  const lines: string[] = [];
  const log = createLog({
    level: "debug",
    write: (line) => lines.push(line.replace(/^\S+ /, "").trimEnd()),
    folding: {
      clock: { now: () => now, wall: () => now },
      alarm: {
        set: (millis, call) => [ring, ringAt] = [call, now + millis],
        clear: () => [ring, ringAt] = [undefined, Infinity],
      },
    },
  });
  return {
    lines,
    log,
    pass(millis: number): void {
      const end = now + millis;
      while (ringAt <= end) {
        now = ringAt;
        ringAt = Infinity;
        ring!();
      }
      now = end;
    },
    isArmed: () => ringAt < Infinity,
  };
}

describe("lines that repeat themselves", () => {
  const fields: LogFields = { endpoint: "alice", status: 408 };

  test("are written once, counted, and told after a minute", () => {
    const { log, lines, pass } = folding();
    for (let i = 0; i < 12; i++) {
      log.warn("event", "NOTIFY failed", fields);
      pass(2_000);
    }
    expect(lines).toEqual(["warn  event: NOTIFY failed endpoint=alice status=408"]);
    pass(60_000);
    expect(lines.slice(1)).toEqual([
      "warn  event: NOTIFY failed (… 11 more in the last minute) endpoint=alice status=408",
    ]);
  });

  test("that go on are told once a minute, and anew when they were silent for one", () => {
    const { log, lines, pass, isArmed } = folding();
    for (let i = 0; i < 12; i++) {
      log.warn("event", "NOTIFY failed");
      pass(10_000);
    }
    expect(lines).toHaveLength(3);
    pass(600_000);
    expect(isArmed()).toBe(false);
    const before = lines.length;
    log.warn("event", "NOTIFY failed");
    expect(lines.slice(before)).toEqual(["warn  event: NOTIFY failed"]);
  });

  test("are the same whichever message they are about, but not whoever they are about", () => {
    const { log, lines } = folding();
    log.warn("auth", "Refused", { source: "192.0.2.1", transaction: "z9hG4bK1", callId: "a" });
    log.warn("auth", "Refused", { source: "192.0.2.1", transaction: "z9hG4bK2", callId: "b" });
    log.warn("auth", "Refused", { source: "192.0.2.2", transaction: "z9hG4bK3", callId: "c" });
    log.error("auth", "Refused", { source: "192.0.2.1" });
    expect(lines).toHaveLength(3);
  });

  test("of debug are all written", () => {
    const { log, lines } = folding();
    for (let i = 0; i < 5; i++) log.debug("uas", "OPTIONS answered with 200");
    expect(lines).toHaveLength(5);
  });

  test("are told at the end of the process", () => {
    const { log, lines } = folding();
    for (let i = 0; i < 3; i++) log.info("http", "Signed in");
    log.flush();
    expect(lines.at(-1)).toBe("info  http: Signed in (… 2 more in the last minute)");
  });

  test("cost no more memory than their bound", () => {
    const { log, lines } = folding();
    log.warn("auth", "Refused", { user: "first" });
    log.warn("auth", "Refused", { user: "first" });
    for (let i = 0; i < limits.foldedLineCount; i++) log.warn("auth", "Refused", { user: `u${i}` });
    // The oldest gave way, and said what it had counted.
    expect(lines.filter((line) => line.includes("1 more in the last minute"))).toHaveLength(1);
    log.warn("auth", "Refused", { user: "first" });
    expect(lines.at(-1)).toBe("warn  auth: Refused user=first");
  });
});
