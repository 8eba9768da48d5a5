/**
 * Owns endpoints and addresses-of-record.
 *
 * Theory. Asterisk keeps an endpoint in several sections: endpoint, aor, auth, identify. hintd keeps it in one, where its only
 * AOR has its name and nobody else's; other AORs get a table of their own. A value is written where the file said it, or where
 * Asterisk's default is not hintd's; what is the same for all endpoints moves to `[defaults.endpoint]`.
 */
import { aorSchema, endpointSchema } from "../config/schema_endpoint.ts";
import { type AccessLists, closed } from "./acl.ts";
import type { CredentialBook } from "./credentials.ts";
import { type Draft, draftOf, entryText, leaveOut } from "./draft.ts";
import { parseNetwork } from "./networks.ts";
import { type CommonLeftOut, takeCommon, takeCommonLeftOut } from "./common.ts";
import { convert, defaultOf, type Kind, listOf, type PjsipObject, type TargetOption } from "./options.ts";
import { aorOptions, asteriskDefaults, endpointOptions } from "./phone_options.ts";
import type { PjsipObjects } from "./pjsip.ts";
import { placeText } from "./report.ts";
import type { TomlValue } from "./toml.ts";

/** What endpoints need to know of the rest. */
export interface Surroundings {
  readonly objects: PjsipObjects;
  readonly credentials: CredentialBook;
  readonly accessLists: AccessLists;
  /** Names of the listeners that are written. */
  readonly listeners: ReadonlySet<string>;
  /** Voicemail extension of who has none. */
  readonly voicemailExtension: string;
}

/** What one endpoint needs to know besides. */
interface Neighbours extends Surroundings {
  /** Identify sections by endpoint. */
  readonly identifies: ReadonlyMap<string, readonly PjsipObject[]>;
  /** User names that endpoints have so far. */
  readonly authUsers: Set<string>;
}

/** The tables of all endpoints and of the AORs that stand alone. */
export interface Phones {
  /** `[defaults.endpoint]`: what all endpoints have in common. */
  readonly defaults: ReadonlyMap<string, TomlValue>;
  /** Options without counterpart that many endpoints have in common. */
  readonly commonLeftOut: readonly CommonLeftOut[];
  readonly endpoints: readonly Draft[];
  readonly aors: readonly Draft[];
}

/** Makes the tables. */
export function draftPhones(surroundings: Surroundings): Phones {
  const { objects } = surroundings;
  const inlined = ownAors(objects);
  const identifies = Map.groupBy(objects.of("identify").values(), (identify) => identify.text("endpoint"));
  const authUsers = new Set<string>();
  const endpoints = [...objects.of("endpoint").values()].map((endpoint) =>
    draftEndpoint(endpoint, inlined.get(endpoint.name), { ...surroundings, identifies, authUsers })
  );
  const alone = [...objects.of("aor").values()].filter((aor) => inlined.get(aor.name) !== aor);
  const aors = alone.map((aor) => {
    const draft = draftOf(["aors", aor.name], aor.place);
    takeOptions(draft, aor, aorOptions, aorSchema.shape);
    nameVoicemail(draft, surroundings.voicemailExtension);
    leaveOut(draft, aor);
    return draft;
  });
  const defaults = endpoints.length < 2 ? new Map<string, TomlValue>() : takeCommon(endpoints);
  const commonLeftOut = endpoints.length < 2 ? [] : takeCommonLeftOut(endpoints);
  return { defaults, commonLeftOut, endpoints, aors };
}

/** AORs that become part of their endpoint: nobody else has them, and what they tell of mailboxes is the same. */
function ownAors(objects: PjsipObjects): ReadonlyMap<string, PjsipObject> {
  const endpoints = [...objects.of("endpoint").values()];
  const users = Map.groupBy(endpoints.flatMap((endpoint) => endpoint.list("aors")), (name) => name);
  const own = new Map<string, PjsipObject>();
  for (const endpoint of endpoints) {
    const names = endpoint.list("aors");
    const aor = objects.of("aor").get(endpoint.name);
    if (aor === undefined || names.length !== 1 || names[0] !== endpoint.name) continue;
    if (users.get(endpoint.name)!.length > 1 || aor.list("mailboxes").length > 0) continue;
    if (aor.text("voicemail_extension") !== endpoint.text("voicemail_extension")) continue;
    own.set(endpoint.name, aor);
  }
  return own;
}

function draftEndpoint(
  endpoint: PjsipObject,
  aor: PjsipObject | undefined,
  { objects, credentials, accessLists, listeners, voicemailExtension, identifies, authUsers }: Neighbours,
): Draft {
  const draft = draftOf(["endpoints", endpoint.name], endpoint.place);
  const { values, notes } = draft;
  const username = takeAuth(draft, endpoint, credentials);
  const match = takeMatches(draft, identifies.get(endpoint.name) ?? []);
  takeIdentifyBy(draft, endpoint, username, authUsers);
  if (match.length > 0) values.set("match", match);
  const isShut = values.has("deny");
  for (const prefix of ["", "contact_"] as const) {
    const { deny, permit, notes: said } = accessLists.of(endpoint, prefix);
    notes.push(...said);
    if (isShut && prefix === "") continue;
    if (deny.length > 0) values.set(`${prefix}deny`, deny);
    if (permit.length > 0) values.set(`${prefix}permit`, permit);
  }
  takeOptions(draft, endpoint, endpointOptions, endpointSchema.shape);
  takeTransport(draft, endpoint, listeners);
  takeAors(draft, endpoint, aor, objects);
  nameVoicemail(draft, voicemailExtension);
  takePublications(draft, objects);
  leaveOut(draft, endpoint);
  if (aor !== undefined) leaveOut(draft, aor);
  return draft;
}

/** Carries over options of one name and meaning. */
function takeOptions(
  { values, notes }: Draft,
  object: PjsipObject,
  options: Readonly<Record<string, Kind>>,
  shape: Readonly<Record<string, TargetOption>>,
): void {
  for (const [option, kind] of Object.entries(options)) {
    const target = shape[option]!;
    const value = convert(object, option, kind, target, (text) => notes.push(`${text}.`)) ?? asteriskDefaults[option];
    if (value === undefined || (value === "" && defaultOf(target) === "")) continue;
    if (object.last(option) === undefined && value === defaultOf(target)) continue;
    values.set(option, value);
  }
}

/** Sets `auth`; without a password that was asked for, nobody may speak for the endpoint. Returns the user name. */
function takeAuth(draft: Draft, endpoint: PjsipObject, credentials: CredentialBook): string {
  const { values, notes } = draft;
  const names = endpoint.list("auth");
  if (names.length === 0) return "";
  const found = credentials.inbound(names, endpoint.name);
  notes.push(...found.notes);
  if (found.source !== undefined) leaveOut(draft, found.source);
  if (found.auth === undefined) {
    notes.push("Shut, because its password could not be carried over: set auth and take deny out.");
    values.set("deny", closed.deny);
  } else values.set("auth", found.auth);
  return found.username;
}

/** Addresses of the identify sections of an endpoint. */
function takeMatches({ notes, leftOut }: Draft, identifies: readonly PjsipObject[]): string[] {
  const found: string[] = [];
  for (const identify of identifies) {
    for (const { value, place } of identify.all("match")) {
      for (const text of listOf(value)) {
        if (parseNetwork(text) !== undefined) found.push(text.replace(/[[\]]/g, ""));
        else notes.push(`match = ${text} (${placeText(place)}): hintd takes addresses only, without a port.`);
      }
    }
    for (const entry of identify.among(["match_header", "match_request_uri"])) {
      notes.push(`${entryText(entry)} (${placeText(entry.place)}): requests are not identified by that here.`);
    }
    const entries = identify.unread().filter((entry) => entry.name.toLowerCase() !== "srv_lookups");
    if (entries.length > 0) leftOut.push({ origin: placeText(identify.place), entries });
  }
  return [...new Set(found)];
}

function takeIdentifyBy(
  { values, notes }: Draft,
  endpoint: PjsipObject,
  username: string,
  authUsers: Set<string>,
): void {
  const names = [...new Set(endpoint.list("identify_by").map((name) => name.toLowerCase()))];
  const known = names.filter((name) => ["username", "ip", "auth_username"].includes(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) notes.push(`identify_by = ${unknown.join(",")}: requests are not identified by that here.`);
  const isTaken = authUsers.has(username);
  if (username !== "") authUsers.add(username);
  if (known.includes("auth_username") && isTaken) {
    notes.push(`identify_by = auth_username: another endpoint has the user name "${username}" too.`);
    known.splice(known.indexOf("auth_username"), 1);
  }
  if (names.length > 0) values.set("identify_by", known);
}

function takeTransport({ values, notes }: Draft, endpoint: PjsipObject, listeners: ReadonlySet<string>): void {
  const transport = endpoint.text("transport");
  if (listeners.has(transport)) values.set("transport", transport);
  else if (transport !== "") notes.push(`transport = ${transport}: there is no such listener here.`);
}

/** Takes the options of the endpoint's own AOR, or names the others. */
function takeAors(draft: Draft, endpoint: PjsipObject, own: PjsipObject | undefined, objects: PjsipObjects): void {
  const { values, notes } = draft;
  const names = [...new Set(endpoint.list("aors"))];
  if (own !== undefined) {
    const { mailboxes: _mailboxes, voicemail_extension: _extension, ...options } = aorOptions;
    takeOptions(draft, own, options, aorSchema.shape);
    own.among(["mailboxes", "voicemail_extension"]);
    return;
  }
  const known = names.filter((name) => objects.of("aor").has(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) notes.push(`aors = ${unknown.join(",")}: there is no such section.`);
  if (known.length > 0) values.set("aors", known);
  else {
    notes.push("Without an AOR it cannot register.");
    values.set("max_contacts", 0);
  }
}

/** Gives a voicemail extension to who has mailboxes and none of his own. */
function nameVoicemail({ values }: Draft, extension: string): void {
  if (extension !== "" && values.has("mailboxes") && !values.has("voicemail_extension")) {
    values.set("voicemail_extension", extension);
  }
}

/** Lets an endpoint publish what an inbound-publication of Asterisk takes from it. */
function takePublications({ path, values, notes }: Draft, objects: PjsipObjects): void {
  for (const inbound of objects.of("inbound-publication").values()) {
    if (inbound.text("endpoint") !== path[1]) continue;
    for (const entry of inbound.unread()) {
      const publication = objects.of("asterisk-publication").get(entry.value);
      if (!/^event_asterisk-(devicestate|mwi)$/i.test(entry.name) || publication === undefined) continue;
      if (!publication.flag("device_state") && !publication.flag("mailbox_state")) continue;
      inbound.all(entry.name.toLowerCase());
      values.set("publish", ["*"]);
      for (const filter of publication.among(["device_state_filter", "mailbox_state_filter"])) {
        notes.push(`${entryText(filter)} (${placeText(filter.place)}): publish takes names, not expressions.`);
      }
    }
  }
}
