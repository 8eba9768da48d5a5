/**
 * Owns how `[lists]` must fit together with hints, endpoints and each other.
 */
import type { Complaints, ConfigRules } from "./checks.ts";
import type { Config } from "./config.ts";

/** Checks all lists. A member that is not there is a warning: it may come, and the others are served without it. */
export function checkLists(config: Config, rules: ConfigRules, complaints: Complaints): void {
  const { error, warn } = complaints;
  for (const [name, list] of Object.entries(config.lists)) {
    const path = ["lists", name, "list_item"];
    if (list.list_item.includes(name)) error(path, `the list "${name}" contains itself`);
    const memberCount = countMembers(config, name, new Set());
    if (memberCount > rules.listMemberMax) {
      error(path, `has ${memberCount} members with those of lists in it; it can have ${rules.listMemberMax}`);
    }
    const known = namesFor(config, list.event);
    list.list_item.forEach((item, i) => {
      if (list.list_item.indexOf(item) < i) return warn([...path, i], `"${item}" is there twice; it is told of once`);
      if (config.lists[item]?.event === list.event) {
        return checkLoop(
          config,
          name,
          item,
          () => warn([...path, i], `the list "${item}" contains the list "${name}"; a list is told of once`),
        );
      }
      if (known.has(item) || (list.event !== "message-summary" && isMade(config, item, rules))) return;
      const what = list.event === "message-summary" ? "neither an AOR nor" : "neither a hint nor";
      warn([...path, i], `there is ${what} a list of event ${list.event} "${item}"`, [...known]);
    });
  }
}

/** Names that mean something to an event package. */
function namesFor(config: Config, event: string): Set<string> {
  if (event !== "message-summary") {
    return new Set(Object.values(config.contexts).flatMap((context) => Object.keys(context.hints)));
  }
  const extensions = Object.values(config.endpoints).map((endpoint) => endpoint.voicemail_extension);
  return new Set([...Object.keys(config.aors), ...Object.keys(config.endpoints), ...extensions]);
}

/** Whether a pattern or an autohint makes a hint of that name. */
function isMade({ contexts, endpoints }: Config, exten: string, rules: ConfigRules): boolean {
  return Object.values(contexts).some(({ hints, autohints }) =>
    (autohints && exten in endpoints) || Object.keys(hints).some((each) => rules.matches(each, exten))
  );
}

function checkLoop(config: Config, name: string, item: string, complain: () => void): void {
  const seen = new Set<string>();
  const reaches = (from: string): boolean => {
    if (seen.has(from)) return false;
    seen.add(from);
    const list = config.lists[from];
    return list !== undefined && list.list_item.some((each) => each === name || reaches(each));
  };
  if (item !== name && reaches(item)) complain();
}

/** Members of a list and of those in it, each once, as they are told of. */
function countMembers(config: Config, name: string, placed: Set<string>): number {
  placed.add(name);
  let count = 0;
  for (const item of config.lists[name]!.list_item) {
    if (placed.has(item)) continue;
    placed.add(item);
    count += config.lists[item]?.event === config.lists[name]!.event ? countMembers(config, item, placed) : 1;
  }
  return count;
}
