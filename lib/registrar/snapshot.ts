/**
 * Owns the description of contacts for page and API.
 */
import type { EpochMillis, Millis } from "../runtime/clock.ts";
import type { Binding, ContactStatus } from "./binding.ts";

/** One contact as it is now. */
export interface ContactSnapshot {
  /** Unique; the same over refreshes. */
  readonly id: string;
  /** Name of the address-of-record. */
  readonly aor: string;
  /** Endpoints that are reached by it. */
  readonly endpoints: readonly string[];
  /** Contact URI as registered or configured. */
  readonly uri: string;
  /** From config.toml rather than from a REGISTER. */
  readonly isPermanent: boolean;
  /** What probing has found. */
  readonly status: ContactStatus;
  /** Milliseconds of the last answered probe. */
  readonly roundTripMillis: number | undefined;
  /** Empty when unknown. */
  readonly userAgent: string;
  /** `udp 192.168.1.20:5060`, where its REGISTER came from; empty for a permanent contact. */
  readonly source: string;
  /** Path values of its REGISTER; empty without. */
  readonly path: readonly string[];
  /** When it was first bound. */
  readonly registeredAt: EpochMillis;
  /** Wall instant of its end; undefined for a permanent contact. */
  readonly expiresAt: EpochMillis | undefined;
  /** Seconds left, as a 200 would say; undefined for a permanent contact. */
  readonly expiresSeconds: number | undefined;
}

/** Describes a contact. */
export function contactSnapshot(binding: Binding, now: Millis): ContactSnapshot {
  const { aor, record, isPermanent } = binding;
  return {
    id: record.id,
    aor: aor.name,
    endpoints: aor.endpoints,
    uri: record.uri,
    isPermanent,
    status: binding.status,
    roundTripMillis: binding.roundTripMillis,
    userAgent: record.userAgent,
    source: sourceText(binding),
    path: record.path,
    registeredAt: record.registeredAt,
    expiresAt: isPermanent ? undefined : record.expiresAt,
    expiresSeconds: isPermanent ? undefined : binding.secondsLeft(now),
  };
}

function sourceText({ record: { source } }: Binding): string {
  if (source === undefined) return "";
  const host = source.address.includes(":") ? `[${source.address}]` : source.address;
  return `${source.transport} ${host}:${source.port}`;
}
