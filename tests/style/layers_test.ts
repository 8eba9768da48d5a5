import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { layers } from "./layers.ts";
import { code, root, type Source, sourcesOf } from "./sources.ts";

const transpilers = { ts: new Bun.Transpiler({ loader: "ts" }), tsx: new Bun.Transpiler({ loader: "tsx" }) };
const lib = sourcesOf("lib/**/*.{ts,tsx}");

type Import = { from: string; specifier: string; isTypeOnly: boolean };

/** What a scan finds that the text names; the JSX runtime of nobody's choice is left out. */
function scan(path: string, text: string): Set<string> {
  const found = transpilers[path.endsWith("x") ? "tsx" : "ts"].scanImports(text).map(({ path }) => path);
  return new Set(found.filter((specifier) => text.includes(`"${specifier}"`)));
}

/** Imports as the compiler sees them. It drops those of types alone, so it reads the file twice, once with them made real. */
function importsOf({ path, text }: Source): Import[] {
  const withTypes = text
    .replace(/^import type |^export type (?=[{*])/gm, (words) => words.replace("type ", ""))
    .replace(/^(?:import|export) \{[^}]*\}/gm, (names) => names.replace(/\btype (?=\w)/g, ""));
  const real = scan(path, text);
  return [...scan(path, withTypes)].map((specifier) => ({ from: path, specifier, isTypeOnly: !real.has(specifier) }));
}

/** `lib/sip/uri.ts` → `sip`, `lib/app.ts` → `app`. */
function layerOf(path: string): string {
  return path.split("/")[1]!.replace(/\.tsx?$/, "");
}

/** Name of the package in a bare specifier, without the path inside it. */
function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

const imports = lib.flatMap(importsOf);
const relative = imports
  .filter(({ specifier }) => specifier.startsWith("."))
  .map((edge) => ({ ...edge, to: normalize(join(dirname(edge.from), edge.specifier)) }));

test("the scan sees imports, types included", () => {
  const text =
    `import type { A } from "./a.ts";\nimport {\n  type B,\n} from "../b.ts";\nexport { C } from "./c.ts";\n`;
  const found = importsOf({ path: "lib/x/y.ts", text });
  expect(found.map(({ specifier, isTypeOnly }) => [specifier, isTypeOnly])).toEqual([
    ["./a.ts", true],
    ["../b.ts", true],
    ["./c.ts", false],
  ]);
  expect(relative.length).toBeGreaterThan(100);
});

test("every directory of lib has its row in the table of layers", () => {
  expect([...new Set(lib.map(({ path }) => layerOf(path)))].filter((layer) => !(layer in layers))).toEqual([]);
});

test("a layer imports only the layers that its row names", () => {
  const wrong = relative.filter(({ from, to, isTypeOnly }) => {
    const here = layerOf(from);
    if (!to.startsWith("lib/")) return !layers[here]?.files?.includes(to);
    const there = layerOf(to);
    if (here === there || layers[here]?.ours.includes(there)) return false;
    return !(isTypeOnly && layers[here]?.types?.includes(there));
  });
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test("the table of layers has no cycle", () => {
  const order = Object.keys(layers);
  const backward = order.flatMap((layer, i) =>
    [...layers[layer]!.ours, ...(layers[layer]!.types ?? [])]
      .filter((other) => order.indexOf(other) < 0 || order.indexOf(other) >= i)
      .map((other) => `${layer} → ${other}`)
  );
  expect(backward).toEqual([]);
});

test("no files import each other in a circle", () => {
  const next = Map.groupBy(relative.filter(({ isTypeOnly }) => !isTypeOnly), ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
    if (trail.includes(file) || done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test("a package is imported only where its row names it", () => {
  const wrong = imports
    .filter(({ specifier }) => !/^(\.|node:|bun:|bun$)/.test(specifier))
    .filter(({ from, specifier }) => !layers[layerOf(from)]?.packages?.includes(packageOf(specifier)));
  expect(wrong.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("every package of deno.json is imported somewhere", () => {
  const manifest = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as { imports: Record<string, string> };
  const used = new Set(code.flatMap(importsOf).map(({ specifier }) => packageOf(specifier)));
  const wanted = Object.keys(manifest.imports).filter((name) => !["bun", "@types/bun"].includes(name));
  expect(wanted.filter((name) => !used.has(name))).toEqual([]);
});

test("imports are relative with their extension, or packages by name", () => {
  const wrong = code.flatMap(importsOf).filter(({ specifier }) =>
    specifier.startsWith(".")
      ? !/\.(ts|tsx|css|json|svg|html|js|toml|txt|sql|md)$/.test(specifier)
      : specifier.startsWith("/")
  );
  expect(wrong.map(({ from, specifier }) => `${from} imports ${specifier}`)).toEqual([]);
});

test("lib/README.md tells the same table of layers", () => {
  const readme = readFileSync(join(root, "lib/README.md"), "utf8");
  const rows = new Map(
    [...readme.matchAll(/^\| `([\w.]+)` *\|[^|]*\| *([^|]*?) *\|$/gm)].map((row) => [row[1]!, row[2]!]),
  );
  for (const [layer, { ours, types = [] }] of Object.entries(layers)) {
    const cell = rows.get(layer) ?? rows.get(`${layer}.ts`);
    expect({ layer, cell }).not.toEqual({ layer, cell: undefined });
    if (layer === "app") continue;
    const named = cell!.match(/\b[a-z]+\b/g)!.filter((word) => word in layers);
    expect({ layer, named: named.sort() }).toEqual({ layer, named: [...ours, ...types].sort() });
  }
});
