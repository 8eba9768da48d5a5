/** What a phone and hintd say to each other when it begins to watch an extension, written out. */

/** One message of a conversation; sent is what hintd says. */
export interface Line {
  readonly isSent: boolean;
  readonly text: string;
}

/** A phone, and what it watches. */
export interface Conversation {
  readonly callId: string;
  readonly user?: string;
  readonly extension?: string;
  readonly agent?: string;
  readonly address?: string;
}

/** SUBSCRIBE, challenge, SUBSCRIBE with credentials, 200, NOTIFY, 200, and a second NOTIFY that is sent twice. */
export function watching(
  { callId, user = "bob", extension = "1000", agent = "Yealink SIP-T46U 108.86.0.20", address = "192.168.1.21" }:
    Conversation,
): Line[] {
  const token = callId.replaceAll("@", "-");
  const fromTo = `From: "${user}" <sip:${user}@192.168.1.5>;tag=p1\nTo: <sip:${extension}@192.168.1.5>`;
  const subscribe = (cseq: number, more = "") =>
    `SUBSCRIBE sip:${extension}@192.168.1.5 SIP/2.0\nVia: SIP/2.0/UDP ${address}:5060;branch=z9hG4bK-${token}-s${cseq}\n` +
    `${fromTo}\nCall-ID: ${callId}\nCSeq: ${cseq} SUBSCRIBE\nContact: <sip:${user}@${address}:5060>\n` +
    `Event: dialog\nExpires: 3600\nUser-Agent: ${agent}\n${more}Max-Forwards: 70\nContent-Length: 0\n\n`;
  const answer = (cseq: number, status: string, more = "") =>
    `SIP/2.0 ${status}\nVia: SIP/2.0/UDP ${address}:5060;branch=z9hG4bK-${token}-s${cseq}\n${fromTo};tag=h1\n` +
    `Call-ID: ${callId}\nCSeq: ${cseq} SUBSCRIBE\nServer: hintd\n${more}Content-Length: 0\n\n`;
  const body =
    `<?xml version="1.0" encoding="UTF-8"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" ` +
    `state="full" entity="sip:${extension}@192.168.1.5">\n <dialog id="${extension}">\n  <state>terminated</state>\n </dialog>\n</dialog-info>\n`;
  const length = new TextEncoder().encode(body.replaceAll("\n", "\r\n")).length;
  const notify = (cseq: number) =>
    `NOTIFY sip:${user}@${address}:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-${token}-n${cseq}\n` +
    `From: <sip:${extension}@192.168.1.5>;tag=h1\nTo: <sip:${user}@192.168.1.5>;tag=p1\nCall-ID: ${callId}\n` +
    `CSeq: ${cseq} NOTIFY\nContact: <sip:hintd@192.168.1.5>\nEvent: dialog\nSubscription-State: active;expires=3599\n` +
    `User-Agent: hintd\nContent-Type: application/dialog-info+xml\nMax-Forwards: 70\nContent-Length: ${length}\n\n${body}`;
  const ok = (cseq: number) =>
    `SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-${token}-n${cseq}\n` +
    `From: <sip:${extension}@192.168.1.5>;tag=h1\nTo: <sip:${user}@192.168.1.5>;tag=p1\nCall-ID: ${callId}\n` +
    `CSeq: ${cseq} NOTIFY\nUser-Agent: ${agent}\nContent-Length: 0\n\n`;
  const nonce = "4f2a9c";
  const credentials = `Authorization: Digest username="${user}", realm="hintd", nonce="${nonce}", ` +
    `uri="sip:${extension}@192.168.1.5", response="6629fae49393a05397450978507c4ef1", algorithm=MD5\n`;
  return [
    { isSent: false, text: subscribe(1) },
    { isSent: true, text: answer(1, "401 Unauthorized", `WWW-Authenticate: Digest realm="hintd", nonce="${nonce}"\n`) },
    { isSent: false, text: subscribe(2, credentials) },
    { isSent: true, text: answer(2, "200 OK", "Expires: 3600\n") },
    { isSent: true, text: notify(1) },
    { isSent: false, text: ok(1) },
    { isSent: true, text: notify(2) },
    { isSent: true, text: notify(2) },
    { isSent: false, text: ok(2) },
  ];
}
