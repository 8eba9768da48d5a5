import { expect, test } from "bun:test";
import { subscriptionRow } from "../../lib/app/rows.ts";
import { plainConfig, Site } from "../support/site.ts";

test("the time of a NOTIFY is what the clock said when it left, whenever and whatever the clock says later", async () => {
  const site = await Site.start(plainConfig);
  const { clock, core } = site;
  const phone = site.phone("192.0.2.10");
  phone.onNotify = () => undefined;
  phone.subscribe({ event: "dialog" });
  const sentAt = new Date(clock.wall()).toISOString();
  await site.pass();
  const [subscription] = core.subscriptions.all();
  const lastNotify = () => subscriptionRow(subscription!, { now: clock.now(), wall: clock.wall() }).last_notify;
  expect(lastNotify()).toEqual({ sent_at: sentAt, status: null, answered_after_ms: null });
  clock.setWall(clock.wall() + 3_600_000);
  await site.pass(120);
  phone.answer(phone.notify, "200 OK");
  await site.pass();
  expect(lastNotify()).toEqual({ sent_at: sentAt, status: 200, answered_after_ms: 120 });
});
