/**
 * Owns what a publication tells of extensions: the document of one of them, as long as the server does not have it.
 */
import { type HoleFill, holeFill, type RenderedBody } from "../body/rendered.ts";
import type { Resource } from "../state/resource.ts";
import type { PublicationContent } from "./content.ts";
import type { PublishDocument } from "./publish_request.ts";

/** Where documents come from. */
export interface DocumentSource {
  /** The document of an extension as it is now; unchanged states have equal documents. */
  bodyOf(resource: Resource, mediaType: string): RenderedBody;
}

/** What one content is made of. */
export interface ExtensionContentParts {
  readonly documents: DocumentSource;
  /** One that a generator exists for. */
  readonly mediaType: string;
  /** LOCAL and REMOTE of the documents. */
  readonly entity: string;
  readonly remote: string;
  /** Id for documents that need one. */
  readonly guid: string;
  /**
   * Number of the first document. It grows from document to document, and must be above all that a server may remember of an
   * earlier run. Source: RFC 4235 §4.1.
   */
  readonly firstVersion: number;
}

/** The document of one extension at a time. */
export class ExtensionContent implements PublicationContent {
  readonly #parts: ExtensionContentParts;
  readonly #fill: HoleFill;
  #resource: Resource;
  /** What the server has; undefined when that is nothing, or not known. */
  #held: RenderedBody | undefined = undefined;
  #taken: RenderedBody | undefined = undefined;
  /** What a former run left is not known. */
  #isEnded = true;

  constructor(resource: Resource, parts: ExtensionContentParts) {
    this.#resource = resource;
    this.#parts = parts;
    const { entity, remote, guid, firstVersion: version } = parts;
    this.#fill = holeFill({ entity, remote, guid, version });
  }

  /** The extension that is told of. */
  get resource(): Resource {
    return this.#resource;
  }

  /** Tells of another extension from now on. */
  show(resource: Resource): void {
    this.#resource = resource;
  }

  get hasNews(): boolean {
    return this.#held === undefined || !this.#held.equals(this.#body());
  }

  /**
   * COMPAT(Kamailio): a publication whose dialogs are all terminated takes no change any more; it is answered with 200 and a
   * tag that does not exist. In profile asterisk, every idle extension is such a document.
   */
  get isEnded(): boolean {
    return this.#isEnded && this.#parts.mediaType === "application/dialog-info+xml";
  }

  take(): PublishDocument {
    const body = this.#body();
    this.#taken = body;
    const bytes = new Uint8Array(body.byteLength(this.#fill));
    body.write(bytes, 0, this.#fill);
    return { contentType: body.mediaType, bytes };
  }

  delivered(): void {
    this.#held = this.#taken;
    this.#isEnded = this.#endsAllDialogs(this.#taken);
    this.#fill.version++;
  }

  lost(): void {
    this.#held = undefined;
    this.#isEnded ||= this.#endsAllDialogs(this.#taken);
    this.#fill.version++;
  }

  forgotten(): void {
    this.#held = undefined;
    this.#isEnded = false;
  }

  #endsAllDialogs(body: RenderedBody | undefined): boolean {
    const states = body?.text(this.#fill).match(/<state>[a-z]+/g) ?? [];
    return states.length > 0 && states.every((state) => state === "<state>terminated");
  }

  #body(): RenderedBody {
    return this.#parts.documents.bodyOf(this.#resource, this.#parts.mediaType);
  }
}
