import { describe, expect, test } from "bun:test";
import { FailureLog } from "../../lib/auth/failures.ts";
import { HandClock, memoryLog } from "./support.ts";

function failureLog(sourcesMax?: number) {
  const clock = new HandClock();
  const { log, lines } = memoryLog();
  const failures = new FailureLog({ clock, log, ...(sourcesMax === undefined ? {} : { sourcesMax }) });
  return { clock, lines, failures };
}

const wrong = { source: "192.168.1.31", user: "alice", reason: "wrong password" } as const;

describe("the failure log", () => {
  test("folds the same failure and says it at every power of ten", () => {
    const { failures, lines, clock } = failureLog();
    const firstAt = clock.wall();
    for (let i = 0; i < 1_001; i++) {
      failures.record(wrong);
      clock.at += 1_000;
    }
    expect(failures.snapshot()).toEqual([{ ...wrong, count: 1_001, firstAt, lastAt: firstAt + 1_000_000 }]);
    expect(lines).toEqual([
      "Request refused: wrong password source=192.168.1.31 user=alice",
      "Request refused: wrong password source=192.168.1.31 user=alice times=10",
      "Request refused: wrong password source=192.168.1.31 user=alice times=100",
      "Request refused: wrong password source=192.168.1.31 user=alice times=1000",
    ]);
  });

  test("keeps users, sources and reasons apart, latest first", () => {
    const { failures, clock } = failureLog();
    const each = [
      wrong,
      { ...wrong, user: "bob" },
      { ...wrong, source: "192.168.1.32" },
      { ...wrong, reason: "wrong URI" } as const,
    ];
    for (const failure of each) {
      failures.record(failure);
      clock.at += 1_000;
    }
    expect(failures.snapshot().map(({ source, user, reason }) => ({ source, user, reason }))).toEqual(each.reverse());
  });

  test("forgets a sender that got it right, and nobody else", () => {
    const { failures } = failureLog();
    failures.record(wrong);
    failures.record({ ...wrong, user: "bob" });
    failures.record({ ...wrong, source: "192.168.1.32" });
    failures.forgive("192.168.1.31", "alice", undefined);
    failures.forgive("192.168.1.32", "bob");
    failures.forgive("192.168.1.33", undefined, "bob");
    expect(failures.snapshot().map(({ source, user }) => `${user}@${source}`).sort())
      .toEqual(["alice@192.168.1.32", "bob@192.168.1.31"]);
  });

  test("keeps eight failures of a source and counts more as one", () => {
    const { failures } = failureLog();
    for (let i = 0; i < 1_000; i++) failures.record({ ...wrong, user: `user${i}` });
    const snapshot = failures.snapshot();
    expect(snapshot.length).toBe(8);
    expect(snapshot.find((failure) => failure.user === "*")?.count).toBe(993);
  });

  test("keeps its bound of sources and drops the least recently heard", () => {
    const { failures } = failureLog(3);
    for (const host of [1, 2, 3, 1, 4]) failures.record({ ...wrong, source: `10.0.0.${host}` });
    expect(failures.snapshot().map((failure) => failure.source).sort()).toEqual(["10.0.0.1", "10.0.0.3", "10.0.0.4"]);
  });

  test("writes thirty lines a minute at most and says how many it left out", () => {
    const { failures, lines, clock } = failureLog();
    for (let i = 0; i < 100; i++) failures.record({ ...wrong, source: `10.0.0.${i}` });
    expect(lines.length).toBe(30);
    clock.at += 60_000;
    failures.record({ ...wrong, source: "10.0.1.1" });
    expect(lines[30]).toEndWith("otherComplaintsLeftOut=70");
  });

  test("shows names without control characters and cut to 64 characters", () => {
    const { failures, lines } = failureLog();
    failures.record({ ...wrong, user: "a\r\n\u001b[31m\u202eb" });
    failures.record({ ...wrong, user: "x".repeat(1_000) });
    expect(failures.snapshot().map((failure) => failure.user.length)).toEqual([10, 64]);
    expect(lines.join("")).not.toMatch(/\p{Cc}/u);
  });
});
