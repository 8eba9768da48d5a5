/**
 * Owns the way from a directory of Asterisk's configuration to the text of a config.toml.
 */
import { AccessLists } from "./acl.ts";
import { writeContexts } from "./contexts.ts";
import { CredentialBook } from "./credentials.ts";
import { type Dialplan, emptyContext, readDialplan } from "./dialplan.ts";
import { type Draft, entriesText, writeDraft } from "./draft.ts";
import { draftPhones, type Phones } from "./endpoints.ts";
import type { PjsipObject } from "./options.ts";
import { addWizards, PjsipObjects, type WizardHint } from "./pjsip.ts";
import { type ConfigDirectory, readSections, type Section } from "./reader.ts";
import { placeText, Report } from "./report.ts";
import { draftListeners, draftServer, draftTimers, type ListenerDraft } from "./server.ts";
import { draftLists, draftPublications, type ServiceDraft } from "./services.ts";
import { TomlText } from "./toml.ts";

/** A configuration, or why there is none. */
export type Imported =
  | { readonly text: string; readonly remarks: readonly string[] }
  | { readonly errors: readonly string[] };

/** Files that say something of phones or hints and are not read, with what to do about it. */
const unreadFiles: Readonly<Record<string, string>> = {
  "extensions.ael": "is not read: hints in AEL are to be added by hand",
  "extensions.lua": "is not read: hints in Lua are to be added by hand",
  "sip.conf": "is not read: it is chan_sip's; its phones are to be added by hand",
  "users.conf": "is not read: its phones and hints are to be added by hand",
};

/** What sections say that have nothing to do with watchers, by type. */
const aboutTypes: Readonly<Record<string, string>> = {
  registration: "hintd registers nowhere",
  phoneprov: "hintd provisions no phones",
  contact: "contacts come by REGISTER, or stand in `contact`",
  domain_alias: "hintd does not look at the host of a URI",
  "asterisk-publication": "what others may publish stands in `publish` of their endpoint",
  "inbound-publication": "what others may publish stands in `publish` of their endpoint",
  identify: "there is no such endpoint",
  global: "the last section of this type counts",
  system: "the last section of this type counts",
  auth: "no endpoint names it",
};

/** Types that are made into tables. */
const importedTypes = ["transport", "endpoint", "aor", "resource_list", "outbound-publish"];

/** Types of which endpoints take what they can. */
const readInParts = ["acl", "asterisk-publication", "inbound-publication"];

/**
 * Reads pjsip.conf, pjsip_wizard.conf, acl.conf and extensions.conf with all that they include.
 *
 * @param name How the directory is called in the text.
 * @returns The text of a configuration, or every error with file and line.
 */
export function importAsterisk(directory: ConfigDirectory, name: string): Imported {
  const report = new Report();
  const read = (file: string): readonly Section[] =>
    directory.find(file).length === 0 ? [] : readSections(directory, file, report);
  const hasNone = ["pjsip.conf", "pjsip_wizard.conf", "extensions.conf"].every((file) =>
    directory.find(file).length === 0
  );
  if (hasNone) return { errors: [`${name}: there is neither pjsip.conf nor extensions.conf`] };

  const objects = new PjsipObjects(report);
  objects.addSections(read("pjsip.conf"));
  const wizardHints = addWizards(objects, read("pjsip_wizard.conf"), report);
  const lists = read("acl.conf");
  const dialplan = withWizardHints(readDialplan(read("extensions.conf")), wizardHints);
  if (report.errors.length > 0) return { errors: report.errors };
  for (const [file, message] of Object.entries(unreadFiles)) {
    if (directory.find(file).length > 0) report.remark(file, message);
  }
  return write({ name, objects, dialplan, lists, report });
}

/** What was read. */
interface Sources {
  readonly name: string;
  readonly objects: PjsipObjects;
  readonly dialplan: Dialplan;
  /** Sections of acl.conf. */
  readonly lists: readonly Section[];
  readonly report: Report;
}

function write({ name, objects, dialplan, lists, report }: Sources): Imported {
  const global = lastOf(objects, "global");
  const credentials = new CredentialBook(objects, global);
  const accessLists = new AccessLists(lists, [...objects.of("acl").values()]);
  const listeners = draftListeners(objects);
  const phones = draftPhones({
    objects,
    credentials,
    accessLists,
    listeners: new Set(listeners.filter((each) => each.disabledBecause === "").map((each) => each.name)),
    voicemailExtension: global?.text("default_voicemail_extension") ?? "",
  });
  const resourceLists = draftLists(objects);
  const publications = draftPublications(objects, credentials);

  const text = new TomlText();
  writeHead(text, name, report.remarks);
  text.title("The server");
  writeDraft(text, draftServer(global, credentials.realm));
  const timers = draftTimers(lastOf(objects, "system"));
  if (timers !== undefined) writeDraft(text, timers);
  writeListeners(text, listeners);
  text.title("The page and the API");
  text.table("http");
  text.comment(
    "Open to this machine only. For others: bind to another address and set password_hash (hintd hash-password).",
  );
  text.pair("bind", "127.0.0.1:8080");
  writePhones(text, phones);
  text.title("Extensions that can be watched");
  writeContexts(text, dialplan, contextsOf(phones));
  writeServices(text, "Lists: one subscription for a whole key panel", resourceLists);
  writeServices(text, "States for other servers", publications);
  writeOthers(text, othersIn(objects, credentials.unused), accessLists.unused);
  return { text: text.toString(), remarks: report.remarks };
}

function writeHead(text: TomlText, name: string, remarks: readonly string[]): void {
  text.comment(`hintd configuration, made by \`hintd import-asterisk\` from ${name}.`);
  text.comment("");
  text.comment(
    "What has no counterpart stands here as a comment, with the file and the line that it comes from. Options that are not " +
      "here have hintd's defaults. Look it over, then: hintd check, hintd run.",
  );
  text.comment(
    "Where Asterisk goes on running on the same machine, one of the two needs other ports: see [[listen]].",
  );
  if (remarks.length === 0) return;
  text.comment("");
  text.comment("Worth a look:");
  for (const remark of remarks) text.comment(`- ${remark}`, "  ");
}

function writeListeners(text: TomlText, listeners: readonly ListenerDraft[]): void {
  text.title("Where phones reach hintd");
  for (const listener of listeners) writeOrDisable(text, listener, true);
  if (inForce(listeners) > 0) return;
  text.arrayTable("listen");
  text.comment(
    listeners.length === 0
      ? "pjsip.conf names no transport; this is the usual one."
      : "The usual one, so that there is one.",
  );
  text.pair("transport", "udp");
  text.pair("bind", "0.0.0.0:5060");
}

function writePhones(text: TomlText, { defaults, commonLeftOut, endpoints, aors }: Phones): void {
  text.title("Phones");
  if (endpoints.length === 0) text.comment("There are no endpoints.");
  if (defaults.size > 0) {
    text.table("defaults", "endpoint");
    text.comment("What all endpoints have in common.");
    for (const [key, value] of defaults) text.pair(key, value);
  }
  text.blank();
  for (const { whose, lines } of commonLeftOut) text.comment(`No counterpart, of ${whose}: ${lines.join("; ")}`, "  ");
  for (const draft of endpoints) writeDraft(text, draft);
  for (const draft of aors) writeDraft(text, draft);
}

function writeServices(text: TomlText, title: string, drafts: readonly ServiceDraft[]): void {
  if (drafts.length === 0) return;
  text.title(title);
  for (const draft of drafts) writeOrDisable(text, draft, false);
}

/** Writes a table, or the comment that it becomes when it cannot be in force. */
function writeOrDisable(text: TomlText, { draft, disabledBecause }: ServiceDraft, isOneOfSeveral: boolean): void {
  if (disabledBecause === "") return writeDraft(text, draft, isOneOfSeveral);
  const disabled = new TomlText();
  writeDraft(disabled, draft, isOneOfSeveral);
  text.blank();
  text.comment(`Not in force: ${disabledBecause}.`);
  for (const line of disabled.toString().trimEnd().split("\n")) text.disabled(line);
}

/** The objects that no table holds, or not all of. */
function othersIn(objects: PjsipObjects, unusedAuths: readonly PjsipObject[]): readonly PjsipObject[] {
  return objects.types.flatMap((type) => {
    const all = [...objects.of(type).values()];
    if (type === "auth") return unusedAuths;
    if (type === "identify") return all.filter((identify) => !objects.of("endpoint").has(identify.text("endpoint")));
    if (type === "global" || type === "system") return all.slice(0, -1);
    if (importedTypes.includes(type)) return [];
    return readInParts.includes(type) ? all.filter((object) => object.unread().length > 0) : all;
  });
}

/** Tells of what no table holds. */
function writeOthers(text: TomlText, others: readonly PjsipObject[], accessLists: readonly Section[]): void {
  if (others.length + accessLists.length === 0) return;
  text.title("What has no counterpart");
  for (const object of others) {
    const about = aboutTypes[object.type] ?? "no counterpart";
    const entries = entriesText(object.unread());
    const rest = entries === "" ? "" : `: ${entries}`;
    text.comment(`${placeText(object.place)}: [${object.name}] type = ${object.type}, ${about}${rest}`, "  ");
  }
  for (const { name, place } of accessLists) {
    text.comment(`${placeText(place)}: [${name}], no endpoint obeys this list`);
  }
}

function withWizardHints(dialplan: Dialplan, hints: readonly WizardHint[]): Dialplan {
  const contexts = new Map(dialplan.contexts);
  for (const { context: name, exten, device, place } of hints) {
    const context = contexts.get(name) ?? emptyContext(name, place);
    contexts.set(name, context);
    context.hints.push({ exten, text: device, unknown: [], caller: "", place });
  }
  return { ...dialplan, contexts };
}

/** Contexts in which endpoints look for hints. */
function contextsOf({ defaults, endpoints }: Phones): ReadonlySet<string> {
  const tables = [defaults, ...endpoints.map((draft: Draft) => draft.values)];
  const named = tables.flatMap((values) => [values.get("context"), values.get("subscribe_context")]);
  return new Set([...named.filter((name) => typeof name === "string"), "default"]);
}

function lastOf(objects: PjsipObjects, type: string): PjsipObject | undefined {
  return [...objects.of(type).values()].at(-1);
}

function inForce(drafts: readonly { readonly disabledBecause: string }[]): number {
  return drafts.filter((draft) => draft.disabledBecause === "").length;
}
