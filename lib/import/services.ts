/**
 * Owns resource lists and outbound publications.
 */
import { configSchema } from "../config/schema.ts";
import type { CredentialBook } from "./credentials.ts";
import { type Draft, draftOf, leaveOut } from "./draft.ts";
import { convert, type Kind, type PjsipObject, type TargetOption } from "./options.ts";
import type { PjsipObjects } from "./pjsip.ts";

/** A table that stands in the file, or why it does not. */
export interface ServiceDraft {
  readonly draft: Draft;
  /** Why it is written but not in force; "" when it is. */
  readonly disabledBecause: string;
}

const listShape: Readonly<Record<string, TargetOption>> = configSchema.shape.lists.unwrap().valueType.shape;
const publishShape: Readonly<Record<string, TargetOption>> =
  configSchema.shape.outbound_publish.unwrap().valueType.shape;

const listOptions: Readonly<Record<string, Kind>> = {
  full_state: "flag",
  notification_batch_interval: "number",
  resource_display_name: "flag",
};

const publishOptions: Readonly<Record<string, Kind>> = {
  server_uri: "text",
  event: "text",
  "@body": "text",
  multi_user: "flag",
  "@context": "text",
  "@exten": "text",
  from_uri: "text",
  to_uri: "text",
  expiration: "number",
};

/** Makes `[lists]`. */
export function draftLists(objects: PjsipObjects): readonly ServiceDraft[] {
  return [...objects.of("resource_list").values()].map((list) => {
    const draft = draftOf(["lists", list.name], list.place);
    const { values, notes } = draft;
    const event = list.text("event");
    const written = list.list("list_item");
    const items = [...new Set(written)].filter((item) => item !== list.name);
    if (new Set(written).size < written.length) notes.push("A member that was named twice stands here once.");
    if (written.includes(list.name)) notes.push(`list_item = ${list.name}: a list cannot contain itself.`);
    values.set("event", event);
    values.set("list_item", items);
    takeAll(draft, list, listOptions, listShape);
    leaveOut(draft, list);
    let disabledBecause = "";
    if (!listShape.event!.safeParse(event).success) disabledBecause = `event = ${event}: there are no lists of that`;
    else if (items.length === 0) disabledBecause = "a list needs a list_item";
    return { draft, disabledBecause };
  });
}

/** Makes `[outbound_publish]`. */
export function draftPublications(objects: PjsipObjects, credentials: CredentialBook): readonly ServiceDraft[] {
  return [...objects.of("outbound-publish").values()].map((publish) => {
    const draft = draftOf(["outbound_publish", publish.name], publish.place);
    takeAll(draft, publish, publishOptions, publishShape);
    for (const option of ["context", "exten"]) {
      if (!/\[[=.]/.test(String(draft.values.get(option) ?? ""))) continue;
      draft.notes.push(`@${option}: of classes, [[:digit:]] and its like are known; [[=a=]] and [[.a.]] are not.`);
    }
    const names = publish.list("outbound_auth");
    const auth = names.length === 0 ? undefined : credentials.outbound(names, draft.notes);
    if (auth !== undefined) draft.values.set("auth", auth);
    leaveOut(draft, publish);
    const missing = ["server_uri", "event"].filter((option) => !draft.values.has(option));
    const disabledBecause = missing.length === 0 ? "" : `it has no ${missing.join(" and no ")} that hintd knows`;
    return { draft, disabledBecause };
  });
}

function takeAll(
  { values, notes }: Draft,
  object: PjsipObject,
  options: Readonly<Record<string, Kind>>,
  shape: Readonly<Record<string, TargetOption>>,
): void {
  for (const [option, kind] of Object.entries(options)) {
    const name = option.replace("@", "");
    const value = convert(object, option, kind, shape[name]!, (text) => notes.push(`${text}.`));
    if (value !== undefined && value !== "") values.set(name, value);
  }
}
