/**
 * Owns the search for the hint of an extension: contexts, their includes, extensions before patterns.
 */
import { comparePatterns, isPattern, matchesPattern, parsePattern, type Pattern } from "./pattern.ts";

/** One `[contexts.NAME]`, keys as in config.toml. */
export interface ContextOptions {
  readonly include: readonly string[];
  readonly autohints: boolean;
  /** Extension or pattern → text of the hint. */
  readonly hints: Readonly<Record<string, string>>;
}

/** A hint that was found. */
export interface FoundHint {
  /** Context that holds it. */
  readonly context: string;
  /** The extension, or the pattern that fits it. */
  readonly rule: string;
  readonly text: string;
}

interface CompiledContext {
  readonly include: readonly string[];
  readonly hints: ReadonlyMap<string, string>;
  /** Most specific first. */
  readonly patterns: readonly Pattern[];
}

/** The dialplan's contexts as far as hints are concerned. */
export class Contexts {
  readonly #contexts: ReadonlyMap<string, CompiledContext>;
  /** Names of the contexts with autohints. */
  readonly withAutohints: ReadonlySet<string>;

  /** @param contexts Checked: a pattern that cannot be read is left out. */
  constructor(contexts: Readonly<Record<string, ContextOptions>>) {
    this.#contexts = new Map(Object.entries(contexts).map(([name, options]) => [name, compile(options)]));
    this.withAutohints = new Set(Object.keys(contexts).filter((name) => contexts[name]!.autohints));
  }

  /** Every hint of a plain extension, in the order of the configuration. */
  *explicit(): IterableIterator<FoundHint & { readonly exten: string }> {
    for (const [context, { hints }] of this.#contexts) {
      for (const [rule, text] of hints) if (!isPattern(rule)) yield { context, exten: rule, rule, text };
    }
  }

  /** Finds the hint of `exten`: in `context` itself, then in what it includes, in order and depth first; each once. */
  find(context: string, exten: string): FoundHint | undefined {
    return this.#find(context, exten, new Set());
  }

  /** Finds it in `context` alone. */
  findIn(context: string, exten: string): FoundHint | undefined {
    const compiled = this.#contexts.get(context);
    if (compiled === undefined || exten === "" || isPattern(exten)) return undefined;
    const rule = compiled.hints.has(exten)
      ? exten
      : compiled.patterns.find((pattern) => matchesPattern(pattern, exten))?.text;
    return rule === undefined ? undefined : { context, rule, text: compiled.hints.get(rule)! };
  }

  #find(context: string, exten: string, visited: Set<string>): FoundHint | undefined {
    if (visited.has(context)) return undefined;
    visited.add(context);
    const found = this.findIn(context, exten);
    if (found !== undefined) return found;
    for (const included of this.#contexts.get(context)?.include ?? []) {
      const deeper = this.#find(included, exten, visited);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  }

  /** The contexts that a search from `context` visits, in order. */
  reachable(context: string): ReadonlySet<string> {
    const visited = new Set<string>();
    // A search for what cannot be found goes all the way.
    this.#find(context, "", visited);
    return visited;
  }
}

function compile(options: ContextOptions): CompiledContext {
  const patterns: Pattern[] = [];
  for (const rule of Object.keys(options.hints)) {
    if (!isPattern(rule)) continue;
    const pattern = parsePattern(rule);
    if (typeof pattern !== "string") patterns.push(pattern);
  }
  return {
    include: options.include,
    hints: new Map(Object.entries(options.hints)),
    patterns: patterns.sort(comparePatterns),
  };
}
