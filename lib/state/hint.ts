/**
 * Owns the grammar of a hint: `DEVICES[,PRESENCE][(Name)]`.
 */

/** A hint taken apart; names as written. */
export interface Hint {
  /** Devices, `&`-separated in the text. */
  readonly devices: readonly string[];
  /** Presence providers. */
  readonly providers: readonly string[];
  /** Display name; empty for none. */
  readonly name: string;
}

/** What a hint may name before the slash or colon, by its canonical spelling. */
const deviceForms = ["PJSIP/name", "SIP/name", "Custom:name", "MWI:box@context"];

/**
 * Takes a hint apart. The first comma divides devices from presence; empty names between `&` are skipped. A name in
 * parentheses ends the text, unless a variable stands before it: then the whole text is devices, as in extensions.conf.
 */
export function parseHint(text: string): Hint {
  let body = text.trim();
  let name = "";
  const open = body.indexOf("(");
  if (open >= 0 && body.endsWith(")") && !body.slice(0, open).includes("$[")) {
    name = body.slice(open + 1, -1).trim();
    body = body.slice(0, open);
  }
  const comma = body.indexOf(",");
  const devices = comma < 0 ? body : body.slice(0, comma);
  const providers = comma < 0 ? "" : body.slice(comma + 1);
  return { devices: namesIn(devices), providers: namesIn(providers), name };
}

/**
 * Fills the variables of a hint: `${EXTEN}`, `${CONTEXT}`; any other one is empty. Done after the hint was taken apart, so that
 * an extension cannot smuggle devices in.
 */
export function fillHint(hint: Hint, exten: string, context: string): Hint {
  const fill = (text: string) =>
    text.replaceAll(
      /\$\{([^}]*)\}/g,
      (_all, name) => ({ EXTEN: exten, CONTEXT: context } as Record<string, string>)[name] ?? "",
    );
  return { devices: hint.devices.map(fill), providers: hint.providers.map(fill), name: fill(hint.name) };
}

/**
 * The one key of a device, whatever its spelling: technology and provider in any case, `SIP/x` is `PJSIP/x`.
 *
 * @returns undefined for a device that nobody provides.
 */
export function deviceKey(device: string): string | undefined {
  const match = /^(?:(pjsip|sip)\/(.+)|(custom|mwi):(.+))$/i.exec(device);
  if (match === null) return undefined;
  if (match[2] !== undefined) return `PJSIP/${match[2]}`;
  return match[3]!.toLowerCase() === "mwi" ? `MWI:${mailboxKey(match[4]!)}` : `Custom:${match[4]}`;
}

/** A mailbox with its context; `default` where none is named. */
export function mailboxKey(mailbox: string): string {
  return mailbox.includes("@") ? mailbox : `${mailbox}@default`;
}

/** The one key of a presence provider, or undefined for one that nobody provides. */
export function providerKey(provider: string): string | undefined {
  const match = /^custompresence:(.+)$/i.exec(provider);
  return match === null ? undefined : `CustomPresence:${match[1]}`;
}

/** What is wrong with the text of a hint, in words for the operator; undefined when nothing is. */
export function checkHint(text: string): string | undefined {
  const { devices, providers } = fillHint(parseHint(text), "1000", "default");
  if (devices.length === 0 && providers.length === 0) return "names neither a device nor a presence provider";
  for (const device of devices) {
    if (deviceKey(device) !== undefined) continue;
    if (providerKey(device) !== undefined) {
      return `"${device}" is a presence provider; presence stands behind a comma: ",${device}"`;
    }
    return `nobody provides the device "${device}"; accepted are ${deviceForms.join(", ")}`;
  }
  for (const provider of providers) {
    if (providerKey(provider) !== undefined) continue;
    return `nobody provides the presence "${provider}"; accepted is CustomPresence:name`;
  }
  return undefined;
}

function namesIn(text: string): string[] {
  return text.split("&").map((name) => name.trim()).filter((name) => name !== "");
}
