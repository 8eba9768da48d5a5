/**
 * Owns how a dialog's route set turns into Request-URI, Route headers and next hop.
 */
import { parseNameAddress } from "../sip/address.ts";
import { hasParam } from "../sip/params.ts";
import { parseUri, type Uri } from "../sip/uri.ts";
import type { Dialog } from "./dialog.ts";

/** Where a request inside a dialog goes and what it carries. */
export interface RequestRoute {
  /** Request-URI text. */
  readonly requestUri: string;
  /** Values of the Route headers, in order. */
  readonly routes: readonly string[];
  /** URI that decides the transport address: RFC 3263 starts here. */
  readonly nextHop: Uri;
}

/**
 * Routes a request inside `dialog`, strict routers included.
 *
 * @throws ParseFailure when the remote target or the first route is no URI; both were checked when the dialog was made.
 * Source: RFC 3261 §12.2.1.1.
 */
export function routeRequest(dialog: Dialog): RequestRoute {
  const first = dialog.routeSet[0];
  if (first === undefined) {
    return { requestUri: dialog.remoteTarget, routes: [], nextHop: parseUri(dialog.remoteTarget) };
  }
  const route = parseNameAddress(first, "Record-Route");
  if (hasParam(route.uri.params, "lr")) {
    return { requestUri: dialog.remoteTarget, routes: dialog.routeSet, nextHop: route.uri };
  }
  // A strict router expects itself in the Request-URI and the target last.
  return {
    requestUri: route.uriText,
    routes: [...dialog.routeSet.slice(1), `<${dialog.remoteTarget}>`],
    nextHop: route.uri,
  };
}
