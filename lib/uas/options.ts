/**
 * Owns the answer to OPTIONS: what hintd can do.
 */
import { allowEvents } from "../event/event_package.ts";
import { Method } from "../sip/method.ts";
import type { MethodHandler } from "./router.ts";

/** What the answer tells; functions where the configuration may change it. */
export interface Abilities {
  /** Methods served, as Allow names them. */
  readonly allow: string;
  /** Option tags of whatever method. */
  readonly supported: readonly string[];
  /** Media types that can be sent. */
  accept(): string;
  /** Value of Server. */
  server(): string;
}

/**
 * Makes the handler of OPTIONS. Anybody gets the same answer whatever the Request-URI names, so it tells of no user.
 *
 * Source: RFC 3261 §11.2.
 */
export function createOptionsHandler(abilities: Abilities): MethodHandler {
  return {
    method: Method.options,
    name: "OPTIONS",
    options: [],
    isForAnybody: true,
    handle(request) {
      const { scheme } = request.requestUri;
      if (scheme !== "sip" && scheme !== "sips") return { status: 416, why: `URI scheme "${scheme}"` };
      return {
        status: 200,
        headers: [
          ["Allow", abilities.allow],
          ["Allow-Events", allowEvents],
          ["Accept", abilities.accept()],
          ["Supported", abilities.supported.join(", ")],
          ["Server", abilities.server()],
        ],
      };
    },
  };
}
