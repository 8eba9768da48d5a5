/** Writes documents that publishers publish. */

/** Header of each kind of document. */
export const dialogType = "Content-Type: application/dialog-info+xml";
export const presenceType = "Content-Type: application/pidf+xml";
export const summaryType = "Content-Type: application/simple-message-summary";

/** A dialog-info document about calls, each as `dialog` writes it. */
export function dialogs(version: number, state: "full" | "partial", ...calls: readonly string[]): string {
  return [
    `<?xml version="1.0"?>`,
    `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="${version}" state="${state}" entity="sip:x@example">`,
    ...calls,
    `</dialog-info>`,
  ].join("\n");
}

/** A call with somebody, from the phone's point of view. */
export function dialog(id: string, state: "early" | "confirmed" | "terminated", party = "Ann"): string {
  return [
    `<dialog id="${id}" call-id="call-${id}" local-tag="mine-${id}" remote-tag="theirs-${id}" direction="recipient">`,
    `<state>${state}</state>`,
    `<remote><identity display="${party}">sip:${party}@example.com</identity></remote>`,
    `</dialog>`,
  ].join("\n");
}

/** A PIDF document with an RPID activity. */
export function presence(basic: "open" | "closed", activity: string, note: string): string {
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"`,
    ` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:x@example">`,
    `<tuple id="t1"><status><basic>${basic}</basic></status><note>${note}</note></tuple>`,
    `<dm:person id="p1"><rpid:activities><rpid:${activity}/></rpid:activities></dm:person>`,
    `</presence>`,
  ].join("\n");
}

/** A message summary. */
export function summary(fresh: number, old: number): string {
  return `Messages-Waiting: ${fresh > 0 ? "yes" : "no"}\nVoice-Message: ${fresh}/${old}\n`;
}
