/**
 * Owns the list of guides, whose texts are carried by the binary.
 */
import phones from "./phones.md" with { type: "text" };
import states from "./states.md" with { type: "text" };
import troubleshooting from "./troubleshooting.md" with { type: "text" };

/** One guide. */
export interface Guide {
  /** Its place below `/help/`, and the name of its file without `.md`. */
  readonly name: string;
  /** As it stands in lists. */
  readonly title: string;
  /** What it is for, one sentence. */
  readonly summary: string;
  /** Its Markdown. */
  readonly text: string;
}

/** All guides, in the order in which they are shown. */
export const guides: readonly Guide[] = [
  {
    name: "troubleshooting",
    title: "When a lamp is wrong",
    summary: "By symptom: where to look, what it means, what to do.",
    text: troubleshooting,
  },
  {
    name: "phones",
    title: "Phones, one by one",
    summary: "Where to type what, from Yealink to Linphone.",
    text: phones,
  },
  {
    name: "states",
    title: "Where states come from",
    summary: "Registrations, commands, the API, PUBLISH, an Asterisk beside it.",
    text: states,
  },
];
