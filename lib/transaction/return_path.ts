/**
 * Owns the way back of a response: what of the request's top Via decides it.
 */
import type { Message } from "../sip/message.ts";
import { decimalOf } from "../sip/slice.ts";
import { defaultPort, type Flow } from "../transport/transport.ts";
import type { ResponseRoutes } from "./transaction.ts";

/** Where the response to one request goes. */
export interface ReturnPath {
  /** By which the request came. */
  readonly flow: Flow;
  /** Port of sent-by, or the transport's default. */
  readonly sentByPort: number;
  /** The request asks for an answer to its source port. Source: RFC 3581 §4. */
  readonly hasRport: boolean;
}

/** Reads the return path out of a parsed request. */
export function returnPathOf(request: Message, flow: Flow): ReturnPath {
  const { bytes, sentByHostEnd, sentByEnd } = request;
  let portStart = sentByEnd;
  while (portStart > sentByHostEnd && bytes[portStart - 1]! >= 0x30 && bytes[portStart - 1]! <= 0x39) portStart--;
  const port = sentByHostEnd === sentByEnd ? -1 : decimalOf(bytes, portStart, sentByEnd);
  const sentByPort = port > 0 && port <= 65_535 ? port : defaultPort(flow.transport);
  return { flow, sentByPort, hasRport: request.rportStart >= 0 };
}

/** Sends a response by the flow that is right for it, opening one if need be; what cannot be routed is lost. */
export function sendResponse(
  routes: ResponseRoutes,
  path: ReturnPath,
  isRportForced: boolean,
  bytes: Uint8Array,
): void {
  const route = routes.responseFlow(path.flow, path.sentByPort, path.hasRport || isRportForced);
  if (route instanceof Promise) void route.then((flow) => flow?.send(bytes));
  else route?.send(bytes);
}
