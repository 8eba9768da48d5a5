/**
 * Owns the packing of objects into arrays of their values: what is written by the thousand repeats no names.
 */

/** Turns objects of one type into arrays and back. */
export interface Packing<Value> {
  /** The values of all fields, by position; JSON keeps them unchanged. They hold until the next ones are packed. */
  pack(value: Value): unknown[];
  /** What `pack` packed; a field that was not known then is null. */
  unpack(values: readonly unknown[]): Value;
}

/** Packs by position: each field has its own, from 0, and keeps it for ever; a new one comes last. */
export function packing<Value extends object>(positions: Readonly<Record<keyof Value, number>>): Packing<Value> {
  const fields = (Object.keys(positions) as (keyof Value)[]).sort((a, b) => positions[a] - positions[b]);
  const packed: unknown[] = new Array(fields.length).fill(undefined);
  return {
    pack(value) {
      for (let i = 0; i < fields.length; i++) packed[i] = value[fields[i]!];
      return packed;
    },
    unpack: (values) => Object.fromEntries(fields.map((field, i) => [field, values[i] ?? null])) as Value,
  };
}
