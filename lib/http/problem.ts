/**
 * Owns problem documents: how the API says no.
 *
 * Source: RFC 9457.
 */
import type { ControlsError } from "./controls.ts";
import type { BodyFault } from "./schemas.ts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** Members of a problem document beyond status and detail. */
export interface ProblemOptions {
  /** Headers the status demands: Allow, Retry-After, WWW-Authenticate. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Faults of the request body or of the configuration. */
  readonly errors?: readonly (BodyFault | { readonly detail: string })[];
}

/** A refusal on its way to the client; thrown by handlers, answered at one place. */
export class Problem extends Error {
  /** Tells it from other errors. */
  override readonly name = "Problem";
  /** HTTP status. */
  readonly status: number;
  /** What went wrong, for programs. */
  readonly code: string;
  /** Headers and faults. */
  readonly options: ProblemOptions;

  /**
   * A refusal with everything its document says.
   *
   * @param status HTTP status, 400–599.
   * @param code What went wrong, for programs: `unknown_field`.
   * @param detail What went wrong, for people: one sentence, no full stop.
   */
  constructor(status: number, code: string, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.options = options;
  }
}

/** Writes `problem` as its document. Source: RFC 9457 §3. */
export function problemResponse(problem: Problem): Response {
  const { status, code, message, options } = problem;
  const body = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail: message, code };
  return new Response(JSON.stringify(options.errors === undefined ? body : { ...body, errors: options.errors }), {
    status,
    headers: { "content-type": "application/problem+json", ...options.headers },
  });
}

/** The store's way to say no. */
export type Refusal = ControlsError | (Error & { readonly name: "StoreError" });

/** Whether `error` is the store's way to say no. */
export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && (error.name === "ControlsError" || error.name === "StoreError");
}
