/**
 * Owns how a dialog's route set turns into Request-URI, Route headers and next hop.
 */
import { parseNameAddress } from "../sip/address.ts";
import { hasParam } from "../sip/params.ts";
import { parseUri, type Uri } from "../sip/uri.ts";
import type { Dialog } from "./dialog.ts";

const NO_ROUTES: readonly string[] = [];

/** What a request inside a dialog carries. */
export interface RequestRoute {
  /** Request-URI text. */
  readonly requestUri: string;
  /** Values of the Route headers, in order. */
  readonly routes: readonly string[];
}

/**
 * Routes a request inside `dialog`, strict routers included.
 *
 * @throws ParseFailure when the first route is no address; it was checked when the dialog was made.
 * Source: RFC 3261 §12.2.1.1.
 */
export function routeRequest(dialog: Dialog): RequestRoute {
  const first = dialog.routeSet[0];
  if (first === undefined) return { requestUri: dialog.remoteTarget, routes: NO_ROUTES };
  const route = parseNameAddress(first, "Record-Route");
  if (hasParam(route.uri.params, "lr")) {
    return { requestUri: dialog.remoteTarget, routes: dialog.routeSet };
  }
  // A strict router expects itself in the Request-URI and the target last.
  return { requestUri: route.uriText, routes: [...dialog.routeSet.slice(1), `<${dialog.remoteTarget}>`] };
}

/**
 * The URI that decides where a request inside `dialog` goes: RFC 3263 starts here.
 *
 * @throws ParseFailure as `routeRequest`.
 * Source: RFC 3261 §8.1.2, §12.2.1.1.
 */
export function nextHopOf(dialog: Dialog): Uri {
  const first = dialog.routeSet[0];
  return first === undefined ? parseUri(dialog.remoteTarget) : parseNameAddress(first, "Record-Route").uri;
}
