/**
 * Owns what must be right in `[outbound_publish]`.
 */
import type { Complaints, ConfigRules } from "./checks.ts";
import type { Config } from "./config.ts";
import { orList } from "./options.ts";

/** Checks the sections that publish: bodies, addresses, expressions. */
export function checkPublishing({ outbound_publish }: Config, rules: ConfigRules, { error }: Complaints): void {
  for (const [name, section] of Object.entries(outbound_publish)) {
    const path = ["outbound_publish", name];
    const { event, body } = section;
    const bodies = rules.publishedBodies(event);
    if (body !== "" && !bodies.includes(body.toLowerCase())) {
      error(
        [...path, "body"],
        `found "${body}"; expected ${orList(["", ...bodies])} where event is "${event}"`,
        bodies,
      );
    }
    for (const option of ["server_uri", "from_uri", "to_uri"] as const) {
      const wrong = section[option] === "" ? undefined : rules.uri(section[option]);
      if (wrong !== undefined) error([...path, option], wrong);
    }
    for (const option of ["context", "exten"] as const) {
      const wrong = rules.expression(section[option]);
      if (wrong !== undefined) error([...path, option], wrong);
    }
  }
}
