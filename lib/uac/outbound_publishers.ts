/**
 * Owns what hintd publishes to other servers: every section of the configuration, its beginning and its end.
 */
import type { Resource, ResourceChange } from "../state/resource.ts";
import { TimerEntry } from "../runtime/timers.ts";
import type { OutboundPublishConfig } from "./publish_config.ts";
import { type Publisher, publisherOf, type PublisherParts } from "./publisher.ts";
import { type PublicationRow, Section, type SectionParts } from "./section.ts";

/** What it is made of. */
export interface OutboundPublishersParts extends SectionParts, PublisherParts {}

/** How long a stop waits for servers to forget us. */
const STOP_MILLIS = 3_000;

/** All sections. */
export class OutboundPublishers {
  readonly #parts: OutboundPublishersParts;
  readonly #publishers = new Map<string, Publisher>();
  /** Sections of former configurations whose publications are being removed. */
  readonly #leaving = new Set<Section>();
  #isFirst = true;

  /** Publishes nothing yet; `replaceConfig` follows. */
  constructor(parts: OutboundPublishersParts) {
    this.#parts = parts;
  }

  /**
   * Puts the sections of a configuration in force, after its hints are. A section that reads the same goes on; one that is gone
   * or reads differently has its publications removed; a new one publishes everything that matches it.
   */
  replaceConfig(configs: Readonly<Record<string, OutboundPublishConfig>>): void {
    for (const [name, { section }] of this.#publishers) {
      const next = configs[name];
      // The way bodies are made may be another one.
      if (next !== undefined && isSame(section.config, next)) section.wakeAll();
      else {
        this.#publishers.delete(name);
        this.#end(section);
      }
    }
    for (const [name, config] of Object.entries(configs)) if (!this.#publishers.has(name)) this.#begin(name, config);
    this.#isFirst = false;
  }

  /** Tells of a change of an extension. */
  resourceChanged(resource: Resource, change: ResourceChange): void {
    for (const publisher of this.#publishers.values()) publisher.resourceChanged(resource, change);
  }

  /** Tells of a device; `device` as `deviceKey` spells it. */
  deviceChanged(device: string): void {
    for (const publisher of this.#publishers.values()) publisher.deviceChanged(device);
  }

  /** Tells of a mailbox; `mailbox` as `mailboxKey` spells it. */
  mailboxChanged(mailbox: string): void {
    for (const publisher of this.#publishers.values()) publisher.mailboxChanged(mailbox);
  }

  /** Tells everything again in all sections of an event: a peer has asked by a `refresh`. */
  republish(event: string): void {
    for (const publisher of this.#publishers.values()) {
      if (publisher.section.config.event === event) publisher.republish();
    }
  }

  /** Has all servers forget what was published; resolves when they did, or after three seconds. */
  async stop(): Promise<void> {
    for (const { section } of this.#publishers.values()) this.#end(section);
    this.#publishers.clear();
    // Those that do not answer are not waited for.
    for (const section of [...this.#leaving]) if (section.lane.failingSince !== undefined) section.abandon();
    const { timers } = this.#parts;
    const patience = new TimerEntry({
      timerFired: () => {
        for (const section of [...this.#leaving]) section.abandon();
      },
    });
    timers.arm(patience, STOP_MILLIS);
    await Promise.all([...this.#leaving].map((section) => section.end()));
    timers.cancel(patience);
  }

  /** Every publication, in the order of the configuration. */
  snapshot(): PublicationRow[] {
    return [...this.#publishers.values()].flatMap(({ section }) => section.rows());
  }

  #begin(name: string, config: OutboundPublishConfig): void {
    const section = new Section(name, config, this.#parts, this.#isFirst);
    try {
      const publisher = publisherOf(section, this.#parts);
      this.#publishers.set(name, publisher);
      publisher.start();
    } catch (error) {
      this.#publishers.delete(name);
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.error("publish", "A section cannot be published", { section: name, why });
    }
  }

  #end(section: Section): void {
    this.#leaving.add(section);
    section.end().then(() => this.#leaving.delete(section));
  }
}

function isSame(one: OutboundPublishConfig, other: OutboundPublishConfig): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
