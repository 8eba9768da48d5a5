import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { configJsonSchema } from "../../lib/config/json_schema.ts";
import { problemChapters } from "../../lib/help/chapters.ts";
import { guides } from "../../lib/help/guides.ts";
import { sectionsOf } from "../../lib/http/reference.ts";
import { instantText } from "../../lib/runtime/instant.ts";
import { configOptions } from "../support/config_options.ts";
import { startServer, type TestServer } from "./support.ts";

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

const page = async (path: string) => {
  const response = await server.request(path, { headers: { accept: "text/html" } });
  return { status: response.status, html: await response.text() };
};

describe("the pages of help", () => {
  it("lists guides, reference and API", async () => {
    const { status, html } = await page("/help");
    expect(status).toBe(200);
    for (const { name, title } of guides) expect(html).toContain(`<a href="/help/${name}">${title}</a>`);
    expect(html).toContain('href="/help/reference"');
    expect(html).toContain('href="/api"');
  });

  for (const { name } of guides) {
    it(`shows ${name} with its chapters, and links that work here`, async () => {
      const { status, html } = await page(`/help/${name}`);
      expect(status).toBe(200);
      expect(html).not.toMatch(/href="[^"]*\.md/);
      for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) expect(html).toContain(`id="${id}"`);
    });
  }

  it("has no guide of another name", async () => {
    expect((await page("/help/constructor")).status).toBe(404);
  });
});

describe("problems", () => {
  it("lead from the status page to their chapter, those that have one", async () => {
    const at = instantText(Date.now());
    const row = { severity: "warning", remedy: "", where: "", first_at: at, last_at: at, count: 1 } as const;
    server.controls.complain({ ...row, area: "watchdog", message: "a lamp is stuck" });
    server.controls.complain({ ...row, area: "clock", message: "the clock jumped" });
    const { html } = await page("/");
    expect(html.split('href="/help/troubleshooting#a-lamp-is-stuck"').length).toBe(2);
    expect(html.split("Read more").length).toBe(2);
  });

  for (const chapter of problemChapters) {
    it(`lead to ${chapter}, which is there`, async () => {
      const [path, id] = chapter.split("#");
      const { status, html } = await page(path!);
      expect(status).toBe(200);
      if (id !== undefined) expect(html).toContain(`<h2 id="${id}"`);
    });
  }
});

describe("the reference", () => {
  it("has every option of the schema, with its default", async () => {
    const { html } = await page("/help/reference");
    for (const { name } of configOptions) expect(html).toContain(`<code>${name}</code>`);
    expect(html).toContain("[endpoints.NAME]");
    expect(html).toContain("[[listen]]");
  });

  it("says what must be there, and what stands inside of an option", async () => {
    const entry = async (id: string) => (await page("/help/reference")).html.split(`id="${id}"`)[1]!.split("</dd>")[0]!;
    expect(await entry("listen.bind")).toContain("must be there");
    expect(await entry("endpoints.auth")).not.toContain("must be there");
    expect(await entry("endpoints.auth.supported_algorithms_uas")).toContain("&quot;MD5&quot;");
    expect(await entry("contexts.hints.NAME")).toContain("DEVICES");
  });

  it("leaves no section empty but that of inherited defaults", () => {
    const empty = sectionsOf(configJsonSchema()).filter(({ options }) => options.length === 0).map(({ header }) =>
      header
    );
    expect(empty).toEqual(["[defaults.endpoint]"]);
  });
});
