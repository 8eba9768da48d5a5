/** @jsxImportSource hono/jsx */
/**
 * Owns the page at /api: the OpenAPI document, to be read by people.
 */
import type { Child } from "hono/jsx";
import type { JsonSchema, OpenApiCall, OpenApiDocument, OpenApiResponse } from "./openapi.ts";
import { Document, documentText } from "./page/document.tsx";
import { Cell, Row, Table } from "./page/sections.tsx";

/** The text of the page. */
export function apiPageText(document: OpenApiDocument, maySignOut: boolean): string {
  return documentText(<ApiPage document={document} maySignOut={maySignOut} />);
}

function ApiPage({ document, maySignOut }: { document: OpenApiDocument; maySignOut: boolean }) {
  const { info, paths, components } = document;
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ path, method: method.toUpperCase(), call }))
  );
  const stream = calls.find(({ call }) => call.description !== undefined);
  return (
    <Document title="API – hintd" site="/api" maySignOut={maySignOut}>
      <section class="preface">
        <h1>The API</h1>
        <p>
          <Words text={info.description} />
        </p>
        <p>
          Programs send a token of <code>[http].tokens</code>:{" "}
          <code>curl -H "Authorization: Bearer …" http://ADDRESS/api/v1/hints</code>. On the appliance itself the
          control socket asks for nothing:{" "}
          <code>curl --unix-socket data/control.sock http://localhost/api/v1/hints</code>.
        </p>
        <p>
          The same for programs: <a href="/api/v1/openapi.json">openapi.json</a>, version{" "}
          {info.version}. Numbers for Prometheus: <a href="/metrics">/metrics</a>.
        </p>
      </section>
      <section aria-labelledby="calls-title">
        <h2 id="calls-title">Calls</h2>
        <Table heads={["Call", "What it does", "Takes", "Answers"]}>
          {calls.map(({ path, method, call }) => (
            <Row key={call.operationId}>
              <Cell head="Call">
                <code class="call" id={call.operationId}>{method} /api/v1{path}</code>
              </Cell>
              <Cell head="What it does">{call.summary}</Cell>
              <Cell head="Takes">
                <Taken call={call} />
              </Cell>
              <Cell head="Answers">
                <Answers call={call} />
              </Cell>
            </Row>
          ))}
        </Table>
      </section>
      {stream !== undefined && (
        <section aria-labelledby="events-title">
          <h2 id="events-title">The stream of events</h2>
          <p class="prose">
            <Words text={stream.call.description!} />
          </p>
        </section>
      )}
      <section aria-labelledby="shapes-title">
        <h2 id="shapes-title">Shapes</h2>
        {Object.entries(components.schemas).map(([name, schema]) => <Shape key={name} name={name} schema={schema} />)}
      </section>
    </Document>
  );
}

/** Text whose code stands between backquotes. */
function Words({ text }: { text: string }) {
  return <>{text.split("`").map((part, i) => i % 2 === 1 ? <code key={i}>{part}</code> : part)}</>;
}

function Taken({ call }: { call: OpenApiCall }) {
  const body = call.requestBody?.content["application/json"]?.schema;
  if (body === undefined && call.parameters.length === 0) return <span class="faint">nothing</span>;
  return (
    <span>
      {body !== undefined && (
        <span>
          <Type schema={body} />
        </span>
      )}
      {call.parameters.map(({ name, description }) => (
        <small key={name}>
          <code>{name}</code>: <Words text={description} />
        </small>
      ))}
    </span>
  );
}

function Answers({ call }: { call: OpenApiCall }) {
  const entries = Object.entries(call.responses);
  const refusals = entries.filter(([status]) => Number(status) >= 400).map(([status]) => status);
  return (
    <span>
      {entries.filter(([status]) => Number(status) < 400).map(([status, response]) => (
        <span key={status}>
          {status} <Content response={response} />
        </span>
      ))}
      <small>
        <a href="#ProblemDocument">refused</a> with {refusals.join(", ")}
      </small>
    </span>
  );
}

function Content({ response: { content, description } }: { response: OpenApiResponse }) {
  const schema = content?.["application/json"]?.schema;
  return schema?.$ref === undefined ? <>{description}</> : <Type schema={schema} />;
}

function Shape({ name, schema }: { name: string; schema: JsonSchema }) {
  return (
    <section id={name}>
      <h3>{name}</h3>
      {schema.description !== undefined && (
        <p>
          <Words text={schema.description} />
        </p>
      )}
      {schema.properties === undefined
        ? (
          <p>
            <Type schema={schema} />
          </p>
        )
        : (
          <Table heads={["Field", "Type", "Meaning"]}>
            {Object.entries(schema.properties).map(([field, each]) => (
              <Row key={field}>
                <Cell head="Field">
                  <code>{field}</code>
                  {!schema.required?.includes(field) && <small>may be left out</small>}
                </Cell>
                <Cell head="Type">
                  <Type schema={each} />
                </Cell>
                <Cell head="Meaning">
                  <span>
                    <Words text={each.description ?? ""} />
                  </span>
                </Cell>
              </Row>
            ))}
          </Table>
        )}
    </section>
  );
}

/** The type of a value in words, shapes as links. */
function Type({ schema }: { schema: JsonSchema }): Child {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return <a href={`#${name}`}>{name}</a>;
  }
  if (schema.anyOf !== undefined) {
    return (
      <span>
        {schema.anyOf.map((each, i) => (
          <>
            {i > 0 && " or "}
            <Type schema={each} />
          </>
        ))}
      </span>
    );
  }
  if (schema.enum !== undefined) return <code>{schema.enum.join(", ")}</code>;
  if (schema.type === "array" && schema.items !== undefined) {
    return (
      <span>
        list of <Type schema={schema.items} />
      </span>
    );
  }
  if (typeof schema.additionalProperties === "object") {
    return (
      <span>
        table of <Type schema={schema.additionalProperties} />
      </span>
    );
  }
  return <>{schema.format === "date-time" ? "instant" : String(schema.type ?? "anything")}</>;
}
