/** Owns the Via value in full; matching and routing on the data plane use `Message`'s integers instead. */
import { Char } from "./chars.ts";
import { Cursor } from "./cursor.ts";
import { readHostPort, writeHost } from "./host.ts";
import { type Param, paramOf, readParams, writeParams } from "./params.ts";
import { decimalOfText } from "./slice.ts";

/** One hop. */
export interface Via {
  /** Transport in upper case: UDP, TCP, TLS, WS, WSS, or any other token. */
  readonly transport: string;
  /** sent-by host, IPv6 without brackets. */
  readonly host: string;
  /** sent-by port; `undefined` when there is none. */
  readonly port: number | undefined;
  /** All parameters in order, names in lower case. */
  readonly params: readonly Param[];
  /** `branch`; `undefined` for peers of RFC 2543. */
  readonly branch: string | undefined;
  /** `received`, IPv6 without brackets. */
  readonly received: string | undefined;
  /** Whether `rport` is there, with or without a value. */
  readonly hasRport: boolean;
  /** Value of `rport`; `undefined` for a bare one. */
  readonly rport: number | undefined;
}

/** Parses one Via value from text. Throws `ParseFailure`. Source: RFC 3261 §20.42. */
export function parseVia(text: string): Via {
  const cursor = Cursor.over(text, "Via");
  cursor.skipLws();
  const via = readVia(cursor);
  cursor.finish("Via", "RFC 3261 §20.42");
  return via;
}

/**
 * Reads one Via value up to a comma or the end.
 *
 * Rejects another protocol than SIP/2.0, a malformed sent-by or parameter, an `rport` that is no port. `received` is
 * taken with or without brackets.
 * Source: RFC 3261 §20.42, RFC 3581 §3, RFC 5118 §4.5.
 */
export function readVia(cursor: Cursor): Via {
  const isSip = cursor.takeWord("sip") && cursor.takeSeparator(Char.slash) && cursor.takeWord("2.0") &&
    cursor.takeSeparator(Char.slash);
  if (!isSip) cursor.fail("protocol is not SIP/2.0", "RFC 3261 §20.42");
  const transport = cursor.token("transport").toUpperCase();
  cursor.skipLws();
  const { host, port } = readHostPort(cursor);
  const params = readParams(cursor);
  cursor.skipLws();
  const received = paramOf(params, "received");
  const rport = paramOf(params, "rport");
  return {
    transport,
    host,
    port,
    params,
    branch: paramOf(params, "branch"),
    received: received?.startsWith("[") ? received.slice(1, -1) : received,
    hasRport: rport !== undefined,
    rport: rport === undefined || rport === "" ? undefined : portOf(cursor, rport),
  };
}

function portOf(cursor: Cursor, text: string): number {
  const port = decimalOfText(text);
  if (port < 1 || port > 65_535) {
    cursor.fail("rport is not between 1 and 65535", "RFC 3581 §3");
  }
  return port;
}

/** Writes a Via value from its transport, sent-by and `params`. Source: RFC 3261 §20.42. */
export function writeVia(via: Pick<Via, "transport" | "host" | "port" | "params">): string {
  const port = via.port === undefined ? "" : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${writeHost(via.host)}${port}${writeParams(via.params)}`;
}
