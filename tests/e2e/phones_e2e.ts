/** Phones that nobody here wrote watch a buddy and see it change. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Hintd, PASSWORD, startHintd } from "./hintd.ts";
import { startBaresip, startLinphone } from "./phones.ts";

let hintd: Hintd;

beforeAll(async () => {
  hintd = await startHintd();
});

afterAll(() => hintd?.dispose());

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
}
