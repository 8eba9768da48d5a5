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
 * Takes a hint apart. The first comma divides devices from presence; empty names between `&` are skipped; a name in
 * parentheses ends the text. Unlike in extensions.conf, a variable before the name does not make the name part of a device.
 */
export function parseHint(text: string): Hint {
  let body = text.trim();
  let name = "";
  const open = body.indexOf("(");
  if (open >= 0 && body.endsWith(")")) {
    name = body.slice(open + 1, -1).trim();
    body = body.slice(0, open);
  }
  const comma = body.indexOf(",");
  const devices = comma < 0 ? body : body.slice(0, comma);
  const providers = comma < 0 ? "" : body.slice(comma + 1);
  return { devices: namesIn(devices), providers: namesIn(providers), name };
}

/** Writes a hint, for people to read. */
export function hintText({ devices, providers, name }: Hint): string {
  return devices.join("&") + (providers.length > 0 ? `,${providers.join("&")}` : "") + (name === "" ? "" : `(${name})`);
}

/**
 * Fills the variables of a hint: `${EXTEN}` and `${CONTEXT}`, each also as a part, `${EXTEN:offset:length}`; any other one is
 * empty. Done after the hint was taken apart, so that an extension cannot smuggle devices in.
 */
export function fillHint(hint: Hint, exten: string, context: string): Hint {
  const fill = (text: string) =>
    text.replaceAll(VARIABLES, (_variable, expression) => valueOf(expression, exten, context) ?? "");
  return { devices: hint.devices.map(fill), providers: hint.providers.map(fill), name: fill(hint.name) };
}

const VARIABLES = /\$\{([^}]*)\}/g;
const EXPRESSION = /^(EXTEN|CONTEXT)(?::(-?\d+)(?::(-?\d+))?)?$/;

/** Value of what stands between `${` and `}`; undefined when it means nothing here. */
function valueOf(expression: string, exten: string, context: string): string | undefined {
  const match = EXPRESSION.exec(expression);
  if (match === null) return undefined;
  const value = match[1] === "EXTEN" ? exten : context;
  const rest = value.slice(Number(match[2] ?? 0));
  return match[3] === undefined ? rest : rest.slice(0, Number(match[3]));
}

/**
 * The one key of a device, whatever its spelling: technology and provider in any case, `SIP/x` is `PJSIP/x`.
 *
 * @returns undefined for a device that nobody provides.
 */
export function deviceKey(device: string): string | undefined {
  const match = /^(?:(pjsip|sip)\/(.+)|(custom|mwi):(.+))$/is.exec(device);
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
  const match = /^custompresence:(.+)$/is.exec(provider);
  return match === null ? undefined : `CustomPresence:${match[1]}`;
}

/** The same name behind everything that there is before a name, for one that nobody provides; empty for one of ours. */
export function spellingsOf(name: string): string[] {
  if (deviceKey(name) !== undefined || providerKey(name) !== undefined) return [];
  const rest = name.slice(name.search(/[/:]/) + 1);
  return ["PJSIP/", "Custom:", "MWI:", "CustomPresence:"].map((form) => form + rest);
}

/** What is wrong with the text of a hint, in words for the operator; undefined when nothing is. */
export function checkHint(text: string): string | undefined {
  if (text.includes("$[")) return 'an expression "$[…]" is not worked out; accepted are ${EXTEN} and ${CONTEXT}';
  for (const [variable, expression] of text.matchAll(VARIABLES)) {
    if (valueOf(expression!, "", "") === undefined) {
      return `"${variable}" means nothing here; accepted are \${EXTEN} and \${CONTEXT}, also as \${EXTEN:offset:length}`;
    }
  }
  const { devices, providers } = parseHint(text);
  if (devices.length === 0 && providers.length === 0) return "names neither a device nor a presence provider";
  const torn = [...devices, ...providers].find((name) => /[()]/.test(name));
  if (torn !== undefined) {
    return `"${torn}" has a parenthesis; a name in parentheses ends the hint: "PJSIP/alice(Alice)"`;
  }
  for (const device of devices) {
    if (deviceKey(device) !== undefined) continue;
    if (providerKey(device) !== undefined) {
      return `"${device}" is a presence provider; presence stands behind a comma: ",${device}"`;
    }
    return `nobody provides the device "${device}"; accepted are ${deviceForms.join(", ")}`;
  }
  for (const provider of providers) {
    if (provider.includes(",")) return `"${provider}" has a comma; presence providers are joined with "&"`;
    if (providerKey(provider) !== undefined) continue;
    if (deviceKey(provider) !== undefined) {
      return `"${provider}" is a device; devices stand before the comma, joined with "&"`;
    }
    return `nobody provides the presence "${provider}"; accepted is CustomPresence:name`;
  }
  return undefined;
}

function namesIn(text: string): string[] {
  return text.split("&").map((name) => name.trim()).filter((name) => name !== "");
}
