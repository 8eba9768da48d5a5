/** What the guides say is so: links lead somewhere, configurations are accepted, commands exist. */
import { describe, expect, test } from "bun:test";
import { usages } from "../../lib/cli/program.ts";
import { hintChecks } from "../../lib/app.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { guides } from "../../lib/help/guides.ts";
import { markdownHtml } from "../../lib/runtime/markdown.ts";

/** Code blocks of a language. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, block]) => block!);
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

    test("commands are those of hintd", () => {
      const code = [...blocksOf(text, "sh"), ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, inline]) => inline!)];
      const said = code.flatMap((each) =>
        [...each.matchAll(/(?:^|&& |sudo )hintd ([a-z-]+(?: [a-z-]+)?)/gm)].map(([, words]) => words!)
      );
      const known = new Set(usages.map((usage) => usage.split(/ [<[]/)[0]!));
      const lost = said.filter((words) => !known.has(words) && !known.has(words.split(" ")[0]!));
      expect(lost).toEqual([]);
    });
  });
}
