/**
 * Who may import whom, as data. Arrows never turn back: a layer imports what its row names and nothing else.
 *
 * `types` are imported for their shape only (`import type`). A third-party package belongs to the rows that name it.
 * The table in `lib/README.md` says the same for people; `layers_test.ts` holds the code and that table to this one.
 */

/** What one layer, a directory of `lib` or the file `app.ts`, may import. */
export type Layer = {
  readonly ours: readonly string[];
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
  /** Files outside `lib` whose text it carries. */
  readonly files?: readonly string[];
};

/** Layers from the bottom up. */
export const layers: Readonly<Record<string, Layer>> = {
  runtime: { ours: [], packages: ["pino"] },
  sip: { ours: [] },
  config: { ours: [], packages: ["smol-toml", "toml-eslint-parser", "zod", "fastest-levenshtein", "ipaddr.js"] },
  transport: { ours: ["sip", "runtime"] },
  trace: { ours: ["sip", "runtime", "transport"] },
  transaction: { ours: ["sip", "runtime", "transport"] },
  dialog: { ours: ["sip", "runtime"] },
  auth: { ours: ["sip", "runtime"], packages: ["ipaddr.js"] },
  registrar: { ours: ["sip", "runtime"] },
  state: { ours: ["runtime"] },
  body: { ours: ["state", "runtime"], packages: ["saxes"] },
  publication: { ours: ["sip", "runtime", "state", "body"] },
  event: { ours: ["sip", "runtime", "transaction", "transport", "dialog", "state", "body"] },
  uas: { ours: ["sip", "runtime", "transaction", "transport", "auth", "registrar", "publication", "event"] },
  uac: { ours: ["sip", "runtime", "transaction", "transport", "auth", "state", "body"] },
  store: { ours: ["runtime"], types: ["state", "registrar", "publication", "event", "uac"] },
  help: { ours: [] },
  http: { ours: ["runtime", "config", "help"], packages: ["hono", "zod", "prom-client"] },
  app: {
    ours: [
      "runtime",
      "sip",
      "config",
      "transport",
      "trace",
      "transaction",
      "dialog",
      "auth",
      "registrar",
      "state",
      "body",
      "publication",
      "event",
      "uas",
      "uac",
      "store",
      "http",
    ],
  },
  import: { ours: ["config", "state"] },
  doctor: { ours: ["config", "runtime", "sip", "transport", "store"] },
  cli: {
    ours: ["config", "runtime", "http", "import", "doctor", "app"],
    packages: ["commander"],
    files: ["config.toml"],
  },
};
