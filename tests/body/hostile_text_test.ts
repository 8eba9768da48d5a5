/** Whatever people type or phones send: documents stay well-formed and say what was typed, and nobody forges a hole. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Generators } from "../../lib/body/generators.ts";
import { holeFill } from "../../lib/body/rendered.ts";
import { holeMark, sanitizeText } from "../../lib/body/text.ts";
import { defaultVariant } from "../../lib/body/variant.ts";
import { hostileText as text } from "./hostile_text.ts";
import { findElement, readInfoset, textOf } from "./infoset.ts";
import { sampleCall, sampleSubject } from "./samples.ts";

const generators = new Generators();
const fill = holeFill({ entity: "sip:1000@example.org", remote: "sip:2000@example.org", guid: "guid-1" });

test("a presence message and subtype come back as typed, sanitised (Digium tuple)", () => {
  fc.assert(fc.property(text, text, (subtype, message) => {
    const subject = sampleSubject({ presence: { state: "away", subtype, message } });
    const document = generators.render("application/pidf+xml", subject, { ...defaultVariant, isDigium: true }).text(
      fill,
    );
    const element = findElement(readInfoset(document), "digium_presence");
    expect(textOf(element)).toBe(sanitizeText(message));
    expect(element.attributes.subtype ?? "").toBe(sanitizeText(subtype));
  }));
});

test("a presence message and subtype come back as typed, sanitised (RFC 4480 §3.2, RFC 4479 §3.2)", () => {
  fc.assert(fc.property(text, text, (subtype, message) => {
    const subject = sampleSubject({ presence: { state: "away", subtype, message } });
    const document = readInfoset(
      generators.render("application/pidf+xml", subject, { ...defaultVariant, profile: "rfc" }).text(fill),
    );
    const person = findElement(document, "person");
    if (message !== "") expect(textOf(findElement(person, "note"))).toBe(sanitizeText(message));
    if (subtype !== "") expect(textOf(findElement(person, "other"))).toBe(sanitizeText(subtype));
  }));
});

test("display names, URIs, ids and tags of a call come back as told, sanitised (RFC 4235 §4.1.1, §4.1.6)", () => {
  fc.assert(
    fc.property(text, text, text, fc.constantFrom("asterisk" as const, "rfc" as const), (display, uri, id, profile) => {
      const call = sampleCall({ remoteIdentity: { uri, display }, callId: id, localTag: id, remoteTag: id });
      const subject = sampleSubject({ extension: "RINGING", calls: [call] });
      const variant = { ...defaultVariant, profile, dialogIds: true };
      const root = readInfoset(generators.render("application/dialog-info+xml", subject, variant).text(fill));
      const identity = findElement(findElement(root, "remote"), "identity");
      expect(identity.attributes[profile === "rfc" ? "display-name" : "display"] ?? "").toBe(sanitizeText(display));
      expect(textOf(identity)).toBe(sanitizeText(uri));
      expect(findElement(root, "dialog").attributes["call-id"] ?? "").toBe(sanitizeText(id));
    }),
  );
});

test("an extension with any name keeps every document well-formed", () => {
  fc.assert(fc.property(text, fc.constantFrom("asterisk" as const, "rfc" as const), (exten, profile) => {
    for (const mediaType of [...generators.mediaTypes("presence"), ...generators.mediaTypes("dialog")]) {
      const body = generators.render(mediaType, sampleSubject({ extension: "INUSE" }, exten), {
        ...defaultVariant,
        profile,
      });
      readInfoset(body.text(fill));
    }
  }));
});

test("hostile URIs of a watcher fill the holes without breaking a document, and come back as written", () => {
  fc.assert(fc.property(text, text, text, (entity, remote, guid) => {
    const hostile = holeFill({ entity, remote, guid, version: 3 });
    for (const profile of ["asterisk", "rfc"] as const) {
      const variant = { ...defaultVariant, profile, pickupPrefix: "**" };
      const ringing = sampleSubject({ extension: "RINGING" });
      for (const mediaType of ["application/pidf+xml", "application/dialog-info+xml"]) {
        const root = readInfoset(generators.render(mediaType, ringing, variant).text(hostile));
        expect(root.attributes.entity).toBe(sanitizeText(entity));
      }
      const xpidf = readInfoset(generators.render("application/xpidf+xml", ringing, variant).text(hostile));
      expect(findElement(xpidf, "presentity").attributes.uri).toBe(`${sanitizeText(entity)};method=SUBSCRIBE`);
      expect(findElement(xpidf, "address").attributes.uri).toBe(`${sanitizeText(remote)};user=ip`);
      expect(findElement(xpidf, "atom").attributes.atomid).toBe(sanitizeText(guid));
    }
  }));
});

test("marks of holes in a message are text like any other: they reveal nothing and make no hole", () => {
  const message = Object.values(holeMark).join("-");
  const subject = sampleSubject({ presence: { state: "dnd", subtype: "", message } });
  const body = generators.render("application/pidf+xml", subject, { ...defaultVariant, isDigium: true });
  const element = findElement(readInfoset(body.text(fill)), "digium_presence");
  expect(textOf(element)).toBe(Object.values(holeMark).map(() => "\uFFFD").join("-"));
});
