/** Builds what the tests of packages and compositor share: publications of several publishers, composed in the order of change. */
import type { PublishedDocument, PublishedPackage, PublishedValue } from "../../lib/publication/published_package.ts";
import type { Reject } from "../../lib/runtime/result.ts";

const utf8 = new TextEncoder();

/** A document that its sender may publish, unless `mayPublish` says otherwise. */
export function documentOf(text: string, more: Partial<PublishedDocument> = {}): PublishedDocument {
  const body = utf8.encode(text);
  return { mediaType: "application/x-any", body, mayPublish: () => true, askForEverything() {}, ...more };
}

/** What a disk gives back: the value by way of JSON. */
export function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** One publication that documents follow each other in. */
export class Publishing<Value> {
  readonly #package: PublishedPackage<Value>;
  readonly publisher: string;
  value: Value | undefined;
  /** Documents that asked for everything. */
  askedForEverything = 0;

  constructor(eventPackage: PublishedPackage<Value>, publisher = "alice") {
    this.#package = eventPackage;
    this.publisher = publisher;
  }

  /** Publishes a document; the value is kept as a disk keeps it. A refusal changes nothing. */
  publish(text: string, mayPublish = (_name: string) => true): Value | Reject {
    const askForEverything = () => void this.askedForEverything++;
    const merged = this.#package.merge(this.value, documentOf(text, { mayPublish, askForEverything }));
    if (typeof merged === "object" && merged !== null && "status" in merged) return merged;
    this.value = stored(merged);
    return merged;
  }

  /** As the compositor sees it. */
  get published(): PublishedValue<Value> {
    return { publisher: this.publisher, value: this.value! };
  }
}
