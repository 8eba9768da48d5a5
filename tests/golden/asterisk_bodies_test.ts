/**
 * Profile asterisk against every recorded body: same element and attribute names, namespaces, texts, order. Where we differ on purpose, a
 * named rule says what and why; a rule that no body needs is an error, so the list stays honest.
 *
 * Two more promises of the profile leave no mark in a recorded body and are tested where they act: everything is escaped
 * (tests/body/hostile_text_test.ts; the recorded supplement texts are escaped already), a presence provider that does not exist counts as
 * not_set (lib/state).
 */
import { expect, test } from "bun:test";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill, type RenderedBody } from "../../lib/body/rendered.ts";
import { RenderedBodies } from "../../lib/body/rendered_bodies.ts";
import type { Subject } from "../../lib/body/subject.ts";
import { defaultVariant, isDigiumUserAgent, type Variant } from "../../lib/body/variant.ts";
import type { ResourceState } from "../../lib/state/resource.ts";
import { findAll, type InfoElement, readInfoset } from "../body/infoset.ts";
import { readRecordedBodies, type RecordedBody } from "./captures.ts";

/** One deliberate difference: `apply` takes it out of both documents, and tells whether there was anything to take out. */
interface Rule {
  name: string;
  why: string;
  apply(pair: { recorded: InfoElement; ours: InfoElement; body: RecordedBody }): boolean;
}

const rules: Rule[] = [
  {
    name: "version grows with every document sent",
    why:
      "Asterisk repeats the stored body, version included, on refresh, unsubscribe and expiry; strict phones ignore the repeat",
    apply({ recorded, ours, body }) {
      const was = recorded.attributes.version;
      const is = ours.attributes.version;
      if (was === undefined || is === undefined || was === is) return false;
      expect(Number(is), `version in ${body.where}`).toBe(body.ordinal);
      expect(Number(is)).toBeGreaterThan(Number(was));
      delete recorded.attributes.version;
      delete ours.attributes.version;
      return true;
    },
  },
  {
    name: "hold carries both pval and pvalue",
    why: "RFC 4235 §4.1.6.2 names the attribute pval, Asterisk writes pvalue; two attributes serve readers of either",
    apply({ ours }) {
      const held = findAll(ours, "param").filter((param) => param.attributes.pvalue !== undefined);
      for (const param of held) {
        expect(param.attributes.pval).toBe(param.attributes.pvalue as string);
        delete param.attributes.pval;
      }
      return held.length > 0;
    },
  },
  {
    name: "entity is the watched URI as the watcher wrote it",
    why: "Asterisk prints sips as sip, resolves escapes in the user and drops parameters it does not know",
    apply({ recorded, ours, body }) {
      const was = recorded.attributes.entity;
      const is = ours.attributes.entity;
      if (was === undefined || was === is) return false;
      expect(is).toBe(body.subscribe.requestUri);
      expect([
        "sips:1000@127.0.0.1",
        "sip:%31000@127.0.0.1:5160",
        "sip:1000@127.0.0.1:5160;user=phone;method=SUBSCRIBE",
      ])
        .toContain(is as string);
      delete recorded.attributes.entity;
      delete ours.attributes.entity;
      return true;
    },
  },
];

/** What the caller of the recorded call was, and whom it called. */
const recordedCall = {
  id: "1",
  state: "early",
  direction: "recipient",
  callId: "c0f08aad-7697-4377-b21d-bb5e9200a7ee",
  localTag: "duif66cg",
  remoteTag: "26f17931-15bf-4b14-87b2-38e403d8fda6",
  localIdentity: { uri: "sip:600@127.0.0.1", display: "" },
  remoteIdentity: { uri: "sip:user2@127.0.0.1", display: "Caller Two" },
  startedAt: 0,
} as const;

function subjectOf(body: RecordedBody): Subject {
  const user = /^sips?:([^@]*)@/.exec(body.subscribe.requestUri)?.[1] ?? "";
  const state: ResourceState = {
    extension: body.state.extension,
    devices: [],
    presence: body.state.presence,
    calls: body.state.isCallKnown ? [recordedCall] : [],
  };
  return { exten: decodeURIComponent(user), state, changedAt: 0, presenceChangedAt: 0 };
}

function variantOf(body: RecordedBody): Variant {
  return {
    ...defaultVariant,
    isDigium: isDigiumUserAgent(body.subscribe.userAgent),
    notifyEarlyInuseRinging: body.subscribe.endpoint === "early",
  };
}

function ourText(body: RecordedBody): string {
  const generators = new Generators({ supplements: body.supplements, disabled: [] });
  const fill = holeFill({
    entity: body.subscribe.requestUri,
    remote: body.subscribe.from,
    // A random id: taken from the recording.
    guid: /atomid="([^"]*)"/.exec(body.body)?.[1] ?? "",
    version: body.ordinal,
  });
  return generators.render(body.mediaType, subjectOf(body), variantOf(body)).text(fill);
}

const bodies = readRecordedBodies();

test("profile asterisk says what every recorded body says, but for the listed rules", () => {
  const uses = new Map(rules.map((rule) => [rule.name, 0]));
  const differences: string[] = [];
  const layoutDifferences: string[] = [];
  let identicalCount = 0;
  for (const body of bodies) {
    const text = ourText(body);
    const pair = { recorded: readInfoset(body.body), ours: readInfoset(text), body };
    const used = rules.filter((rule) => rule.apply(pair));
    for (const rule of used) uses.set(rule.name, (uses.get(rule.name) ?? 0) + 1);
    if (text === body.body) identicalCount++;
    else if (used.length === 0) layoutDifferences.push(body.where);
    if (!Bun.deepEquals(pair.recorded, pair.ours)) {
      differences.push(`${body.where}\n${body.body}\n--- ours ---\n${text}`);
    }
  }
  const report = [...uses].map(([name, count]) => `  ${count} × ${name}`).join("\n");
  process.stdout.write(
    `${bodies.length} recorded bodies compared, ${identicalCount} byte for byte the same; rules needed:\n${report}\n`,
  );
  expect(differences.length, differences.slice(0, 3).join("\n\n")).toBe(0);
  expect(layoutDifferences, "same information, other bytes").toEqual([]);
  expect([...uses].filter(([, count]) => count === 0).map(([name]) => name), "rules that no body needs").toEqual([]);
});

test("every directory of recorded bodies takes part with all media types in it", () => {
  const counts: Record<string, number> = {};
  for (const body of bodies) {
    const key = `${body.path.split("/")[0]} ${body.mediaType}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  expect(counts).toMatchSnapshot();
});

test("a presence change does not wake dialog watchers, where Asterisk sent the same body again", () => {
  const changes = bodies.filter((body) =>
    body.path.startsWith("transitions/presence-state/") && body.mediaType === "application/dialog-info+xml"
  );
  const generators = new Generators();
  const rendered = new RenderedBodies(generators);
  const seen = new Map<string, RenderedBody>();
  let woken = 0;
  for (const body of changes) {
    const rendering = generators.rendering(body.mediaType, variantOf(body));
    const now = rendered.bodyOf({ id: 1, ...subjectOf(body) }, rendering);
    const before = seen.get(body.callId);
    if (before && before !== now) woken++;
    seen.set(body.callId, now);
  }
  expect(changes.length).toBeGreaterThan(14);
  expect(woken).toBe(0);
});
