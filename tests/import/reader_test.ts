/** The syntax that all of Asterisk's files share. */
import { describe, expect, test } from "bun:test";
import { readSections } from "../../lib/import/reader.ts";
import { Report } from "../../lib/import/report.ts";
import { memoryDirectory } from "./directory.ts";

/** Reads `a.conf` among `files`: sections as `name: key=value key=value`, and what is said of them. */
function read(files: Readonly<Record<string, string>> | string) {
  const report = new Report();
  const sections = readSections(
    memoryDirectory(typeof files === "string" ? { "a.conf": files } : files),
    "a.conf",
    report,
  );
  return {
    sections: sections.map(({ name, entries }) =>
      `${name}: ${entries.map((entry) => `${entry.name}=${entry.value}`).join(" ")}`.trim()
    ),
    places: sections.flatMap(({ entries }) => entries.map(({ place }) => `${place.file}:${place.line}`)),
    errors: report.errors,
    remarks: report.remarks,
  };
}

describe("sections and assignments", () => {
  const cases: [title: string, text: string, sections: string[]][] = [
    ["= and => say the same", "[x]\na = 1\nb => 2\nc=3\nd=>4", ["x: a=1 b=2 c=3 d=4"]],
    ["the first = divides", "[x]\na = b=c => d", ["x: a=b=c => d"]],
    ["a value may be empty", "[x]\na =\nb=", ["x: a= b="]],
    ["blanks around names do not count", "  [ x ] \n\ta  =  1 2  \r\n", ["x: a=1 2"]],
    ["sections of one name stay apart", "[x]\na=1\n[x]\na=2", ["x: a=1", "x: a=2"]],
    ["+= goes on with the value before it", "[t](!)\na=1\n[x](t)\na += ,2\nb += 3", ["x: a=1,2 b=3"]],
  ];
  for (const [title, text, sections] of cases) {
    test(title, () => expect(read(text)).toMatchObject({ sections, errors: [], remarks: [] }));
  }
});

describe("comments", () => {
  const cases: [title: string, text: string, sections: string[]][] = [
    ["; to the end of the line", "; one\n[x] ; two\na=1 ; three", ["x: a=1"]],
    ["\\; is a semicolon", "[x]\na=1\\;2\\;3;4", ["x: a=1;2;3"]],
    [";-- --; within a line", "[x]\na=;-- no --;1\n;-- no --; b=2", ["x: a=1 b=2"]],
    [";-- --; over lines", "[x]\na=1;--\nb=2\n--;c=3", ["x: a=1 c=3"]],
    [";-- --; in one another", "[x];--\n;-- a=1 --;\nb=2\n--;\nc=3", ["x: c=3"]],
    [";--- is a line of its own", "[x]\n;---------\na=1\n;--- b=2 ---\nc=3", ["x: a=1 c=3"]],
    ["; in a commented block ends nothing", "[x];-- ; a=1\nb=2 ; --; c=3", ["x: c=3"]],
  ];
  for (const [title, text, sections] of cases) {
    test(title, () => expect(read(text)).toMatchObject({ sections, errors: [], remarks: [] }));
  }

  test("one without end is remarked", () => {
    expect(read("[x]\na=1\n;-- b=2\nc=3")).toMatchObject({
      sections: ["x: a=1"],
      remarks: ['a.conf:3: the comment ";--" that begins here has no end "--;"'],
    });
  });
});

describe("templates and additions", () => {
  const cases: [title: string, text: string, sections: string[]][] = [
    ["(!) is no section of its own", "[t](!)\na=1\n[x](t)\nb=2", ["x: a=1 b=2"]],
    ["several, in order, before what stands here", "[t](!)\na=1\n[u](!)\na=2\n[x](u,t)\na=3", ["x: a=2 a=1 a=3"]],
    ["templates of templates", "[t](!)\na=1\n[u](!,t)\nb=2\n[x](u)", ["x: a=1 b=2"]],
    ["any section is a template", "[t]\na=1\n[x](t)\nb=2", ["t: a=1", "x: a=1 b=2"]],
    ["names in another case are found", "[Phone](!)\na=1\n[x](phone)", ["x: a=1"]],
    ["(+) goes on with the first of that name", "[x]\na=1\n[x]\nb=1\n[x](+)\nc=1", ["x: a=1 c=1", "x: b=1"]],
    ["(+type=…) with the first that has it", "[x]\ntype=e\n[x]\ntype=aor\n[x](+type=aor)\nc=1", [
      "x: type=e",
      "x: type=aor c=1",
    ]],
    ["(+…) takes expressions", "[x]\nn=36\n[x]\nn=4711\n[x](+n=47[0-9]+)\nc=1", ["x: n=36", "x: n=4711 c=1"]],
    ["(+) of a template", "[t](!)\na=1\n[t](+)\nb=2\n[x](t)", ["x: a=1 b=2"]],
  ];
  for (const [title, text, sections] of cases) {
    test(title, () => expect(read(text)).toMatchObject({ sections, errors: [], remarks: [] }));
  }
});

describe("includes", () => {
  test("stand for the text of their file, quoted or not", () => {
    const { sections, places, errors } = read({
      "a.conf": '[x]\n#include "b.conf"\na=1\n#include <c.conf>\n#include d.conf ; comment\nd=4',
      "b.conf": "b=1",
      "c.conf": "c=1\n[y]",
      "d.conf": "e=5",
    });
    expect({ sections, errors }).toEqual({ sections: ["x: b=1 a=1 c=1", "y: e=5 d=4"], errors: [] });
    expect(places).toEqual(["b.conf:1", "a.conf:3", "c.conf:1", "d.conf:1", "a.conf:6"]);
  });

  test("of several files by a glob, in order; one that finds nothing is remarked", () => {
    const found = read({
      "a.conf": "[x]\n#include d/*.conf\n#include e/*.conf\n#tryinclude f.conf",
      "d/2.conf": "b=2",
      "d/1.conf": "a=1",
    });
    expect(found).toMatchObject({
      sections: ["x: a=1 b=2"],
      errors: [],
      remarks: [
        'a.conf:3: there is no file "e/*.conf" to include',
        'a.conf:4: there is no file "f.conf" to include',
      ],
    });
  });

  test("a file may be included twice, but not in itself", () => {
    expect(read({ "a.conf": "[x]\n#include b.conf\n#include b.conf", "b.conf": "b=1" }).sections).toEqual([
      "x: b=1 b=1",
    ]);
    expect(read({ "a.conf": "[x]\n#include b.conf", "b.conf": "\n#include a.conf" }).errors).toEqual([
      "b.conf:2: includes itself: a.conf → b.conf → a.conf",
    ]);
  });
});

describe("what is wrong is told with file and line, all of it", () => {
  const cases: [title: string, text: string, errors: string[]][] = [
    ["a head without ]", "[x\na=1\n[y]\nb=2", ['a.conf:1: "[x" has no "]"']],
    ["a head without )", "[x](!\na=1", ['a.conf:1: "(!" behind [x] has no ")"']],
    ["a template that is not there", "[x](t,u)\na=1", [
      "a.conf:1: [x] is made from [t], which is not there",
      "a.conf:1: [x] is made from [u], which is not there",
    ]],
    ["an addition to nothing", "[x](+)\na=1", ["a.conf:1: there is no section [x] before this line to add to"]],
    ["an addition that no line fits", "[x]\ntype=a\n[x](+type=b)", [
      "a.conf:3: there is no section [x] before this line to add to",
    ]],
    ["lines before the first section", "a=1", ['a.conf:1: "a=1" stands in no section']],
    ["a program", "#exec /bin/ls", [
      "a.conf:1: #exec is not run: put what the program prints into a file and include that",
    ]],
    ["an include that is not there", "[x]\n\n#include nothing.conf", ['a.conf:3: there is no file "nothing.conf"']],
    ["an include of nothing", "#include", ["a.conf:1: #include names no file"]],
  ];
  for (const [title, text, errors] of cases) test(title, () => expect(read(text).errors).toEqual(errors));

  test("what Asterisk skips with a warning is remarked", () => {
    expect(read("[x] junk\nno assignment\n#define a\na=1")).toMatchObject({
      sections: ["x: a=1"],
      errors: [],
      remarks: [
        'a.conf:1: "junk" behind [x] means nothing',
        'a.conf:2: "no assignment" has no "=": the line means nothing',
        'a.conf:3: "#define" is no directive: the line means nothing',
      ],
    });
  });
});

describe("nothing grows without bound", () => {
  test("templates that double each other", () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `[t${i + 1}](!,t${i},t${i})`).join("\n");
    expect(read(`[t0](!)\na=1\n${doubling}`).errors[0]).toContain(
      "there are more than 400000 lines, templates included",
    );
  });

  test("includes that include each other's glob", () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`${i}.conf`, `[x]\n#include ${i + 1}.conf`]),
    );
    expect(read({ ...files, "a.conf": "#include 0.conf" }).errors).toEqual([
      "30.conf:2: includes are nested deeper than 32",
    ]);
  });

  test("comments in comments", () => {
    expect(read(";--".repeat(1_000)).errors).toEqual(["a.conf:1: comments are nested deeper than 128"]);
  });

  test("many files of many bytes", () => {
    const files = { "a.conf": "#include b.conf\n".repeat(40), "b.conf": `[x]\n; ${"-".repeat(1024 * 1024)}\n` };
    expect(read(files).errors[0]).toMatch(/^a\.conf:\d+: "b\.conf" cannot be read: it is too large$/);
    expect(read({ "a.conf": "#include b.conf\n".repeat(3_000), "b.conf": "[x]" }).errors).toEqual([
      "a.conf:2000: there are more than 2000 files",
    ]);
  });

  test("what is said of a file full of mistakes", () => {
    const { errors } = read("[x\n".repeat(1_000));
    expect(errors.length).toBe(201);
    expect(errors.at(-1)).toBe("and 800 more");
  });
});
