/**
 * Owns source rules: `permit` and `deny` of an endpoint, read once and asked per request.
 */
import { type AddressBytes, isInNetwork, type Network, parseNetwork } from "./networks.ts";

/** Compiled source rules; empty lists let everybody in. */
export interface Acl {
  /** Networks let in although denied. */
  readonly permit: readonly Network[];
  /** Networks shut out. */
  readonly deny: readonly Network[];
  /** A rule could not be read: nobody passes, as in Asterisk, because a hole is worse than a closed door. */
  readonly isClosed: boolean;
}

/**
 * Compiles `permit` and `deny`.
 *
 * @returns The rules; closed to everybody when any of them is not a network.
 */
export function compileAcl(rules: { readonly permit: readonly string[]; readonly deny: readonly string[] }): Acl {
  const permit = rules.permit.map(parseNetwork);
  const deny = rules.deny.map(parseNetwork);
  return {
    permit: permit.filter((network) => network !== undefined),
    deny: deny.filter((network) => network !== undefined),
    isClosed: permit.includes(undefined) || deny.includes(undefined),
  };
}

/**
 * Whether a source may speak for the endpoint: it is in no `deny`, or in a `permit` too.
 *
 * pjsip.conf lets the last matching line decide and lets in what no line matches. Two lists have no common order, so `deny`
 * counts as written first, which is how everybody writes it (`deny=0.0.0.0/0`, then `permit=…`). `permit` without `deny`
 * therefore shuts nobody out, there and here.
 */
export function isPermitted(acl: Acl, source: AddressBytes): boolean {
  if (acl.isClosed) return false;
  if (!acl.deny.some((network) => isInNetwork(source, network))) return true;
  return acl.permit.some((network) => isInNetwork(source, network));
}
