/**
 * Owns what the event state compositor must know of an event package, and whom it tells.
 */
import type { Reject } from "../runtime/result.ts";

/** One document, as a PUBLISH brought it. */
export interface PublishedDocument {
  /** `type/subtype` in lower case, one of the package's. */
  readonly mediaType: string;
  /** Bytes of the message's buffer: valid only during the call. */
  readonly body: Uint8Array;
  /** Whether the sender may publish for the device, mailbox or extension of that name, which the document mentions. */
  mayPublish(name: string): boolean;
  /** The sender asks to be told everything of the package that this appliance publishes; heeded once the PUBLISH is granted. */
  askForEverything(): void;
}

/**
 * One event package whose state may be published. Values are plain data that JSON keeps unchanged; they are stored as they are.
 *
 * Source: RFC 3903 §6; RFC 6665 §5.4.
 */
export interface PublishedPackage<Value = unknown> {
  /** Token of Event. */
  readonly name: string;
  /** Media types that are taken, in order of preference: the value of Accept in a 415. */
  readonly mediaTypes: readonly string[];
  /**
   * The value of a publication after `document`: partial documents build on `former`, full ones replace it.
   *
   * @param former undefined for an initial publication.
   * @returns The value, or a Reject: 400 with a reason that names the fault, 403 for what the sender may not publish.
   */
  merge(former: Value | undefined, document: PublishedDocument): Value | Reject;
  /** What a value says, in a few words for people. */
  describe(value: Value): string;
  /**
   * What is left of another publication for the same target by the same publisher, once `newer` says what it says; `older` itself where
   * nothing changes. Absent where one publication says nothing of another.
   */
  left?(older: Value, newer: Value): Value;
  /**
   * What is left of a value when nobody believes any more what it says of the calls and the state of a device; `value` itself where it
   * says nothing of that device. Absent where it never does.
   *
   * @param target What the value is published for.
   * @param device Key of the device.
   */
  without?(value: Value, target: string, device: string): Value;
}

/** One living publication, as whoever composes them sees it. */
export interface PublishedValue<Value = unknown> {
  /** Endpoint that published it. */
  readonly publisher: string;
  readonly value: Value;
}

/** Who composes the publications of a target and makes states of them. */
export interface Compositor {
  /**
   * What is published for `target` has changed.
   *
   * @param event Token of the package.
   * @param target What the Request-URI means, as `PublicationTargets` spells it.
   * @param publications All that live, the one modified longest ago first; empty when none is left.
   */
  compose(event: string, target: string, publications: readonly PublishedValue[]): void;
}
