/** Holds what the API answers against its own OpenAPI document. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { apiCalls } from "../../lib/http/api.ts";
import { type JsonSchema, openApiDocument, openApiPath, type OpenApiResponse } from "../../lib/http/openapi.ts";

const document = openApiDocument(apiCalls);
const ajv = new Ajv2020({ allErrors: true, strict: true, validateFormats: false });
// A name in the document is one of OpenAPI, none of JSON Schema.
ajv.addKeyword("components");
ajv.addSchema({ $id: "openapi", components: document.components }, "openapi");

/** Compiled once per shape. */
const validators = new Map<string, ValidateFunction>();

function validatorOf(schema: JsonSchema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = validators.get(key);
  if (known !== undefined) return known;
  const made = ajv.compile(JSON.parse(key.replaceAll('"#/components/', '"openapi#/components/')) as object);
  validators.set(key, made);
  return made;
}

/** The call in the document that `path`, below /api/v1, belongs to; undefined when there is none. */
function responsesOf(method: string, path: string): Readonly<Record<string, OpenApiResponse>> | undefined {
  const call = apiCalls.find((call) => {
    const pattern = call.path.replace(/:\w+\{\.\+\}/g, ".+").replace(/:\w+/g, "[^/]+");
    return call.method === method && new RegExp(`^${pattern}$`).test(path);
  });
  return call === undefined ? undefined : document.paths[openApiPath(call)]?.[method.toLowerCase()]?.responses;
}

/** What a value has that its shape forbids, or lacks. */
export function faultsOfShape(name: string, value: unknown): string[] {
  const validate = validatorOf({ $ref: `#/components/schemas/${name}` });
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`
  );
}

/** Throws when an answer is none that the document promises; `path` is below /api/v1, without a query. */
export async function expectContract(method: string, path: string, response: Response): Promise<void> {
  const what = `${method} ${path} → ${response.status}`;
  const promised = responsesOf(method === "HEAD" ? "GET" : method, path)?.[response.status];
  if (promised === undefined) {
    // What is no call at all is refused all the same, and in the same shape.
    if (response.status !== 404 && response.status !== 405) throw new Error(`${what} is not in the OpenAPI document`);
    return expectShape(what, { $ref: "#/components/schemas/ProblemDocument" }, await response.json());
  }
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (promised.content === undefined) {
    if (type !== "") throw new Error(`${what} has a body of type ${type}, but none is promised`);
    return;
  }
  const schema = promised.content[type]?.schema;
  if (schema === undefined) throw new Error(`${what} is ${type}, promised are ${Object.keys(promised.content)}`);
  if (method !== "HEAD" && type.endsWith("json")) expectShape(what, schema, await response.json());
}

function expectShape(what: string, schema: JsonSchema, value: unknown): void {
  const validate = validatorOf(schema);
  if (validate(value)) return;
  throw new Error(`${what} is not as the OpenAPI document says: ${ajv.errorsText(validate.errors)}`);
}
