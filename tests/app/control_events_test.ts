import { beforeEach, describe, expect, it } from "bun:test";
import { ControlEvents } from "../../lib/app/control_events.ts";
import type { ControlEvent } from "../../lib/http/controls.ts";
import { plainConfig, Site } from "../support/site.ts";

let site: Site;
let told: ControlEvent[];
beforeEach(async () => {
  site = await Site.start(plainConfig);
  const { core, clock, timers } = site;
  told = [];
  new ControlEvents(core, clock, timers).onEvent((event) => void told.push(event));
});

const typesAndChanges = () => told.map(({ type, change }) => `${type} ${change}`);

describe("events for page, API and webhooks", () => {
  it("tell of each subscription at once, and of their number once in half a second", async () => {
    for (const host of ["192.0.2.10", "192.0.2.11"]) site.phone(host).subscribe({ event: "dialog" });
    await site.pass();
    expect(typesAndChanges()).toEqual(["subscription added", "subscription added"]);
    await site.pass(500);
    const [lamp, ...others] = told.splice(0).filter(({ type }) => type === "hint");
    expect(others).toBeEmpty();
    expect(lamp).toMatchObject({ change: "changed", isOfWatchers: true, item: { watcher_count: 2 } });
  });

  it("tell of a lamp at once, with the row as it was then", () => {
    site.setDevice("one", "INUSE");
    site.setDevice("one", "NOT_INUSE");
    const lamps = told.filter((event) => event.type === "hint");
    expect(lamps.map(({ item }) => item.state)).toEqual(["INUSE", "NOT_INUSE"]);
    expect(lamps[0]).not.toHaveProperty("isOfWatchers");
  });

  it("tell of an answered NOTIFY once in half a second, and of nothing when there is nothing", async () => {
    const phone = site.phone("192.0.2.10");
    phone.subscribe({ event: "dialog" });
    await site.pass(500);
    told.length = 0;
    await site.pass(5_000);
    expect(told).toBeEmpty();
    site.setDevice("one", "INUSE");
    await site.pass(100);
    site.setDevice("one", "NOT_INUSE");
    await site.pass(500);
    expect(typesAndChanges().filter((each) => each.startsWith("subscription"))).toEqual(["subscription changed"]);
  });
});
