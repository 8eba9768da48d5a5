/**
 * Owns the answer to OPTIONS: what hintd can do.
 */
import { allowEvents } from "../event/event_package.ts";
import type { Reject } from "../runtime/result.ts";
import type { Message } from "../sip/message.ts";
import { Method } from "../sip/method.ts";
import type { ResponseOptions } from "../sip/response.ts";
import { type MethodHandler, supportedOptions } from "./router.ts";

/**
 * Makes the handler of OPTIONS. Anybody gets the same answer whatever the Request-URI names, so it tells of no user.
 *
 * @param allow Methods served, as Allow names them.
 * @param accept Media types that can be sent, evaluated at each request: the configuration may change.
 * Source: RFC 3261 §11.2.
 */
export function createOptionsHandler(allow: string, accept: () => string, server: string): MethodHandler {
  return {
    method: Method.options,
    name: "OPTIONS",
    handle(request: Message): ResponseOptions | Reject {
      const { scheme } = request.requestUri;
      if (scheme !== "sip" && scheme !== "sips") return { status: 416, why: `URI scheme "${scheme}"` };
      return {
        status: 200,
        headers: [
          ["Allow", allow],
          ["Allow-Events", allowEvents],
          ["Accept", accept()],
          ["Supported", supportedOptions.join(", ")],
          ["Server", server],
        ],
      };
    },
  };
}
