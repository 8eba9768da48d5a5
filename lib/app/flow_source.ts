/**
 * Owns the way to a subscription's phone when the flow of its last request will not do: closed, never known, or too narrow for a
 * large message.
 */
import { nextHopOf } from "../dialog/route_set.ts";
import type { FlowSource } from "../event/fanout.ts";
import type { Subscription } from "../event/subscription.ts";
import type { ContactTarget } from "../registrar/binding.ts";
import type { ContactFlows } from "../registrar/qualify.ts";
import type { ServerFlows } from "../uac/publication_ports.ts";
import { parseNameAddress } from "../sip/address.ts";
import { paramOf } from "../sip/params.ts";
import { parseUri, type Uri } from "../sip/uri.ts";
import type { Resolver, ResolverTarget } from "../transport/resolver.ts";
import type { Destination, Flow, Listener, TransportName } from "../transport/transport.ts";

/** What it needs of the transports. */
export interface FlowSourceParts {
  readonly resolver: Resolver;
  flowTo(destination: Destination, from?: Listener): Flow | undefined | Promise<Flow | undefined>;
  listenerNamed(name: string): Listener | undefined;
  flowToAny(destinations: readonly Destination[], from?: Listener): Promise<Flow | undefined>;
}

const TRANSPORTS: readonly string[] = ["udp", "tcp", "tls", "ws", "wss"] satisfies TransportName[];

/** Makes the way to contacts that the registrar probes: back to their source, else by route or URI. Source: RFC 3263 §4. */
export function createContactFlows(parts: FlowSourceParts): ContactFlows {
  async function find({ requestUri, routes, source }: ContactTarget): Promise<Flow | undefined> {
    if (source !== undefined) {
      const { transport, address, port } = source;
      return await parts.flowTo(
        { transport: transport as TransportName, address, port },
        parts.listenerNamed(source.listener),
      );
    }
    const uri = routes[0] === undefined ? parseUri(requestUri) : parseNameAddress(routes[0], "Path").uri;
    return await parts.flowToAny(await parts.resolver.resolve(targetOfUri(uri)));
  }
  return { flowFor: (target) => find(target).catch(() => undefined) };
}

/** Makes the flow source of the appliance. Source: RFC 3261 §12.2.1.1, §18.1.1; RFC 3263 §4. */
export function createFlowSource(parts: FlowSourceParts): FlowSource {
  async function find(subscription: Subscription, isReliableWanted: boolean): Promise<Flow | undefined> {
    const target = targetOf(subscription);
    const { flow, source } = subscription;
    if (!isReliableWanted) {
      // A datagram finds its way back through a NAT; a connection has to be made to where the Contact says.
      if (flow === undefined && source?.transport === "udp") {
        const known = await parts.flowTo(source, parts.listenerNamed(source.listener));
        if (known !== undefined) return known;
      }
      return await parts.flowToAny(await parts.resolver.resolve(target), flow?.listener);
    }
    // RFC 3261 §18.1.1: too large for a datagram goes by a stream, unless the peer has bound itself to datagrams.
    if (target.transport === "udp" || flow === undefined) return undefined;
    return await parts.flowTo({ transport: "tcp", address: flow.remoteAddress, port: target.port ?? 5060 });
  }

  return {
    // A broken name or port is no flow.
    flowFor: (subscription, isReliableWanted) => find(subscription, isReliableWanted).catch(() => undefined),
  };
}

/** Makes the way to servers that hintd publishes to. Source: RFC 3263 §4. */
export function createServerFlows(parts: FlowSourceParts): ServerFlows {
  async function find(uri: string, isReliableWanted: boolean): Promise<Flow | undefined> {
    const target = targetOfUri(parseUri(uri));
    if (isReliableWanted && target.transport === "udp") return undefined;
    const wanted: ResolverTarget = isReliableWanted ? { ...target, transport: target.transport ?? "tcp" } : target;
    return await parts.flowToAny(await parts.resolver.resolve(wanted));
  }
  return {
    flowFor: (uri, isReliableWanted) => find(uri, isReliableWanted).catch(() => undefined),
    noteFailure({ transport, remoteAddress, remotePort }) {
      parts.resolver.noteFailure({ transport, address: remoteAddress, port: remotePort });
    },
  };
}

function targetOf(subscription: Subscription): ResolverTarget {
  return targetOfUri(nextHopOf(subscription.dialog));
}

function targetOfUri(nextHop: Uri): ResolverTarget {
  const transport = paramOf(nextHop.params, "transport")?.toLowerCase();
  return {
    host: nextHop.host,
    port: nextHop.port,
    transport: transport !== undefined && TRANSPORTS.includes(transport) ? transport as TransportName : undefined,
    isSecure: nextHop.scheme === "sips",
  };
}
