/**
 * Owns who may publish what, as the configuration says: an endpoint its own state, and what its `publish` grants.
 */
import type { Config, EndpointConfig } from "../config/config.ts";
import type { PublicationTargets } from "../publication/publications.ts";
import { matchesGlob } from "../runtime/glob.ts";
import type { Reject } from "../runtime/result.ts";
import type { StateEngine } from "../state/engine.ts";
import { deviceKey, mailboxKey } from "../state/hint.ts";

const notGranted = (publisher: string, name: string): Reject => ({
  status: 403,
  why: `"${publisher}" may not publish "${name}" (publish)`,
});

/** Makes the judge over PUBLISHes, by the configuration in force. */
export function publicationTargets(current: () => Config, engine: StateEngine): PublicationTargets {
  /** The device that dialogs and presence published for `user` belong to. */
  function deviceOf(publisher: string, endpoint: EndpointConfig, user: string): string | Reject {
    if (user === "" || user === publisher || endpoint.aors.includes(user)) return `PJSIP/${publisher}`;
    const resource = engine.lookup(endpoint.context, user);
    const name = resource?.devices[0] ?? (user in current().endpoints ? `PJSIP/${user}` : undefined);
    const device = name === undefined ? undefined : deviceKey(name);
    if (device === `PJSIP/${publisher}`) return device;
    if (!isGranted(endpoint, user) && (device === undefined || !isGranted(endpoint, device))) {
      return notGranted(publisher, user);
    }
    return device ?? { status: 404, why: `"${user}" is neither an extension with a device nor an endpoint` };
  }

  function mailboxOf(publisher: string, endpoint: EndpointConfig, user: string): string | Reject {
    const own = mailboxesOf(current(), endpoint);
    const isSelf = user === "" || user === publisher || endpoint.aors.includes(user);
    if (isSelf && own.length === 1) return own[0]!;
    const mailbox = mailboxKey(user);
    return own.includes(mailbox) || isGranted(endpoint, user) ? mailbox : notGranted(publisher, user);
  }

  return {
    targetOf(publisher, event, written) {
      const { endpoints, server } = current();
      const endpoint = endpoints[publisher];
      if (endpoint === undefined) return { status: 403, why: `there is no endpoint "${publisher}"` };
      const user = server.ignore_uri_user_options ? written.split(";", 1)[0]! : written;
      if (event === "message-summary") return mailboxOf(publisher, endpoint, user);
      if (!event.startsWith("asterisk-")) return deviceOf(publisher, endpoint, user);
      // What stands in the document is judged name by name.
      return endpoint.publish.length > 0 ? user : notGranted(publisher, event);
    },
    mayPublish(publisher, _event, name) {
      const endpoint = current().endpoints[publisher];
      if (endpoint === undefined) return false;
      return name === `PJSIP/${publisher}` || mailboxesOf(current(), endpoint).includes(name) ||
        isGranted(endpoint, name);
    },
  };
}

/** Mailboxes of an endpoint and its addresses-of-record, as `mailboxKey` spells them. */
function mailboxesOf(config: Config, endpoint: EndpointConfig): string[] {
  const all = [...endpoint.mailboxes, ...endpoint.aors.flatMap((aor) => config.aors[aor]?.mailboxes ?? [])];
  return all.map((mailbox) => mailboxKey(mailbox));
}

/** Whether `publish` names it: whole, or without its technology; `*` stands for any characters. */
function isGranted(endpoint: EndpointConfig, name: string): boolean {
  const bare = name.slice(name.search(/[/:]/) + 1);
  return endpoint.publish.some((grant) => matchesGlob(grant, name) || matchesGlob(grant, bare));
}
