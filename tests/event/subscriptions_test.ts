import { expect, test } from "bun:test";
import fc from "fast-check";
import type { EventPackage } from "../../lib/event/event_package.ts";
import { Subscription, type SubscriptionParts } from "../../lib/event/subscription.ts";
import { Subscriptions } from "../../lib/event/subscriptions.ts";

const eventPackage = { name: "dialog" } as EventPackage;
const watched = ["1000", "1001", "1002"].map((exten) => ({ context: "default", exten }));
const owner = { notifyAnswered() {}, subscriptionExpired() {}, retryDue() {} };

function subscriptionOf(phone: string, extenAt: number, endpoint: string, localTag: string): Subscription {
  return new Subscription({
    owner,
    eventPackage,
    eventId: undefined,
    eventHeader: "dialog",
    watched: watched[extenAt]!,
    endpoint,
    phone,
    dialog: { localTag } as SubscriptionParts["dialog"],
    sourceAddress: "192.0.2.10",
    userAgent: "",
    createdAt: 0,
    fill: { entity: "", remote: "", version: 0, guid: "" },
    kind: { mediaType: "application/dialog-info+xml" },
  });
}

test("whatever comes and goes: one is found by its tag and by what its phone wants, and only while it is there", () => {
  const each = fc.record({
    phone: fc.constantFrom("sip:a@192.0.2.10", "sip:b@192.0.2.10"),
    extenAt: fc.nat(watched.length - 1),
    endpoint: fc.constantFrom("alice", "bob"),
    isLeaving: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(each, { maxLength: 40 }), (steps) => {
    const index = new Subscriptions();
    const living = new Map<string, Subscription>();
    for (const [n, { phone, extenAt, endpoint, isLeaving }] of steps.entries()) {
      const interest = { phone, eventPackage, eventId: undefined, endpoint, watched: watched[extenAt]! };
      const key = `${phone} ${extenAt} ${endpoint}`;
      const former = index.byInterest(interest);
      expect(former).toBe(living.get(key)!);
      if (former !== undefined) expect([index.remove(former), index.remove(former)]).toEqual([true, false]);
      living.delete(key);
      if (isLeaving) continue;
      const subscription = subscriptionOf(phone, extenAt, endpoint, String(n));
      index.add(subscription);
      living.set(key, subscription);
      expect(index.byTag(String(n))).toBe(subscription);
    }
    expect([...index.all()]).toEqual([...living.values()].sort((a, b) => +a.dialog.localTag - +b.dialog.localTag));
    for (const endpoint of ["alice", "bob"]) {
      expect(index.countOf(endpoint)).toBe([...living.values()].filter((one) => one.endpoint === endpoint).length);
    }
    for (const one of watched) {
      const watchers = [...living.values()].filter((subscription) => subscription.watched === one);
      expect(index.watchersOf(one)).toEqual(new Set(watchers));
    }
  }));
});
