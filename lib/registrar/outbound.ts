/**
 * Owns what Path and the outbound extension make of a REGISTER.
 */
import type { Reject } from "../runtime/result.ts";
import { parseNameAddress } from "../sip/address.ts";
import { Header } from "../sip/header_names.ts";
import type { Message } from "../sip/message.ts";
import { hasParam, paramOf } from "../sip/params.ts";
import type { Aor } from "./aor.ts";
import type { ContactFlow } from "./binding.ts";
import type { RequestedContact } from "./contact.ts";
import { refusals } from "./refusals.ts";

/**
 * The Path of a REGISTER.
 *
 * @returns Its values in order, empty without; a Reject 420 when the address-of-record does not take Path or the phone did
 * not ask for it.
 * @throws ParseFailure for a value that is no address.
 * Source: RFC 3327 §5.3.
 */
export function readPath(request: Message, aor: Aor): readonly string[] | Reject {
  const path = request.all(Header.path);
  if (path.length === 0) return path;
  const isAskedFor = request.supported.includes("path") || request.require.includes("path");
  if (aor.options.support_path !== true || !isAskedFor) return refusals.pathUnsupported;
  for (const value of path) parseNameAddress(value, "Path");
  return path;
}

/** Whether the phone understands outbound. */
export function speaksOutbound(request: Message): boolean {
  return request.supported.includes("outbound") || request.require.includes("outbound");
}

/**
 * Whether a flow can be registered: by a stream of the phone's own, or through a first hop that says `ob`.
 *
 * A datagram flow of the phone's own cannot: it would be kept alive by STUN, which is not spoken here. Its reg-id is
 * ignored, as for any registrar without outbound.
 * Source: RFC 5626 §6, §4.4.2.
 */
export function mayRegisterFlow(request: Message, path: readonly string[], flow: ContactFlow): boolean {
  if (request.vias.length === 1) return flow.isReliable;
  return path.length > 0 && hasParam(parseNameAddress(path[0]!, "Path").uri.params, "ob");
}

/**
 * Judges the reg-ids of a REGISTER.
 *
 * @param isFlowRegistrable See `mayRegisterFlow`.
 * @returns The contacts, without reg-ids where those do not count; a Reject 439 when a proxy in front lacks outbound, 400 for
 * a flow registered among other contacts.
 * Source: RFC 5626 §6.
 */
export function judgeFlows(
  request: Message,
  contacts: readonly RequestedContact[],
  isFlowRegistrable: boolean,
): readonly RequestedContact[] | Reject {
  if (!isFlowRegistrable) {
    const isBehindProxy = request.vias.length > 1;
    const asksForFlow = contacts.some(({ params }) => paramOf(params, "reg-id") !== undefined);
    if (isBehindProxy && asksForFlow && speaksOutbound(request)) return refusals.firstHopLacksOutbound;
    return contacts.map((contact) => contact.regId === 0 ? contact : { ...contact, regId: 0 });
  }
  const living = contacts.filter(({ expiresSeconds }) => expiresSeconds > 0);
  return living.length > 1 && living.some(({ regId }) => regId !== 0) ? refusals.flowAmongOthers : contacts;
}
