import { expect, test } from "bun:test";
import { allowedGlobals, watchedGlobals } from "./forbidden_globals.ts";
import { type Source, sourcesOf } from "./sources.ts";

const transpilers = { ts: new Bun.Transpiler({ loader: "ts" }), tsx: new Bun.Transpiler({ loader: "tsx" }) };
const sources = sourcesOf("main.ts", "lib/**/*.{ts,tsx}");

/** Watched globals that a file uses when it runs: the compiler has removed types and comments, strings go here. */
function globalsOf({ path, text }: Source): string[] {
  const transpiler = transpilers[path.endsWith("x") ? "tsx" : "ts"];
  const plain = transpiler.transformSync(text).replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  return watchedGlobals.filter((name) =>
    new RegExp(`(?<![.\\w$#"])${name.replace(".", "\\.")}\\b(?!\\s*[:=(]\\s*[^=]*\\) ?\\{)(?!:)`).test(plain)
  );
}

function isAllowed(path: string, name: string): boolean {
  return Object.entries(allowedGlobals).some(([place, names]) =>
    (path === place || path === `${place}.ts` || path.startsWith(`${place}/`)) && names.includes(name)
  );
}

test("the scan tells use from mention", () => {
  const text = `
    import type { Socket } from "x";
    // Date.now() in a comment
    const header = "Date: Bun";
    const fields = { Date: 1, crypto: header };
    let socket: Bun.udp.Socket | undefined;
    this.performance = fields.crypto + clock.Date;
    export const tick = () => setTimeout(() => Math.random(), 5);
  `;
  expect(globalsOf({ path: "lib/x/y.ts", text })).toEqual(["Math.random", "setTimeout"]);
});

test("clock, dice, sockets and terminal are touched only where they belong", () => {
  const wrong = sources.flatMap((source) =>
    globalsOf(source).filter((name) => !isAllowed(source.path, name)).map((name) => `${source.path} uses ${name}`)
  );
  expect(wrong).toEqual([]);
});
