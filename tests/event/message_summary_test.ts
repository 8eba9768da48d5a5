/** RFC 3842 over the real core: who may watch which messages, what he is told, and when. */
import { describe, expect, test } from "bun:test";
import { Site } from "../support/site.ts";

/** alice has one AOR of her own name, bob two shared ones; boss may watch alice's. */
const office = `
[server]
sip_profile = "PROFILE"

[[listen]]
name = "lan"
transport = "udp"
bind = "192.0.2.1:5060"

[bodies]
profile = "PROFILE"

[endpoints.alice]
match = ["192.0.2.10"]
identify_by = ["ip"]
mailboxes = ["100", "101@sales"]
voicemail_extension = "*97"

[endpoints.bob]
match = ["192.0.2.11"]
identify_by = ["ip"]
aors = ["bob", "desk"]

[endpoints.boss]
match = ["192.0.2.12"]
identify_by = ["ip"]
watch_mailboxes = ["ali*"]

[endpoints.told]
match = ["192.0.2.13"]
identify_by = ["ip"]
aors = ["shared"]
mailboxes = ["500@default"]

[aors.bob]
mailboxes = ["200"]

[aors.desk]
mailboxes = ["200", "300"]
voicemail_extension = "desk mail"

[aors.shared]
mailboxes = ["500", "501"]

[aors.empty]

[contexts.default.hints]
1000 = "MWI:100"
`;

const profiled = (profile: "asterisk" | "rfc") => office.replaceAll("PROFILE", profile);

const addresses = { alice: "192.0.2.10", bob: "192.0.2.11", boss: "192.0.2.12", told: "192.0.2.13" };

async function subscribed(endpoint: keyof typeof addresses, exten: string, profile: "asterisk" | "rfc" = "asterisk") {
  const site = await Site.start(profiled(profile));
  const phone = site.phone(addresses[endpoint]);
  const first = phone.subscribe({
    exten,
    event: "message-summary",
    accept: "application/simple-message-summary",
    contact: `<sip:${endpoint}@${addresses[endpoint]}:5060>`,
    ...(exten === "" ? { uri: "sip:192.0.2.1" } : {}),
  });
  await site.pass();
  return { site, phone, first };
}

describe("what the Request-URI means", () => {
  test.each(
    [
      ["alice", "alice", "200", "404"],
      ["alice", "*97", "200", "her voicemail_extension"],
    ] as const,
  )("%s asks for %s", async (endpoint, exten) => {
    const { phone, site } = await subscribed(endpoint, exten);
    expect(phone.response.status).toBe(200);
    site.core.engine.setMailbox("100", { new: 1, old: 2 });
    await site.pass();
    expect(phone.notify.body).toContain("Voice-Message: 1/2 (0/0)\r\n");
  });
});
