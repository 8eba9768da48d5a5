/**
 * Owns what is not an endpoint's: the sections global, system and transport.
 */
import { splitBind } from "../config/options.ts";
import { configSchema } from "../config/schema.ts";
import { type Draft, draftOf, leaveOut } from "./draft.ts";
import { parseNetwork } from "./networks.ts";
import { convert, type Kind, type PjsipObject, type TargetOption } from "./options.ts";
import type { PjsipObjects } from "./pjsip.ts";
import type { Place } from "./report.ts";

/** Option of pjsip.conf → its kind and its name in config.toml. */
type Names = Readonly<Record<string, readonly [kind: Kind, name: string]>>;

const globalOptions: Names = {
  user_agent: ["text", "user_agent"],
  ignore_uri_user_options: ["flag", "ignore_uri_user_options"],
  mwi_disable_initial_unsolicited: ["flag", "mwi_disable_initial_unsolicited"],
  max_initial_qualify_time: ["number", "max_initial_qualify_time"],
};

const systemOptions: Names = { timer_t1: ["number", "t1_ms"], timer_b: ["number", "timer_b_ms"] };

/** Options of `[global]` that others read. */
const readElsewhere = ["default_realm", "default_auth_algorithms_uas", "default_voicemail_extension"];

/** Transports that hintd serves; the others are written down, but not in force. */
const servedTransports = ["udp", "tcp"];

const serverShape: Readonly<Record<string, TargetOption>> = configSchema.shape.server.unwrap().shape;
const timersShape: Readonly<Record<string, TargetOption>> = configSchema.shape.timers.unwrap().shape;

/** Makes `[server]`. */
export function draftServer(global: PjsipObject | undefined, realm: string): Draft {
  const draft = draftOf(["server"], global?.place ?? nowhere);
  draft.values.set("realm", realm);
  if (global === undefined) return draft;
  global.among(readElsewhere);
  takeNamed(draft, global, globalOptions, serverShape);
  leaveOut(draft, global);
  return draft;
}

/** Makes `[timers]`; undefined when `[system]` says nothing. */
export function draftTimers(system: PjsipObject | undefined): Draft | undefined {
  if (system === undefined) return undefined;
  const draft = draftOf(["timers"], system.place);
  takeNamed(draft, system, systemOptions, timersShape);
  leaveOut(draft, system);
  return draft;
}

/** One `[[listen]]`. */
export interface ListenerDraft {
  readonly draft: Draft;
  readonly name: string;
  /** Why it is written but not in force; "" when it is. */
  readonly disabledBecause: string;
}

/** Makes the listeners. */
export function draftListeners(objects: PjsipObjects): readonly ListenerDraft[] {
  const sockets = new Set<string>();
  return [...objects.of("transport").values()].map((transport) => draftListener(transport, sockets));
}

function draftListener(transport: PjsipObject, sockets: Set<string>): ListenerDraft {
  const { name } = transport;
  const draft = draftOf(["listen"], transport.place);
  const { values, notes } = draft;
  const protocol = transport.text("protocol").toLowerCase() || "udp";
  const written = transport.text("bind");
  const bind = bindOf(written, protocol);
  values.set("name", name);
  values.set("transport", protocol);
  values.set("bind", bind ?? written);
  if (transport.flag("symmetric_transport")) values.set("symmetric_transport", true);
  const [certFile, keyFile] = [transport.text("cert_file"), transport.text("priv_key_file")];
  if (certFile !== "") values.set("cert_file", certFile);
  if (keyFile !== "") values.set("key_file", keyFile);
  const external = transport.text("external_signaling_address");
  if (external !== "") values.set("external_address", external);
  const nets = transport.list("local_net");
  const known = nets.filter((net) => parseNetwork(net) !== undefined);
  if (known.length > 0) values.set("local_net", known);
  const unknown = nets.filter((net) => !known.includes(net));
  if (unknown.length > 0) notes.push(`local_net = ${unknown.join(",")}: hintd takes addresses and networks only.`);
  leaveOut(draft, transport);

  const socket = `${protocol} ${bind}`;
  let disabledBecause = "";
  if (!servedTransports.includes(protocol)) disabledBecause = `hintd does not serve ${protocol} yet`;
  else if (bind === undefined) disabledBecause = `bind = ${written}: hintd takes a numeric address`;
  else if (sockets.has(socket)) disabledBecause = `another listener has ${socket}`;
  else sockets.add(socket);
  return { draft, name, disabledBecause };
}

/** `address:port` from Asterisk's `address[:port]`; undefined when the address is not numeric. */
function bindOf(text: string, protocol: string): string | undefined {
  const written = text === "" ? "0.0.0.0" : text;
  const hasBareIpv6 = written.split(":").length > 2 && !written.startsWith("[");
  const address = hasBareIpv6 ? `[${written}]` : written;
  const port = protocol === "tls" ? 5061 : 5060;
  const bind = /^(\[.*\]|[^:]*)$/.test(address) ? `${address}:${port}` : address;
  return splitBind(bind) === undefined ? undefined : bind;
}

function takeNamed(
  draft: Draft,
  object: PjsipObject,
  names: Names,
  shape: Readonly<Record<string, TargetOption>>,
): void {
  for (const [option, [kind, name]] of Object.entries(names)) {
    const value = convert(object, option, kind, shape[name]!, (text) => draft.notes.push(`${text}.`));
    if (value !== undefined && value !== "") draft.values.set(name, value);
  }
}

/** The place of what no file says. */
export const nowhere: Place = { file: "", line: 0 };
