/**
 * Owns what a schema cannot say: how the parts of a configuration must fit together.
 */
import { checkLists } from "./check_lists.ts";
import { checkMailboxes } from "./check_mailboxes.ts";
import { checkPublishing } from "./check_publishing.ts";
import type { Config } from "./config.ts";
import { splitBind } from "./options.ts";
import type { Path } from "./positions.ts";

/** Rules of other layers; what judges a text returns what is wrong, in words, or undefined. */
export interface ConfigRules {
  /** Text of a hint; the first thing that it quotes is the name that is wrong. */
  hint(text: string): string | undefined;
  /** Names that somebody provides, for a device or provider that nobody does. */
  spellings(name: string): readonly string[];
  /** SIP URI. */
  uri(text: string): string | undefined;
  /** Extension or pattern. */
  extension(text: string): string | undefined;
  /** Whether an extension is one of a pattern's. */
  matches(pattern: string, exten: string): boolean;
  /** Media types that can be published of an event, the usual one first. */
  publishedBodies(event: string): readonly string[];
  /** Regular expression over contexts or extensions. */
  expression(text: string): string | undefined;
  /** Members that a list may have. */
  readonly listMemberMax: number;
}

/** Where complaints go. `names` are what might have been meant. */
export interface Complaints {
  /** The configuration cannot be used. */
  error(path: Path, message: string, names?: readonly string[]): void;
  /** It can, but is hardly meant so. */
  warn(path: Path, message: string, names?: readonly string[]): void;
}

/** Passwords of the shipped config.toml: everybody knows them. */
const demoPasswords = ["alice-demo", "bob-demo", "carol-demo"];

/** Checks a configuration whose options are right one by one. */
export function checkConfig(config: Config, rules: ConfigRules, complaints: Complaints): void {
  checkLifetimes(config, complaints);
  checkLog(config, complaints);
  checkHttp(config, complaints);
  checkWebhooks(config, complaints);
  checkListeners(config, complaints);
  checkEndpoints(config, complaints);
  checkRegistrations(config, rules, complaints);
  checkMailboxes(config, complaints);
  checkContexts(config, rules, complaints);
  checkLists(config, rules, complaints);
  checkPublishing(config, rules, complaints);
}

/** Checks the lifetimes of subscriptions. What many endpoints share is told of the first one. */
function checkLifetimes({ server, endpoints }: Config, { error }: Complaints): void {
  const { min_expiry: min, max_expiry: max } = server;
  if (min > max) return error(["server", "min_expiry"], `found ${min}; it cannot be above max_expiry (${max})`);
  const told = new Set<number>();
  for (const [name, { sub_min_expiry: own }] of Object.entries(endpoints)) {
    if (own <= max || told.has(own)) continue;
    error(["endpoints", name, "sub_min_expiry"], `found ${own}; it cannot be above [server].max_expiry (${max})`);
    told.add(own);
  }
}

function checkHttp({ http }: Config, { error }: Complaints): void {
  if (http.password_hash === "" && !isLoopback(http.bind)) {
    error(
      ["http", "bind"],
      `"${http.bind}" can be reached from outside: password_hash is needed (hintd hash-password)`,
    );
  }
  const names = new Set<string>();
  http.tokens.forEach(({ name }, i) => {
    if (names.has(name)) error(["http", "tokens", i, "name"], `there is another token "${name}"`);
    names.add(name);
  });
}

function checkLog({ log }: Config, { error }: Complaints): void {
  const levels = new Map<string, string>();
  for (const level of ["debug", "info", "warn", "error"] as const) {
    log[level].forEach((area, i) => {
      const other = levels.get(area);
      if (other !== undefined) error(["log", level, i], `"${area}" has a level already: ${other}`);
      levels.set(area, level);
    });
  }
}

function checkWebhooks({ webhooks }: Config, { error, warn }: Complaints): void {
  const names = new Set<string>();
  webhooks.forEach(({ name, secret, events }, i) => {
    if (names.has(name)) error(["webhooks", i, "name"], `there is another webhook "${name}"`);
    names.add(name);
    if (events.length === 0) warn(["webhooks", i, "events"], "it is told of nothing");
    if (/^whsec_/.test(secret) && !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) {
      error(["webhooks", i, "secret"], 'expected base64 behind "whsec_"');
    }
  });
}

function checkListeners({ listen }: Config, { error, warn }: Complaints): void {
  if (listen.length === 0) warn(["listen"], "there is no [[listen]]: no phone can reach hintd");
  const binds = new Set<string>();
  const names = new Set<string>();
  listen.forEach((each, i) => {
    const socket = `${each.transport} ${each.bind}`;
    if (binds.has(socket) && splitBind(each.bind)?.port !== 0) {
      error(["listen", i, "bind"], `there is another listener on ${socket}`);
    }
    if (names.has(each.name)) error(["listen", i, "name"], `there is another listener "${each.name}"`);
    binds.add(socket);
    names.add(each.name);
    const isTls = each.transport === "tls" || each.transport === "wss";
    if (isTls && each.cert_file === "") {
      error(["listen", i], `transport ${each.transport} needs cert_file and key_file`);
    }
  });
}

function checkEndpoints(config: Config, { error, warn }: Complaints): void {
  const listeners = config.listen.map((each) => each.name);
  const owners = new Map<string, string>();
  for (const [name, endpoint] of Object.entries(config.endpoints)) {
    const path = ["endpoints", name];
    const { auth } = endpoint;
    if (auth === undefined && endpoint.match.length === 0) {
      warn(path, "has neither auth nor match: whoever uses this name is believed");
    }
    if (auth !== undefined) {
      const owner = owners.get(auth.username);
      if (owner !== undefined && endpoint.identify_by.includes("auth_username")) {
        error([...path, "auth", "username"], `"${auth.username}" is also the user name of endpoint "${owner}"`);
      }
      owners.set(auth.username, name);
      if (auth.password !== undefined && demoPasswords.includes(auth.password)) {
        warn([...path, "auth", "password"], "is the demo password that everybody knows: change it");
      }
    }
    if (endpoint.identify_by.length === 0) {
      error([...path, "identify_by"], "is empty: no request would be known to be this endpoint's");
    }
    if (endpoint.permit.length > 0 && endpoint.deny.length === 0) {
      warn([...path, "permit"], 'shuts nobody out without deny, such as deny = ["0.0.0.0/0"]');
    }
    if (endpoint.transport !== "" && !listeners.includes(endpoint.transport)) {
      error([...path, "transport"], `there is no listener "${endpoint.transport}"`, listeners);
    }
    for (const option of ["context", "subscribe_context"] as const) {
      const context = endpoint[option];
      if (context === "" || context in config.contexts) continue;
      warn(
        [...path, option],
        `there is no context "${context}": this endpoint finds no hints`,
        Object.keys(config.contexts),
      );
    }
    endpoint.aors.forEach((aor, i) => {
      if (!(aor in config.aors)) {
        error([...path, "aors", i], `there is no "${aor}" in [aors]`, Object.keys(config.aors));
      }
    });
  }
}

/** Checks the options of addresses-of-record, those that endpoints carry themselves included. */
function checkRegistrations({ endpoints, aors }: Config, rules: ConfigRules, { error }: Complaints): void {
  for (const [section, tables] of Object.entries({ endpoints, aors })) {
    for (const [name, table] of Object.entries(tables)) {
      const { minimum_expiration: min, maximum_expiration: max } = table;
      if (min > max) {
        const message = `found ${min}; it cannot be above maximum_expiration (${max})`;
        error([section, name, "minimum_expiration"], message);
      }
      table.contact.forEach((contact, i) => {
        const wrong = rules.uri(contact);
        if (wrong !== undefined) error([section, name, "contact", i], wrong);
      });
    }
  }
}

function checkContexts(config: Config, rules: ConfigRules, { error, warn }: Complaints): void {
  const contexts = Object.keys(config.contexts);
  const endpoints = Object.keys(config.endpoints);
  for (const [name, context] of Object.entries(config.contexts)) {
    context.include.forEach((included, i) => {
      if (!contexts.includes(included)) {
        error(["contexts", name, "include", i], `there is no context "${included}"`, contexts);
      }
    });
    for (const [exten, hint] of Object.entries(context.hints)) {
      const path = ["contexts", name, "hints", exten];
      const wrongExtension = rules.extension(exten);
      if (wrongExtension !== undefined) error(path, wrongExtension);
      const wrongHint = rules.hint(hint);
      if (wrongHint !== undefined) error(path, wrongHint, rules.spellings(/"([^"]*)"/.exec(wrongHint)?.[1] ?? ""));
      for (const [, endpoint] of hint.matchAll(/\b(?:PJSIP|SIP)\/([^&,($]+)(?![^&,(]*\$)/gi)) {
        if (endpoint === undefined || endpoints.includes(endpoint.trim())) continue;
        warn(path, `there is no endpoint "${endpoint.trim()}": its lamp stays unavailable`, endpoints);
      }
    }
  }
}

function isLoopback(bind: string): boolean {
  const address = splitBind(bind)?.address ?? "";
  return address === "localhost" || address === "::1" || address.startsWith("127.");
}
