/**
 * Owns the translation of the configuration into what the layers ask for.
 */
import { compileAcl, isPermitted } from "../auth/acl.ts";
import { parseAddress } from "../auth/networks.ts";
import type { Config, EndpointConfig } from "../config/config.ts";
import type { NotifierRules, Subscriber } from "../event/notifier.ts";
import { createRefusals } from "../event/refusals.ts";
import type { MessageTeller } from "../uas/notify.ts";
import { type ListenerOptions, splitHostPort } from "../transport/listener_options.ts";

/** What the notifier may know of an endpoint. */
export function subscriberOf(name: string, endpoint: EndpointConfig): Subscriber {
  return {
    endpoint: name,
    mayNotSubscribe: !endpoint.allow_subscribe,
    context: endpoint.subscribe_context === "" ? endpoint.context : endpoint.subscribe_context,
    minExpirySeconds: endpoint.sub_min_expiry,
    subscriptionCountMax: endpoint.max_subscriptions,
    isContactRewritten: endpoint.rewrite_contact,
    isRportForced: endpoint.force_rport,
  };
}

/** What the handler of NOTIFY may know of an endpoint. */
export function messageTellerOf(endpoint: EndpointConfig | undefined): MessageTeller | undefined {
  return endpoint && { isRportForced: endpoint.force_rport, mailbox: endpoint.incoming_mwi_mailbox };
}

/** Section `[server]` as the notifier's rules. */
export function notifierRules(config: Config): NotifierRules {
  const { server } = config;
  return {
    minExpirySeconds: server.min_expiry,
    maxExpirySeconds: server.max_expiry,
    areUserOptionsIgnored: server.ignore_uri_user_options,
    refusals: createRefusals(server.sip_profile),
    isAcceptStrictOnRefresh: server.sip_profile === "rfc",
  };
}

/** `[[listen]]` as the transports take it. */
export function listenerOptions(config: Config): ListenerOptions[] {
  return config.listen.map((listen) => {
    const split = splitHostPort(listen.bind)!;
    return {
      name: listen.name,
      transport: listen.transport,
      address: split.host,
      port: split.port,
      isSymmetric: listen.symmetric_transport,
      externalAddress: listen.external_address,
      localNetworks: listen.local_net,
    };
  });
}

/** Whether `contact_permit` and `contact_deny` let an endpoint register a contact at `host`; a name is no address and passes only where nothing is denied. */
export function isContactPermitted(endpoint: EndpointConfig | undefined, host: string): boolean {
  if (endpoint === undefined) return false;
  const acl = compileAcl({ permit: endpoint.contact_permit, deny: endpoint.contact_deny });
  const address = parseAddress(host);
  return address === undefined ? acl.deny.length === 0 : isPermitted(acl, address);
}
