import { describe, expect, test } from "bun:test";
import { systemTurn, Turn, TurnStep } from "../../lib/runtime/turn.ts";

/** A turn that ends when the test says so. */
function manualTurn(): { turn: Turn; scheduledCount: () => number; end: () => void } {
  const ends: (() => void)[] = [];
  return {
    turn: new Turn((end) => ends.push(end)),
    scheduledCount: () => ends.length,
    end: () => ends.splice(0).forEach((end) => end()),
  };
}

describe("the end of a turn", () => {
  test("stores, then tells, then sends, whatever was asked for first", () => {
    const { turn, end } = manualTurn();
    const done: string[] = [];
    turn.at(TurnStep.send, () => done.push("send 1"));
    turn.at(TurnStep.tell, () => done.push("tell"));
    turn.at(TurnStep.store, () => done.push("store"));
    turn.at(TurnStep.send, () => done.push("send 2"));
    expect(done).toEqual([]);
    end();
    expect(done).toEqual(["store", "tell", "send 1", "send 2"]);
  });

  test("is asked for once, however much is to be done, and comes once", () => {
    const { turn, scheduledCount, end } = manualTurn();
    let count = 0;
    for (let i = 0; i < 3; i++) turn.at(TurnStep.tell, () => count++);
    expect(scheduledCount()).toBe(1);
    end();
    expect([count, scheduledCount()]).toEqual([3, 0]);
    turn.at(TurnStep.tell, () => count++);
    expect(scheduledCount()).toBe(1);
    end();
    expect(count).toBe(4);
  });

  test("takes along what its earlier steps ask of later ones: what is told is sent at once", () => {
    const { turn, scheduledCount, end } = manualTurn();
    const done: string[] = [];
    turn.at(TurnStep.store, () => {
      done.push("store");
      turn.at(TurnStep.tell, () => {
        done.push("tell");
        turn.at(TurnStep.send, () => done.push("send"));
      });
    });
    end();
    expect(done).toEqual(["store", "tell", "send"]);
    expect(scheduledCount()).toBe(0);
  });

  test("leaves to the next turn what is asked of a step that has begun, so that no turn lasts for ever", () => {
    const { turn, scheduledCount, end } = manualTurn();
    const done: string[] = [];
    const again = (): void => {
      done.push("send");
      turn.at(TurnStep.store, () => done.push("store"));
      turn.at(TurnStep.send, again);
    };
    turn.at(TurnStep.send, again);
    end();
    expect([done, scheduledCount()]).toEqual([["send"], 1]);
    end();
    expect([done, scheduledCount()]).toEqual([["send", "store", "send"], 1]);
  });
});

test("the host's turn ends after the microtasks of what began it", async () => {
  const turn = systemTurn();
  const done: string[] = [];
  await new Promise<void>((resolve) => {
    turn.at(TurnStep.send, () => {
      done.push("send");
      resolve();
    });
    void Promise.resolve().then(() => {
      done.push("microtask");
      turn.at(TurnStep.store, () => done.push("store"));
    });
  });
  expect(done).toEqual(["microtask", "store", "send"]);
});
