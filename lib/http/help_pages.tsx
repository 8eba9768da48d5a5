/** @jsxImportSource hono/jsx */
/**
 * Owns the pages of help: the guides, and the reference of config.toml, which is made of its schema.
 *
 * Only who asks for one loads this file and the texts.
 */
import { raw } from "hono/html";
import { configJsonSchema } from "../config/json_schema.ts";
import { type Guide, guides } from "../help/guides.ts";
import { markdownHtml } from "../runtime/markdown.ts";
import { assets, Document, documentText } from "./page/document.tsx";
import { type ReferenceSection, sectionsOf } from "./reference.ts";

/** The page at `/help`. */
export function helpText(maySignOut: boolean): string {
  return documentText(
    <HelpPage title="Help – hintd" maySignOut={maySignOut}>
      <h1>Help</h1>
      <ul class="guides">
        {guides.map(({ name, title, summary }) => (
          <li key={name}>
            <a href={`/help/${name}`}>{title}</a>
            <p>{summary}</p>
          </li>
        ))}
        <li>
          <a href="/help/reference">All options</a>
          <p>Every option of config.toml, with its default and what is accepted.</p>
        </li>
        <li>
          <a href="/api">The API</a>
          <p>Every call, for scripts and programs.</p>
        </li>
      </ul>
    </HelpPage>,
  );
}

/** The page of a guide, or of the reference; undefined where there is none of that name. */
export function guideText(name: string, maySignOut: boolean): string | undefined {
  if (name === "reference") return documentText(<Reference maySignOut={maySignOut} />);
  const guide = guides.find((each) => each.name === name);
  return guide === undefined ? undefined : documentText(<GuidePage guide={guide} maySignOut={maySignOut} />);
}

function GuidePage({ guide: { title, text }, maySignOut }: { guide: Guide; maySignOut: boolean }) {
  const html = linkedHtml(text);
  const chapters = [...html.matchAll(/<h2 id="([^"]+)">(.*?)<\/h2>/g)].map(([, id, heading]) =>
    [id!, heading!] as const
  );
  return (
    <HelpPage title={`${title} – hintd`} maySignOut={maySignOut}>
      <nav class="chapters" aria-label="Chapters">
        <p>
          <a href="/help">Help</a>
        </p>
        <ul>
          {chapters.map(([id, heading]) => (
            <li key={id}>
              <a href={`#${id}`}>{raw(heading)}</a>
            </li>
          ))}
        </ul>
      </nav>
      <article>{raw(html)}</article>
    </HelpPage>
  );
}

function Reference({ maySignOut }: { maySignOut: boolean }) {
  const sections = sectionsOf(configJsonSchema());
  return (
    <HelpPage title="All options – hintd" maySignOut={maySignOut}>
      <nav class="chapters" aria-label="Sections">
        <p>
          <a href="/help">Help</a>
        </p>
        <ul>
          {sections.map(({ id, header }) => (
            <li key={id}>
              <a href={`#${id}`}>
                <code>{header}</code>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <article>
        <h1>All options</h1>
        <p>
          What stands in{" "}
          <code>config.toml</code>. An option that is left out has the default that is shown here, if it has one. Times
          are whole seconds unless the name ends in <code>_ms</code>.
        </p>
        {sections.map((section) => <Section key={section.id} section={section} />)}
      </article>
    </HelpPage>
  );
}

function Section({ section: { id, header, description, options } }: { section: ReferenceSection }) {
  return (
    <>
      <h2 id={id}>
        <code>{header}</code>
      </h2>
      {description !== "" && <p>{description}</p>}
      <dl class="options">
        {options.map(({ name, value, isRequired, description, accepted }) => (
          <div key={name} id={`${id}.${name}`}>
            <dt>
              <code>{name}</code>
              {value !== undefined && <code class="default">= {value}</code>}
              {isRequired && <span class="default">must be there</span>}
            </dt>
            <dd>
              {description}
              {accepted !== "" && <small>{accepted}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function HelpPage({ title, maySignOut, children }: { title: string; maySignOut: boolean; children?: unknown }) {
  return (
    <Document title={title} site="/help" maySignOut={maySignOut} own={[assets.helpStyle]}>
      <div class="help">{children}</div>
    </Document>
  );
}

/** Guides link to each other as files, which is what they are in the sources; and wide tables scroll. */
function linkedHtml(text: string): string {
  return markdownHtml(text)
    .replace(/href="(\w+)\.md(#[^"]*)?"/g, 'href="/help/$1$2"')
    .replaceAll("<table>", '<div class="scrolls" tabindex="0" role="group" aria-label="Table"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
}
