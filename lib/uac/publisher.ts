/**
 * Owns the two kinds of publishers: one tells of extensions, one of devices or mailboxes.
 */
import { knownMediaTypes } from "../body/generators.ts";
import type { Entropy } from "../runtime/entropy.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Devices } from "../state/devices.ts";
import type { MailboxCounts } from "../state/mailbox_counts.ts";
import type { Resource, ResourceChange } from "../state/resource.ts";
import { deviceStateMessage, mailboxStateMessage, refreshMessage } from "./asterisk_messages.ts";
import { DeviceContent, type ItemSource } from "./device_content.ts";
import { type DocumentSource, ExtensionContent } from "./extension_content.ts";
import { addressesOf, hintFilter, mediaTypeOf } from "./publish_config.ts";
import type { Section } from "./section.ts";

/** What is true, as far as publishers ask; the state engine. */
export interface StateSource {
  resources(): Iterable<Resource>;
  readonly devices: Pick<
    Devices,
    "isOwn" | "ownDeviceKeys" | "ownStateOf" | "ownMailboxKeys" | "ownMailboxOf" | "isMailboxPublished"
  >;
}

/** What publishers are made of. */
export interface PublisherParts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly states: StateSource;
  readonly documents: DocumentSource;
  /** Entity id of this appliance: "aa:bb:cc:dd:ee:ff". */
  readonly eid: string;
}

/** Decides what a section publishes. */
export interface Publisher {
  readonly section: Section;
  /** Publishes what there is. */
  start(): void;
  resourceChanged(resource: Resource, change: ResourceChange): void;
  deviceChanged(device: string): void;
  mailboxChanged(mailbox: string): void;
  /** Tells every device or mailbox again; of extensions nobody asks. */
  republish(): void;
}

/** Makes the publisher of a section; throws ParseFailure or Error for a section that cannot be understood. */
export function publisherOf(section: Section, parts: PublisherParts): Publisher {
  // Broken addresses are found here, and not at the first change.
  addressesOf(section.config, undefined);
  const { event } = section.config;
  if (event === "asterisk-devicestate" || event === "asterisk-mwi") return new DevicePublisher(section, parts);
  const mediaType = mediaTypeOf(section.config);
  if (!knownMediaTypes.includes(mediaType)) throw new Error(`No body of type "${mediaType}" can be made`);
  return new ExtensionPublisher(section, mediaType, parts);
}

/** Key of the publication of a section without `multi_user`. */
const SHARED = "shared";

/** Tells of the extensions whose hints match: each in a publication of its own, or the last changed one in a shared one. */
class ExtensionPublisher implements Publisher {
  readonly section: Section;
  readonly #parts: PublisherParts;
  readonly #mediaType: string;
  readonly #isWanted: (resource: Resource) => boolean;
  readonly #contents = new Map<string, ExtensionContent>();

  constructor(section: Section, mediaType: string, parts: PublisherParts) {
    this.section = section;
    this.#parts = parts;
    this.#mediaType = mediaType;
    this.#isWanted = hintFilter(section.config);
  }

  start(): void {
    const latest = this.#latest();
    const told = this.section.config.multi_user ? this.#wanted() : latest === undefined ? [] : [latest];
    for (const resource of told) this.#tell(resource);
  }

  resourceChanged(resource: Resource, change: ResourceChange): void {
    if (!this.#isWanted(resource)) return;
    if (change !== "removed") return this.#tell(resource);
    const key = this.#keyOf(resource);
    if (this.#contents.get(key)?.resource !== resource) return;
    const successor = key === SHARED ? this.#latest() : undefined;
    if (successor !== undefined) return this.#tell(successor);
    this.#contents.delete(key);
    this.section.remove(key);
  }

  deviceChanged(): void {}

  mailboxChanged(): void {}

  republish(): void {}

  *#wanted(): Iterable<Resource> {
    for (const resource of this.#parts.states.resources()) {
      if (!resource.isRemoved && this.#isWanted(resource)) yield resource;
    }
  }

  #keyOf(resource: Resource): string {
    return this.section.config.multi_user ? String(resource.id) : SHARED;
  }

  /** The wanted one that changed last. */
  #latest(): Resource | undefined {
    let latest: Resource | undefined;
    for (const resource of this.#wanted()) {
      if (latest === undefined || resource.changedAt > latest.changedAt) latest = resource;
    }
    return latest;
  }

  #tell(resource: Resource): void {
    const key = this.#keyOf(resource);
    const known = this.#contents.get(key);
    if (known !== undefined) {
      known.show(resource);
      return this.section.wake(key);
    }
    const { documents, entropy, clock } = this.#parts;
    const addresses = addressesOf(this.section.config, key === SHARED ? undefined : resource.exten);
    const content = new ExtensionContent(resource, {
      documents,
      mediaType: this.#mediaType,
      entity: addresses.from,
      remote: addresses.to,
      guid: entropy.uuid(),
      firstVersion: Math.floor(clock.wall() / 1_000),
    });
    this.#contents.set(key, content);
    this.section.open(key, { extension: key === SHARED ? "" : resource.exten, addresses, content });
  }
}

/**
 * Tells of our own devices, or of our own mailboxes, in one publication: a message each. It begins by asking the peer to tell
 * everything of its own. What others report plays no part in what is told, so that nothing goes round in circles; a mailbox whose
 * counts another server publishes is that server's.
 */
class DevicePublisher implements Publisher {
  readonly section: Section;
  readonly #parts: PublisherParts;
  readonly #content: DeviceContent;

  constructor(section: Section, parts: PublisherParts) {
    this.section = section;
    this.#parts = parts;
    const source = section.config.event === "asterisk-mwi" ? this.#mailboxes() : this.#devices();
    this.#content = new DeviceContent(source, refreshMessage(parts.eid));
  }

  start(): void {
    this.section.open(SHARED, {
      extension: "",
      addresses: addressesOf(this.section.config, undefined),
      content: this.#content,
    });
  }

  resourceChanged(): void {}

  deviceChanged(device: string): void {
    if (this.section.config.event === "asterisk-devicestate" && isTold(device)) this.#changed(device);
  }

  mailboxChanged(mailbox: string): void {
    if (this.section.config.event === "asterisk-mwi") this.#changed(mailbox);
  }

  republish(): void {
    this.#content.forgotten();
    this.section.wakeAll();
  }

  #changed(name: string): void {
    this.#content.changed(name);
    this.section.wake(SHARED);
  }

  #devices(): ItemSource {
    const { states: { devices }, eid } = this.#parts;
    return {
      names: () => devices.ownDeviceKeys(),
      has: (device) => devices.isOwn(device),
      messageOf: (device) => deviceStateMessage(device, devices.ownStateOf(device), eid),
    };
  }

  #mailboxes(): ItemSource {
    const { states: { devices }, eid } = this.#parts;
    const has = (mailbox: string) =>
      devices.ownMailboxOf(mailbox) !== undefined && !devices.isMailboxPublished(mailbox);
    return {
      names: () => devices.ownMailboxKeys().filter(has),
      has,
      messageOf: (mailbox) => mailboxStateMessage(mailbox, devices.ownMailboxOf(mailbox) ?? noMessages, eid),
    };
  }
}

/** Counts of a mailbox that is no more. */
const noMessages: MailboxCounts = { new: 0, old: 0 };

/** A mailbox's lamp is not told as a device: its mailbox is. */
function isTold(device: string): boolean {
  return device.startsWith("PJSIP/") || device.startsWith("Custom:");
}
