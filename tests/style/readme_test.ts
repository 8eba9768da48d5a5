import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./sources.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as { tasks: Record<string, unknown> };

/** Commands of the README's shell blocks, without their comments. */
const commands = [...readme.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block]) => block!.split("\n"))
  .map((line) => line.replace(/\s+#.*/, "").trim())
  .filter((line) => line !== "");

/** Runs hintd from source to its end. */
function hintd(args: readonly string[]): { exitCode: number; said: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, "main.ts", ...args], { cwd: root });
  return { exitCode, said: stdout.toString() + stderr.toString() };
}

describe("the README", () => {
  test("has commands of both kinds", () => {
    expect(commands.filter((command) => command.startsWith("npx ")).length).toBeGreaterThan(3);
    expect(commands.filter((command) => command.startsWith("hintd ")).length).toBeGreaterThan(2);
  });

  test("calls the same Deno everywhere, and only tasks that there are", () => {
    const calls = commands.filter((command) => command.startsWith("npx ")).map((command) => command.split(" "));
    expect([...new Set(calls.map((words) => words.slice(0, 4).join(" ")))]).toEqual(["npx -y deno@2.9.6 task"]);
    expect(calls.map((words) => words[4]!).filter((task) => !(task in manifest.tasks))).toEqual([]);
  });

  for (const command of commands.filter((command) => / task hintd |^hintd /.test(command))) {
    const args = command.replace(/^.*?hintd /, "").split(" ");
    test(`\`hintd ${args.join(" ")}\` is a command`, () => {
      // The words of the command without its arguments; asking for help runs nothing.
      const words = args.slice(0, args[0] === "devstate" ? 2 : 1);
      expect(hintd([...words, "--help"])).toMatchObject({ exitCode: 0 });
    });
  }

  test("the config.toml that it starts on has no mistakes", () => {
    expect(hintd(["check", "-c", "config.toml"])).toMatchObject({ exitCode: 0 });
  });
});
