import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { configJsonSchema } from "../../lib/config/json_schema.ts";
import { guides } from "../../lib/help/guides.ts";
import { sectionsOf } from "../../lib/http/reference.ts";
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

describe("the reference", () => {
  it("has every option of the schema, with its default", async () => {
    const { html } = await page("/help/reference");
    for (const { name } of configOptions) expect(html).toContain(`<code>${name}</code>`);
    expect(html).toContain("[endpoints.NAME]");
    expect(html).toContain("[[listen]]");
  });

  it("leaves no section empty but that of inherited defaults", () => {
    const empty = sectionsOf(configJsonSchema()).filter(({ options }) => options.length === 0).map(({ header }) =>
      header
    );
    expect(empty).toEqual(["[defaults.endpoint]"]);
  });
});
