/**
 * Owns the conversation with a running hintd over its control socket.
 */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { controlSocketPath } from "../http/control_socket.ts";
import { CliError } from "./errors.ts";

/** Milliseconds after which a hintd that accepts but does not answer is given up. */
const ANSWER_MILLIS = 30_000;

/** A problem document as it arrives. Source: RFC 9457 §3. */
interface ProblemDocument {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly { readonly detail: string }[];
}

/** A refusal by hintd. */
export class Refusal extends CliError {
  /** What hintd said. */
  readonly problem: ProblemDocument;

  /** A broken configuration exits 2, everything else 1. */
  constructor(problem: ProblemDocument) {
    super(problem.code === "bad_configuration" ? 2 : 1, problem.detail);
    this.problem = problem;
  }
}

/** Why nobody answers: hintd does not run, it accepts but says nothing, or whoever asks may not speak to it. */
export class NoAnswerError extends CliError {
  /** Which of these it is. */
  readonly state: "stopped" | "silent" | "closed";

  /** Exits 1. */
  constructor(state: NoAnswerError["state"], message: string) {
    super(1, message);
    this.state = state;
  }
}

/** Speaks to the hintd that runs on one configuration. */
export class ControlClient {
  readonly #socket: string;
  readonly #answerMillis: number;

  /** Throws CliError when the configuration file cannot be read. */
  constructor(configFile: string, { answerMillis = ANSWER_MILLIS } = {}) {
    this.#socket = controlSocketPath(configFile, dataDirOf(readConfigText(configFile)));
    this.#answerMillis = answerMillis;
  }

  /**
   * Calls the API.
   *
   * @param path Path below /api/v1, encoded.
   * @returns The answer's JSON; undefined for an empty answer. Throws NoAnswerError; Refusal when hintd refuses.
   */
  async call<T>(method: "GET" | "PUT" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`http://localhost/api/v1${path}`, {
        unix: this.#socket,
        method,
        signal: AbortSignal.timeout(this.#answerMillis),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      text = await response.text();
    } catch (error) {
      throw this.#noAnswer(error);
    }
    const value = text === "" ? undefined : JSON.parse(text);
    if (!response.ok) throw new Refusal(value as ProblemDocument);
    return value as T;
  }

  /** The items of a listing. */
  async list<T>(path: string): Promise<readonly T[]> {
    return (await this.call<{ items: readonly T[] }>("GET", path)).items;
  }

  #noAnswer(error: unknown): NoAnswerError {
    if (error instanceof Error && error.name === "TimeoutError") {
      return new NoAnswerError("silent", `It does not answer on ${this.#socket}`);
    }
    try {
      if (statSync(this.#socket, { throwIfNoEntry: false }) === undefined) {
        return new NoAnswerError("stopped", `It is not running: there is no ${this.#socket}`);
      }
      accessSync(this.#socket, constants.R_OK | constants.W_OK);
    } catch {
      return new NoAnswerError("closed", `No permission to use ${this.#socket}; run this as the user hintd runs as`);
    }
    return new NoAnswerError("stopped", `It is not running: nothing answers on ${this.#socket}`);
  }
}

/** The text of the configuration. Throws CliError 2 when it cannot be read. */
export function readConfigText(configFile: string): string {
  try {
    return readFileSync(configFile, "utf8");
  } catch (error) {
    const reason = (error as { code?: string }).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new CliError(2, `Cannot read ${configFile}: ${reason}`);
  }
}

/**
 * `server.data_dir` of a configuration that may be broken elsewhere: a running hintd must be reachable just then.
 *
 * @returns "data", its default, when the text does not say.
 */
export function dataDirOf(text: string): string {
  const section = /^\s*\[\s*server\s*\][^\n]*\n((?:(?!\s*\[)[^\n]*\n?)*)/m.exec(text)?.[1] ?? "";
  const found = /^\s*data_dir\s*=\s*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')/m.exec(section);
  if (found?.[1] !== undefined) return found[1].replace(/\\(["\\])/g, "$1");
  return found?.[2] ?? "data";
}
