import { describe, expect, test } from "bun:test";
import { limits } from "../../lib/runtime/limits.ts";
import { layers } from "./layers.ts";
import { linesWith, sourcesOf } from "./sources.ts";

const lib = sourcesOf("lib/**/*.{ts,tsx}");
const home = lib.find(({ path }) => path === "lib/runtime/limits.ts")!;

/** Files whose layer may import the limits; commands run once and end. */
const bounded = lib.filter(({ path }) => {
  const layer = path.split("/")[1]!.replace(/\.tsx?$/, "");
  return path !== home.path && layer !== "cli" && (layer === "runtime" || layers[layer]!.ours.includes("runtime"));
});

/** The largest number that a protocol can write: nothing of ours grows with it. */
const protocolRange = /= 2 \*\* \d+ - 1;$/;

describe("bounds stand in one file", () => {
  test("each has its reason above it", () => {
    const lines = home.text.split("\n");
    const bare = lines.filter((line, i) => /^ {2}\w+: /.test(line) && !lines[i - 1]!.endsWith("*/"));
    expect(bare).toEqual([]);
  });

  test("each is somebody's", () => {
    const text = bounded.map((source) => source.text).join("\n");
    expect(Object.keys(limits).filter((name) => !text.includes(`limits.${name}`))).toEqual([]);
  });

  test("no other file has a number that is called a maximum", () => {
    const found = bounded.flatMap((source) => linesWith(source, /^(export )?const \w*(MAX|Max)\b.*= [\d_ *+-]+;$/));
    expect(found.filter((line) => !protocolRange.test(line))).toEqual([]);
  });
});
