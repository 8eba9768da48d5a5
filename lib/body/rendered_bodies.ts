/**
 * Owns the cache of rendered bodies: one per resource and kind of document, made when first asked for after a change.
 *
 * Theory. A slot remembers the state and the configuration it was made from. When either is another one by now, the body is made again; if the bytes are the
 * same, the old object stays. So a watcher has something new to learn exactly when `bodyOf` returns another object than last time: a
 * presence change leaves every dialog-info watcher alone, a change from in use to busy leaves XPIDF watchers alone.
 */
import { limits } from "../runtime/limits.ts";
import type { Resource, ResourceState } from "../state/resource.ts";
import type { Generators, Rendering } from "./generators.ts";
import type { RenderedBody } from "./rendered.ts";
import type { Subject } from "./subject.ts";

/** A subject with the number of its resource. */
export type NumberedSubject = Subject & Pick<Resource, "id">;

interface Slot {
  state: ResourceState;
  generation: number;
  body: RenderedBody;
}

/** The bodies of all resources, bounded; the resources first rendered give way first. */
export class RenderedBodies {
  readonly #generators: Generators;
  readonly #slotsMax: number;
  /** Resource id → slot per rendering index. */
  readonly #slots = new Map<number, (Slot | undefined)[]>();
  #slotCount = 0;

  /** Makes an empty cache for at most `slotsMax` bodies. */
  constructor(generators: Generators, slotsMax: number = limits.renderedBodyCount) {
    this.#generators = generators;
    this.#slotsMax = slotsMax;
  }

  /** Bodies kept. */
  get size(): number {
    return this.#slotCount;
  }

  /** The body of a resource as it is now; the same object for as long as its bytes are the same. */
  bodyOf(resource: NumberedSubject, rendering: Rendering): RenderedBody {
    const slot = this.#slots.get(resource.id)?.[rendering.index];
    const generation = this.#generators.generation;
    if (slot && slot.state === resource.state && slot.generation === generation) return slot.body;
    const body = this.#generators.render(rendering.mediaType, resource, rendering.variant);
    if (!slot) return this.#keep(resource, rendering, body);
    slot.state = resource.state;
    slot.generation = generation;
    if (!slot.body.equals(body)) slot.body = body;
    return slot.body;
  }

  /** Drops the bodies of a resource that is gone. */
  forget(resourceId: number): void {
    this.#slotCount -= this.#slots.get(resourceId)?.filter((slot) => slot !== undefined).length ?? 0;
    this.#slots.delete(resourceId);
  }

  #keep(resource: NumberedSubject, rendering: Rendering, body: RenderedBody): RenderedBody {
    for (const oldest of this.#slots.keys()) {
      if (this.#slotCount < this.#slotsMax) break;
      this.forget(oldest);
    }
    const slots = this.#slots.get(resource.id) ?? [];
    slots[rendering.index] = { state: resource.state, generation: this.#generators.generation, body };
    this.#slots.set(resource.id, slots);
    this.#slotCount++;
    return body;
  }
}
