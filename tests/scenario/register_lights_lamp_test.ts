/*
 * A watcher sees a phone come and go.
 *
 *   bob                     hintd                     alice
 *    | SUBSCRIBE 1000         |                         |
 *    |----------------------->|                         |
 *    | NOTIFY closed          |                         |
 *    |<-----------------------|         REGISTER        |
 *    |                        |<------------------------|
 *    | NOTIFY open            |  200, bindings          |
 *    |<-----------------------|------------------------>|
 *    |                        |    REGISTER Expires: 0  |
 *    | NOTIFY closed          |<------------------------|
 *    |<-----------------------|                         |
 */
import { expect, test } from "bun:test";
import { plainConfig, Site } from "../support/site.ts";

test("a phone that registers, stays away or leaves changes its lamp at once (RFC 3261 §10, RFC 3856 §6)", async () => {
  const site = await Site.start(plainConfig.replace('1000 = "Custom:one"', '1000 = "PJSIP/alice"'));
  const [alice, bob] = [site.phone("192.0.2.10"), site.phone("192.0.2.11")];
  const basics = () => bob.notifies.map((notify) => /<basic>(\w+)</.exec(notify.body)?.[1]);
  bob.subscribe({ from: "sip:bob@192.0.2.1" });
  await site.pass();
  expect(basics()).toEqual(["closed"]);

  const register = (sequence: number, expires: number) =>
    alice.subscribe({
      method: "REGISTER",
      exten: "alice",
      event: "",
      uri: "sip:192.0.2.1",
      callId: "reg",
      sequence,
      expires,
    });
  register(1, 600);
  await site.pass();
  expect(alice.response.status).toBe(200);
  expect(alice.response.header("Contact")).toContain("sip:alice@192.0.2.10:5060");
  expect(basics()).toEqual(["closed", "open"]);

  // It answers no probe: after the timeout it is unreachable.
  await site.pass(90_000);
  expect(basics()).toEqual(["closed", "open", "closed"]);
  register(2, 600);
  await site.pass();
  register(3, 0);
  await site.pass();
  expect(alice.response.all("Contact")).toEqual([]);
  expect(basics().at(-1)).toBe("closed");
});
