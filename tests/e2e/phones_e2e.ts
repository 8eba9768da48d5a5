/** Phones that nobody here wrote watch a buddy and see it change, and are watched as they come and go. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, officeConfig, PASSWORD, startHintd } from "./hintd.ts";
import { startBaresip, startLinphone } from "./phones.ts";
import { Watcher } from "./watcher.ts";

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd((office) => officeConfig(office, { more: 'bob = "PJSIP/bob"\ncarol = "PJSIP/carol"' }));
});

afterAll(() => hintd?.dispose());

/** What the phones say of themselves that an endpoint is reached by. */
async function userAgentsOf(endpoint: string): Promise<string[]> {
  const { items } = await (await hintd.fetch("/contacts")).json() as { items: Record<string, string>[] };
  return items.filter((contact) => contact.endpoint === endpoint).map((contact) => contact.user_agent!);
}

for (const transport of ["udp", "tcp"] as const) {
  test(
    `baresip proves itself by MD5 over ${transport} and sees its buddy go busy, offline and online again`,
    async () => {
      await hintd.setDevice("Custom:door", "NOT_INUSE");
      const phone = await startBaresip({
        server: hintd.sipPort,
        user: "bob",
        password: PASSWORD,
        buddy: "2000",
        transport,
      });
      try {
        await phone.lines.line(/^NOTIFY sip:/);
        const seen: string[] = [];
        for (
          const [state, words] of [["INUSE", "Busy"], ["UNAVAILABLE", "Offline"], ["NOT_INUSE", "Online"]] as const
        ) {
          const from = phone.lines.all.length;
          await hintd.setDevice("Custom:door", state);
          seen.push(await phone.lines.line(new RegExp(`changed status from .* to .*${words}`), { from }));
        }
        expect(seen.length).toBe(3);
      } finally {
        await phone.dispose();
      }
    },
    40_000,
  );

  test(
    `linphone proves itself by SHA-256 over ${transport} and sees its buddy online, on the phone, and gone`,
    async () => {
      await hintd.setDevice("Custom:door", "NOT_INUSE");
      const phone = await startLinphone({
        server: hintd.sipPort,
        user: "carol",
        password: PASSWORD,
        buddy: "2000",
        transport,
      });
      try {
        await phone.lines.line(/Friend .* is Online/);
        for (const [state, words] of [["INUSE", "(Busy|On the phone)"], ["UNAVAILABLE", "Offline"]] as const) {
          const from = phone.lines.all.length;
          await hintd.setDevice("Custom:door", state);
          expect(await phone.lines.line(new RegExp(`Friend .* is ${words}`), { from })).toContain("2000");
        }
      } finally {
        await phone.dispose();
      }
    },
    40_000,
  );

  for (
    const [user, name, startPhone] of [["bob", "baresip", startBaresip], ["carol", "linphone", startLinphone]] as const
  ) {
    test(`${name} registers over ${transport} and is there for who watches it; it quits and is gone`, async () => {
      const port = hintd.sipPort;
      const watcher = await Watcher.begin({ port, exten: user, event: "presence", accept: "application/pidf+xml" });
      expect(await watcher.next()).toContain("<basic>closed<");
      const phone = await startPhone({
        server: port,
        user,
        password: PASSWORD,
        buddy: "2000",
        transport,
        isRegistering: true,
      });
      try {
        expect(await watcher.next()).toContain("<basic>open<");
        expect(await userAgentsOf(user)).toEqual([expect.stringMatching(new RegExp(name, "i"))]);
        await phone.quit();
        expect(await watcher.next()).toContain("<basic>closed<");
        expect(await userAgentsOf(user)).toEqual([]);
      } finally {
        await phone.dispose();
        watcher.close();
      }
    }, 40_000);
  }
}
