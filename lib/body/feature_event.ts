/**
 * Owns application/x-as-feature-event+xml: what is set on the phones of an endpoint, do-not-disturb and forwardings.
 *
 * The format is no RFC's: documents of ECMA-323 as BroadWorks sends them ("Device Feature Key Synchronization") and Yealink, Fanvil, Poly
 * and Cisco read them. One document tells one feature. An endpoint that has never forwarded anything is told of do-not-disturb alone;
 * all others get a multipart/mixed of all features.
 */
import type { ForwardingKind, Forwardings } from "../state/features.ts";
import { appendText, createDocument, serialize } from "./document.ts";
import { RenderedBody } from "./rendered.ts";
import { documentText } from "./text.ts";

/** Media type of one document. */
export const featureEventType = "application/x-as-feature-event+xml";

/** Its namespace, without which Poly phones restart. */
export const featureNamespace = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/** How documents name the kinds. */
export const forwardingNames: Readonly<Record<ForwardingKind, string>> = {
  immediate: "forwardImmediate",
  busy: "forwardBusy",
  no_answer: "forwardNoAns",
};

const BOUNDARY = "hintd-features";

/** Value of Content-Type of a body that tells of these forwardings. */
export function featureContentType(forwardings: Forwardings): string {
  return Object.keys(forwardings).length === 0 ? featureEventType : `multipart/mixed;boundary=${BOUNDARY}`;
}

/** What is told. */
export interface FeatureSubject {
  /** Name of the endpoint. */
  readonly endpoint: string;
  readonly isDoNotDisturb: boolean;
  readonly forwardings: Forwardings;
}

/** Makes the body. */
export function featureEvent({ endpoint, isDoNotDisturb, forwardings }: FeatureSubject): RenderedBody {
  const dnd = documentOf("DoNotDisturbEvent", endpoint, [["doNotDisturbOn", String(isDoNotDisturb)]]);
  const contentType = featureContentType(forwardings);
  if (contentType === featureEventType) return new RenderedBody(contentType, dnd);
  const others = (Object.keys(forwardingNames) as ForwardingKind[]).map((kind) => {
    const { isActive, to, ringCount } = forwardings[kind] ?? { isActive: false, to: "", ringCount: 0 };
    return documentOf("ForwardingEvent", endpoint, [
      ["forwardingType", forwardingNames[kind]],
      ["forwardStatus", String(isActive)],
      ["forwardTo", documentText(to)],
      ...(ringCount === 0 ? [] : [["ringCount", String(ringCount)] as const]),
    ]);
  });
  const parts = [dnd, ...others].map((text) => `--${BOUNDARY}\r\nContent-Type: ${featureEventType}\r\n\r\n${text}\r\n`);
  return new RenderedBody(contentType, `${parts.join("")}--${BOUNDARY}--\r\n`);
}

function documentOf(name: string, endpoint: string, children: readonly (readonly [string, string])[]): string {
  const root = createDocument(name, { xmlns: featureNamespace });
  appendText(root, "device", documentText(endpoint));
  for (const [child, text] of children) appendText(root, child, text);
  return serialize(root);
}
