/**
 * Owns what one `[outbound_publish.NAME]` means: its options, its addresses, the hints it takes.
 */
import type { ClientCredentials } from "../auth/client.ts";
import { mediaTypesShowing } from "../body/generators.ts";
import { parseUri, type Uri, writeUri } from "../sip/uri.ts";

/** One `[outbound_publish.NAME]`, keys as in config.toml. */
export interface OutboundPublishConfig {
  readonly server_uri: string;
  readonly event: "presence" | "dialog" | "asterisk-devicestate" | "asterisk-mwi";
  /** Media type; empty: the usual one of the event. */
  readonly body: string;
  /** One publication per extension, whose name becomes the user of all addresses. */
  readonly multi_user: boolean;
  /** Regular expressions over the hints; empty: all. */
  readonly context: string;
  readonly exten: string;
  /** Empty: as `server_uri`. */
  readonly from_uri: string;
  readonly to_uri: string;
  /** Seconds. */
  readonly expiration: number;
  readonly auth?: ClientCredentials | undefined;
}

/** Who publishes what about whom, as it stands in a PUBLISH. */
export interface PublishAddresses {
  /** Request-URI; also how the server is found. */
  readonly requestUri: string;
  /** URI of From: LOCAL of the bodies. */
  readonly from: string;
  /** URI of To: REMOTE of the bodies. */
  readonly to: string;
}

/** Media types that can be published of an event, the usual one first; none for an event that is not published. */
export function publishedMediaTypes(event: string): readonly string[] {
  return event.startsWith("asterisk-") ? ["application/json"] : mediaTypesShowing(event);
}

/** The media type of a section's bodies, lower case. */
export function mediaTypeOf({ body, event }: Pick<OutboundPublishConfig, "body" | "event">): string {
  return body === "" ? publishedMediaTypes(event)[0]! : body.toLowerCase();
}

/**
 * The addresses of one publication.
 *
 * @param user Replaces the users of all three; undefined leaves them as they are.
 * @throws ParseFailure when one of them is no URI.
 * Source: RFC 3903 §4.
 */
export function addressesOf(
  config: Pick<OutboundPublishConfig, "server_uri" | "from_uri" | "to_uri">,
  user: string | undefined,
): PublishAddresses {
  const server = parseUri(config.server_uri);
  const address = (text: string) => writeUri(withUser(text === "" ? identityOf(server) : parseUri(text), user));
  return {
    requestUri: writeUri(withUser(server, user)),
    from: address(config.from_uri),
    to: address(config.to_uri),
  };
}

function withUser(uri: Uri, user: string | undefined): Uri {
  return user === undefined ? uri : { ...uri, user, password: undefined };
}

/** What only tells the way to a server; From and To may not have it. Source: RFC 3261 §19.1.1, table 1. */
const WAY_PARAMS = ["transport", "maddr", "ttl", "method", "lr"];

function identityOf(uri: Uri): Uri {
  const params = uri.params.filter(({ name }) => !WAY_PARAMS.includes(name));
  return { ...uri, port: undefined, params, headers: [] };
}

/** Which hints a section publishes. */
export function hintFilter(
  { context, exten }: Pick<OutboundPublishConfig, "context" | "exten">,
): (hint: { readonly context: string; readonly exten: string }) => boolean {
  const contexts = expressionOf(context);
  const extensions = expressionOf(exten);
  return (hint) => contexts.test(hint.context) && extensions.test(hint.exten);
}

/** What is wrong with an expression, in words, or undefined. */
export function checkExpression(text: string): string | undefined {
  for (const [, bracket, name = ""] of text.matchAll(/\[([:=.])(\w+)\1\]/g)) {
    if (bracket === ":" && name in posixClasses) continue;
    const known = Object.keys(posixClasses).map((each) => `[:${each}:]`).join(" ");
    return `"${text}" has [${bracket}${name}${bracket}] in it; accepted are ${known}`;
  }
  try {
    expressionOf(text);
    return undefined;
  } catch {
    return `"${text}" is no regular expression`;
  }
}

/** POSIX character classes, which JavaScript's expressions lack. */
const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  digit: "0-9",
  lower: "a-z",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** A POSIX extended expression as one of ours: no matter of case, not anchored. */
function expressionOf(text: string): RegExp {
  return new RegExp(text.replace(/\[:(\w+):\]/g, (whole, name: string) => posixClasses[name] ?? whole), "i");
}
