/** What the guides say is so: links lead somewhere, configurations are accepted, commands exist. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { usages } from "../../lib/cli/program.ts";
import { hintChecks } from "../../lib/app.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { guides } from "../../lib/help/guides.ts";
import { markdownHtml } from "../../lib/runtime/markdown.ts";

/** Code blocks of a language. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, block]) => block!);
}

/** The words behind each `hintd` of a shell script, up to what ends a command; quotes are those of a shell. */
function commandsIn(script: string): string[][] {
  return [...script.matchAll(/(?:^|[;&|(]|\bsudo)[ \t]*hintd ([^;&|#\n]+)/gm)].map(([, words]) =>
    [...words!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!)
  );
}

/** Why hintd would refuse a command; undefined when it would not. */
async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const called = words.join(" ");
  const usage = usages.find((each) => `${called} `.startsWith(`${each.split(/ [<[]/)[0]} `));
  if (usage === undefined) return `there is no "${called}"`;
  const nameCount = usage.split(/ [<[]/)[0]!.split(" ").length;
  const [flags, values] = [words.filter((word) => word.startsWith("-")), words.filter((word) => !word.startsWith("-"))];
  const given = values.length - nameCount;
  if (given < usage.split("<").length - 1) return `"${called}" lacks what "${usage}" needs`;
  if (given > usage.split(/[<[]/).length - 1) return `"${called}" says more than "${usage}" takes`;
  if (flags.length === 0) return undefined;
  const main = join(import.meta.dir, "../../main.ts");
  const child = Bun.spawn([process.execPath, main, ...words.slice(0, nameCount), "--help"], { stdout: "pipe" });
  const help = await new Response(child.stdout).text();
  const unknown = flags.find((flag) => !help.includes(`${flag} `) && !help.includes(`${flag}\n`));
  return unknown === undefined ? undefined : `"${called}": there is no ${unknown}`;
}

/** Pages of hintd that guides may link to. */
const pages = ["/", "/messages", "/messages.pcap", "/api", "/help/reference"];

for (const { name, title, text } of guides) {
  const html = markdownHtml(text);
  const anchors = (of: string) => [...markdownHtml(of).matchAll(/<h\d id="([^"]+)"/g)].map(([, id]) => id);

  describe(`guide ${name}`, () => {
    test("begins with its title", () => {
      expect(html).toContain(`${title}</`);
    });

    test("links lead to pages and headings that are there", () => {
      const lost = [...html.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!).filter((link) => {
        if (link.startsWith("http")) return false;
        if (link.startsWith("#")) return !anchors(text).includes(link.slice(1));
        if (link.startsWith("/")) return !pages.includes(link.split("?")[0]!);
        const [file, anchor] = link.split("#");
        const guide = guides.find((each) => `${each.name}.md` === file);
        return guide === undefined || (anchor !== undefined && !anchors(guide.text).includes(anchor));
      });
      expect(lost).toEqual([]);
    });

    for (const block of blocksOf(text, "toml")) {
      test(`hintd takes what is shown: ${block.split("\n")[0]}`, async () => {
        const isWhole = block.includes("[[listen]]");
        const more = isWhole ? "" : '\n[[listen]]\ntransport = "udp"\nbind = "127.0.0.1:5060"\n';
        const loaded = await loadConfig(block + more, "config.toml", hintChecks);
        expect("errors" in loaded ? loaded.errors.map((error) => error.text) : []).toEqual([]);
      });
    }

    test("commands of hintd exist and take what they are given", async () => {
      const inline = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
      const commands = [...blocksOf(text, "sh"), ...inline].flatMap(commandsIn);
      const faults = await Promise.all(commands.map(faultOf));
      expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
    });
  });
}
