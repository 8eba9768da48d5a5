/**
 * Owns where message lamps are: the registrar's contacts in the words of those who tell them.
 */
import type { LampContacts } from "../event/mailboxes/unsolicited.ts";
import type { LampContact } from "../event/mailboxes/lamp.ts";
import { type Binding, targetOf } from "../registrar/binding.ts";
import type { ContactFlows } from "../registrar/qualify.ts";
import type { Registrar } from "../registrar/registrar.ts";
import type { Flow } from "../transport/transport.ts";

/** Makes them; flows are those of the transports. */
export function lampContacts(registrar: () => Registrar, flows: ContactFlows): LampContacts {
  const bindingOf = (endpoint: string, id: string) =>
    registrar().contactsOf(endpoint).find(({ record }) => record.id === id);
  return {
    contactsOf: (endpoint) => registrar().contactsOf(endpoint).map(lampContact),
    async flowFor(endpoint, { id }) {
      const binding = bindingOf(endpoint, id);
      return binding === undefined ? undefined : await flows.flowFor(targetOf(binding)) as Flow | undefined;
    },
  };
}

function lampContact(binding: Binding): LampContact {
  const { aor, record, status } = binding;
  const { source, callId, instance, uri } = record;
  const place = source === undefined ? "" : `${source.address} ${source.port}`;
  const { requestUri, routes } = targetOf(binding);
  return {
    id: record.id,
    aor: aor.name,
    origin: `${callId}\n${place}\n${uri}`,
    refresh: record.sequence,
    isReachable: status === "unqualified" || status === "unknown" ? undefined : status === "reachable",
    marks: [instance, uri.toLowerCase(), place].filter((mark) => mark !== ""),
    userAgent: record.userAgent,
    requestUri,
    routes,
    flow: binding.flow as Flow | undefined,
  };
}
