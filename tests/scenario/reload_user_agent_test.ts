/*
 * The name that hintd goes by changes while it runs:
 *
 *   phone (watches 1000)       hintd                 operator
 *     | SUBSCRIBE                |                       |
 *     |------------------------->|                       |
 *     |  NOTIFY, User-Agent a    |                       |
 *     |<-------------------------|       reload          |
 *     |                          |<----------------------|
 *     |  NOTIFY, User-Agent b    |  Custom:one INUSE     |
 *     |<-------------------------|<----------------------|
 */
import { expect, test } from "bun:test";
import { plainConfig, Site } from "../support/site.ts";

test("a reload renames hintd on the next NOTIFY of every subscription", async () => {
  const site = await Site.start(plainConfig);
  const phone = site.phone("192.0.2.10");
  phone.subscribe({ event: "dialog" });
  await site.pass();
  expect(phone.notify.header("User-Agent")).toBe("hintd");
  await site.reload(`[server]\nuser_agent = "front desk"\n${plainConfig}`);
  site.setDevice("one", "INUSE");
  await site.pass();
  expect(phone.notifies).toHaveLength(2);
  expect(phone.notify.header("User-Agent")).toBe("front desk");
});
