/**
 * Owns the packing of files, by the runtime's own library.
 */

/** A gzipped tar of texts by their paths. */
export async function packed(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  return await new Bun.Archive({ ...files }, { compress: "gzip" }).bytes();
}
