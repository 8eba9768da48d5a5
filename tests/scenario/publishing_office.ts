/** An office whose phones publish their own calls. */
import { plainConfig, Site } from "../support/site.ts";

/** Bob watches 1000, which is Alice's phone. */
export const config = plainConfig.replace('1000 = "Custom:one"', '1000 = "PJSIP/alice"\n1002 = "Custom:door"');
/** State of the first call in a dialog-info document. */
export const stateOf = (body: string) => /<state>(\w+)</.exec(body)?.[1];

/** What Alice's phone says of its call. */
export function dialogInfo(state: string, version = 0): string {
  return `<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="full" entity="sip:alice@192.0.2.1">
  <dialog id="a1" call-id="c1@192.0.2.10" local-tag="l" remote-tag="r" direction="recipient">
    <state>${state}</state>
    <remote><identity display="Carol">sip:carol@example.com</identity></remote>
  </dialog>
</dialog-info>`;
}

interface PublishOptions {
  readonly user?: string;
  readonly event?: string;
  readonly body?: string;
  readonly type?: string;
  readonly match?: string;
  readonly expires?: number;
}

/** The office, with Bob watching, and the means to publish as Alice. */
export async function office(toml = config) {
  const site = await Site.start(toml);
  const watcher = site.phone("192.0.2.11");
  watcher.subscribe({ event: "dialog", exten: "1000", from: "sip:bob@192.0.2.1" });
  await site.pass();
  const phone = site.phone("192.0.2.10");
  let sequence = 0;
  async function publish({ user = "alice", event = "dialog", body, type, match, expires = 600 }: PublishOptions) {
    sequence++;
    phone.send([
      `PUBLISH sip:${user}@192.0.2.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKpub${sequence}`,
      "Max-Forwards: 70",
      "From: <sip:alice@192.0.2.1>;tag=p",
      `To: <sip:${user}@192.0.2.1>`,
      `Call-ID: pub${sequence}@192.0.2.10`,
      `CSeq: ${sequence} PUBLISH`,
      `Event: ${event}`,
      `Expires: ${expires}`,
      ...(match === undefined ? [] : [`SIP-If-Match: ${match}`]),
      ...(body === undefined ? [] : [`Content-Type: ${type ?? "application/dialog-info+xml"}`]),
      `Content-Length: ${Buffer.byteLength(body ?? "")}`,
      "",
      body ?? "",
    ].join("\r\n"));
    await site.pass();
    return phone.response;
  }
  return { site, watcher, phone, publish };
}
