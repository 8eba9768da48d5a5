/**
 * Owns how the options of message waiting must fit together.
 */
import type { Complaints } from "./checks.ts";
import type { Config } from "./config.ts";
import type { Path } from "./positions.ts";

/** A name, and a context behind "@" or none. */
const MAILBOX = /^[^\s,@&()]+(?:@[^\s,@&()]+)?$/;

/** Checks mailboxes and who may watch them. */
export function checkMailboxes({ endpoints, aors }: Config, { error, warn }: Complaints): void {
  function checkNames(path: Path, mailboxes: readonly string[]): void {
    mailboxes.forEach((mailbox, i) => {
      if (!MAILBOX.test(mailbox)) error([...path, "mailboxes", i], notMailbox(mailbox));
    });
  }

  for (const [name, aor] of Object.entries(aors)) checkNames(["aors", name], aor.mailboxes);
  const own = Object.entries(endpoints).filter(([, endpoint]) => endpoint.aors.length === 0).map(([name]) => name);
  const names = [...Object.keys(aors), ...own];
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const path = ["endpoints", name];
    checkNames(path, endpoint.mailboxes);
    const incoming = endpoint.incoming_mwi_mailbox;
    if (incoming !== "" && !MAILBOX.test(incoming)) error([...path, "incoming_mwi_mailbox"], notMailbox(incoming));
    endpoint.watch_mailboxes.forEach((watched, i) => {
      if (watched.includes("*") || names.includes(watched)) return;
      warn(
        [...path, "watch_mailboxes", i],
        `there is neither an endpoint nor an address-of-record "${watched}"`,
        names,
      );
    });
    if (endpoint.mwi_subscribe_replaces_unsolicited) continue;
    for (const aor of endpoint.aors) {
      const told = endpoint.mailboxes.map(keyOf);
      const shared = aors[aor]?.mailboxes.find((mailbox) => told.includes(keyOf(mailbox)));
      if (shared === undefined) continue;
      warn(
        [...path, "mailboxes"],
        `its phones are told of "${shared}" unsolicited: when they subscribe to "${aor}" they are refused; ` +
          "mwi_subscribe_replaces_unsolicited = true lets them",
      );
    }
  }
}

function notMailbox(text: string): string {
  return `"${text}" is no mailbox; accepted are names such as "100" and "100@default", one by one`;
}

/** A mailbox with its context. */
function keyOf(mailbox: string): string {
  return mailbox.includes("@") ? mailbox : `${mailbox}@default`;
}
