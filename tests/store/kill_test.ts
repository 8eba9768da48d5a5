import { expect, test } from "bun:test";
import { join } from "node:path";
import { StatesStore } from "../../lib/store/states_store.ts";
import { DataDirectory } from "./directory.ts";

const RUNS = 20;

/** Starts the writer at `first`, kills it after it has acknowledged at least `count`, and resolves to the last one. */
async function killedWriter(directory: string, first: number, count: number): Promise<number> {
  const writer = Bun.spawn([process.execPath, join(import.meta.dir, "writer.ts"), directory, String(first)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of writer.stdout) {
    text += decoder.decode(chunk);
    if (text.split("\n").length > count) writer.kill("SIGKILL");
  }
  await writer.exited;
  return Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
}

test(`what was acknowledged is there after kill -9, ${RUNS} times over`, async () => {
  const directory = new DataDirectory();
  let serial = 0;
  for (let run = 0; run < RUNS; run++) {
    const acknowledged = await killedWriter(directory.path, serial, 1 + run * 3);
    const stored = directory.opened((database) => new StatesStore(database).load().mailboxes);
    const highest = Math.max(...[...stored.values()].map(({ value }) => value.new));
    // The write after the last acknowledged one may have been done, or not; the seven before it must have been.
    expect([acknowledged, acknowledged + 1]).toContain(highest);
    for (let n = Math.max(0, acknowledged - 5); n <= acknowledged; n++) {
      expect(stored.get(`${n % 7}@default`)?.value.new).toBe(n);
    }
    serial = highest + 1;
  }
  expect(directory.lines.all).toEqual([]);
}, 60_000);
