/**
 * Owns pjsip.conf and pjsip_wizard.conf as objects by type and name.
 */
import { isTrue, listOf, PjsipObject } from "./options.ts";
import type { Entry, Section } from "./reader.ts";
import { type Place, placeText, type Report } from "./report.ts";

/** All objects, by type. */
export class PjsipObjects {
  readonly #byType = new Map<string, Map<string, PjsipObject>>();
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Adds the sections of pjsip.conf. */
  addSections(sections: readonly Section[]): void {
    for (const { name, place, entries } of sections) {
      const type = entries.findLast((entry) => entry.name.toLowerCase() === "type")?.value.toLowerCase() ?? "";
      if (type !== "") this.add(new PjsipObject(name, type, place, entries));
      else if (entries.length > 0) this.#report.remark(place, `[${name}] has no type: Asterisk does not read it`);
    }
  }

  /** Adds one object; of two of one type and name the later one holds. */
  add(object: PjsipObject): void {
    const type = object.type === "domain-alias" ? "domain_alias" : object.type;
    const named = this.#byType.get(type) ?? new Map<string, PjsipObject>();
    const former = named.get(object.name);
    if (former !== undefined) {
      this.#report.remark(
        former.place,
        `[${object.name}] of type ${type} is there again at ${placeText(object.place)}, which holds`,
      );
    }
    named.set(object.name, object);
    this.#byType.set(type, named);
  }

  /** Objects of a type by name, in the order of the files. */
  of(type: string): ReadonlyMap<string, PjsipObject> {
    return this.#byType.get(type) ?? new Map();
  }

  /** Types that there are, in the order of the files. */
  get types(): readonly string[] {
    return [...this.#byType.keys()];
  }
}

/** A hint that the wizard makes. */
export interface WizardHint {
  readonly context: string;
  readonly exten: string;
  readonly device: string;
  readonly place: Place;
}

/** What belongs to the wizard itself; everything else is `object/option`. */
const wizardOptions = [
  "type",
  "sends_auth",
  "accepts_auth",
  "sends_registrations",
  "accepts_registrations",
  "has_phoneprov",
  "has_hint",
  "hint_context",
  "hint_exten",
  "hint_application",
  "transport",
  "remote_hosts",
  "outbound_proxy",
  "contact_pattern",
  "server_uri_pattern",
  "client_uri_pattern",
];

/** Makes the objects that pjsip_wizard.conf stands for. */
export function addWizards(objects: PjsipObjects, sections: readonly Section[], report: Report): readonly WizardHint[] {
  const hints: WizardHint[] = [];
  for (const section of sections) {
    const wizard = new Wizard(section, report);
    if (wizard.text("type").toLowerCase() !== "wizard") {
      report.remark(section.place, `[${section.name}] is no type=wizard: Asterisk does not read it`);
      continue;
    }
    for (const object of wizard.objects()) objects.add(object);
    const hint = wizard.hint();
    if (hint !== undefined) hints.push(hint);
  }
  return hints;
}

/** One section of pjsip_wizard.conf. */
class Wizard {
  readonly #section: Section;
  readonly #report: Report;

  constructor(section: Section, report: Report) {
    this.#section = section;
    this.#report = report;
  }

  text(option: string): string {
    return this.#section.entries.findLast((entry) => entry.name.toLowerCase() === option)?.value ?? "";
  }

  objects(): PjsipObject[] {
    this.#complain();
    const { name } = this.#section;
    const hosts = listOf(this.text("remote_hosts"));
    const made: PjsipObject[] = [];
    const endpoint = [...this.#own("endpoint"), this.#entry("aors", name)];
    const transport = this.text("transport");
    if (transport !== "") endpoint.push(this.#entry("transport", transport));
    if (this.#is("accepts_auth")) {
      endpoint.push(this.#entry("auth", `${name}-iauth`));
      made.push(this.#object(`${name}-iauth`, "auth", [this.#entry("username", name), ...this.#own("inbound_auth")]));
    }
    if (this.#is("sends_auth")) {
      endpoint.push(this.#entry("outbound_auth", `${name}-oauth`));
      made.push(this.#object(`${name}-oauth`, "auth", [this.#entry("username", name), ...this.#own("outbound_auth")]));
    }
    const aor = this.#own("aor");
    if (this.#is("accepts_registrations")) aor.unshift(this.#entry("max_contacts", "1"));
    else if (hosts.length > 0) {
      const pattern = this.text("contact_pattern") || "sip:${REMOTE_HOST}";
      for (const host of hosts) aor.push(this.#entry("contact", pattern.replaceAll("${REMOTE_HOST}", host)));
      const matches = hosts.map((host) => this.#entry("match", host.replace(/^(\[.*\]|[^:]*):\d+$/, "$1")));
      made.push(this.#object(`${name}-identify`, "identify", [
        this.#entry("endpoint", name),
        ...this.#own("identify"),
        ...matches,
      ]));
    }
    if (this.#is("sends_registrations")) {
      const patterns = this.#section.entries.filter(({ name }) => /^(server|client)_uri_pattern$/i.test(name));
      made.push(this.#object(`${name}-reg`, "registration", [...patterns, ...this.#own("registration")]));
    }
    if (this.#is("has_phoneprov")) made.push(this.#object(name, "phoneprov", this.#own("phoneprov")));
    return [this.#object(name, "endpoint", endpoint), this.#object(name, "aor", aor), ...made];
  }

  hint(): WizardHint | undefined {
    if (!this.#is("has_hint")) return undefined;
    const { name, place } = this.#section;
    const exten = this.text("hint_exten");
    if (exten === "") {
      this.#report.remark(place, `[${name}] has_hint without hint_exten: there is no hint`);
      return undefined;
    }
    const own = this.#own("endpoint").findLast((entry) => entry.name.toLowerCase() === "context")?.value;
    return { context: this.text("hint_context") || own || "default", exten, device: `PJSIP/${name}`, place };
  }

  /** Options that are neither the wizard's nor an object's that it makes. */
  #complain(): void {
    for (const { name, place } of this.#section.entries) {
      if (wizardOptions.includes(name.toLowerCase()) || name.includes("/")) continue;
      this.#report.remark(place, `"${name}" is no option of the wizard`);
    }
    for (const option of ["hint_application", "outbound_proxy"]) {
      const entry = this.#section.entries.findLast((each) => each.name.toLowerCase() === option);
      if (entry !== undefined) this.#report.remark(entry.place, `${option} = ${entry.value} has no counterpart`);
    }
  }

  #is(option: string): boolean {
    return isTrue(this.text(option));
  }

  /** The options `kind/name` under their own names. */
  #own(kind: string): Entry[] {
    return this.#section.entries
      .filter(({ name }) => name.toLowerCase().startsWith(`${kind}/`))
      .map((entry) => ({ ...entry, name: entry.name.slice(kind.length + 1) }));
  }

  #entry(name: string, value: string): Entry {
    return { name, value, place: this.#section.place };
  }

  #object(name: string, type: string, entries: readonly Entry[]): PjsipObject {
    return new PjsipObject(name, type, this.#section.place, entries);
  }
}
