/**
 * Owns what people set on their phones besides presence: where their calls go. One state for all phones of an endpoint.
 */

/** When calls go elsewhere. */
export const forwardingKinds = ["immediate", "busy", "no_answer"] as const;

/** One of them. */
export type ForwardingKind = (typeof forwardingKinds)[number];

/** Where calls go. */
export interface Forwarding {
  readonly isActive: boolean;
  /** Number as the phone says it; empty for none, kept while it is not active. */
  readonly to: string;
  /** Rings before calls go there; 0 where nobody said. */
  readonly ringCount: number;
}

/** Those that an endpoint has ever set. */
export type Forwardings = Readonly<Partial<Record<ForwardingKind, Forwarding>>>;

/** The disk. */
export interface FeaturesPort {
  /** Everything stored, by endpoint. @throws StoreError when it cannot be read. */
  load(): ReadonlyMap<string, Forwardings>;
  /** Stores them durably. @throws StoreError: nothing was changed. */
  save(endpoint: string, forwardings: Forwardings): void;
}

const none: Forwardings = {};

/** The forwardings of all endpoints. */
export class Features {
  readonly #port: FeaturesPort;
  readonly #forwardings: Map<string, Forwardings>;

  constructor(port: FeaturesPort) {
    this.#port = port;
    this.#forwardings = new Map(port.load());
  }

  /** Those of an endpoint. */
  forwardingsOf(endpoint: string): Forwardings {
    return this.#forwardings.get(endpoint) ?? none;
  }

  /** Stores one; false when it was so already. @throws StoreError: nothing was changed. */
  setForwarding(endpoint: string, kind: ForwardingKind, forwarding: Forwarding): boolean {
    const former = this.forwardingsOf(endpoint);
    if (areEqual(former[kind], forwarding)) return false;
    const next = { ...former, [kind]: forwarding };
    this.#port.save(endpoint, next);
    this.#forwardings.set(endpoint, next);
    return true;
  }
}

function areEqual(a: Forwarding | undefined, b: Forwarding): boolean {
  return a !== undefined && a.isActive === b.isActive && a.to === b.to && a.ringCount === b.ringCount;
}
