/** What lists say of themselves against the schema that the RFC prints, through the life of a nested one. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { lintDocuments } from "../body/xmllint.ts";
import type { Received } from "../support/phone.ts";
import { Site } from "../support/site.ts";

const schema = ["--schema", join(import.meta.dir, "../fixtures/schemas/bodies.xsd")];

function office(profile: string, hints: readonly string[]): string {
  return `
[server]
sip_profile = "${profile}"
[bodies]
profile = "${profile}"
[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
[contexts.default.hints]
${hints.map((exten) => `"${exten}" = "Custom:d${exten}(Zoë <${exten}> & \\"Co\\")"`).join("\n")}
[lists.floor]
event = "presence"
list_item = ["1002", "*72"]
resource_display_name = true
[lists.panel]
event = "presence"
list_item = ["1000", "1001", "floor"]
resource_display_name = true
`;
}

/** Every document of a NOTIFY: RLMI and the bodies of its members. */
function documentsOf(notify: Received): string[] {
  const contentType = notify.header("Content-Type");
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Error(`No list: ${contentType}`);
  return notify.body.split(`--${boundary}`).slice(1, -1).flatMap((part) =>
    /<\?xml[\s\S]*?<\/(?:list|presence)>/g.exec(part)?.[0] ?? []
  );
}

for (const profile of ["asterisk", "rfc"]) {
  test(
    `RLMI is valid against the schema of RFC 4662 §5.4 from the first state to the last: profile ${profile}`,
    async () => {
      const hints = ["1000", "1001", "1002", "*72"];
      const site = await Site.start(office(profile, hints), ["udp", "tcp"]);
      const phone = site.phone("192.0.2.10", "tcp");
      const first = phone.subscribe({
        exten: "panel",
        event: "presence",
        expires: 3600,
        extra: ["Supported: eventlist"],
      });
      await site.pass();
      site.setDevice("d1000", "RINGING");
      await site.pass();
      site.setDevice("d*72", "INUSE");
      await site.pass();
      await site.reload(office(profile, hints.slice(1)));
      await site.pass();
      await site.reload(office(profile, hints));
      await site.pass();
      phone.again(first, phone.response?.tag("To") ?? "", { expires: 0 });
      await site.pass();
      const lists = phone.notifies.flatMap(documentsOf).filter((document) => document.includes("ns:rlmi"));
      expect(phone.notifies.length).toBeGreaterThanOrEqual(5);
      expect(lists.length).toBeGreaterThan(phone.notifies.length);
      expect(lists.join("")).toContain('state="terminated"');
      expect(lintDocuments(lists, schema)).toEqual([]);
    },
    60_000,
  );
}
