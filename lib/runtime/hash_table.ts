/**
 * Owns tables of things by a hash of theirs, for those that come and go by the thousand.
 *
 * Theory. Open addressing with linear probing: a thing stands in the place that its hash names, or in the next one that is free. Hashes
 * stand apart from the things, so that neither a search nor the growth of a table touches a thing that is not meant. Whoever leaves
 * has those behind it move up (Knuth, The Art of Computer Programming 3, §6.4, Algorithm R), so that no traces of those who left
 * are passed over.
 */

/** Places of the smallest table. */
const LEAST_PLACES = 16;

/** The hash of no thing: its place is free. */
const FREE = 0;

const NO_PLACE = -1;

/** Things by their hash: 32 bits, spread evenly in the lower ones. What has the same hash is told apart by who asks. */
export class HashTable<Thing extends object> {
  #hashes = new Int32Array(LEAST_PLACES);
  #things: (Thing | undefined)[] = new Array(LEAST_PLACES).fill(undefined);
  #mask = LEAST_PLACES - 1;
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Place of the first thing with a hash; -1 when there is none. Places hold until something is added or removed. */
  first(hash: number): number {
    const wanted = placedHash(hash);
    return this.#search(wanted, wanted & this.#mask);
  }

  /** Place of the next thing with the same hash as that in `place`; -1 when there is none. */
  next(place: number): number {
    return this.#search(this.#hashes[place]!, (place + 1) & this.#mask);
  }

  /** The thing in a place that `first` or `next` gave. */
  at(place: number): Thing {
    return this.#things[place]!;
  }

  /** Adds a thing. */
  add(hash: number, thing: Thing): void {
    // A third of the places is always free, so that searches are short.
    if (++this.#count * 3 > this.#hashes.length * 2) this.#resize(this.#hashes.length * 2);
    this.#put(placedHash(hash), thing);
  }

  /** Takes a thing out; false when it was not there. */
  remove(hash: number, thing: Thing): boolean {
    let place = this.first(hash);
    while (place !== NO_PLACE && this.#things[place] !== thing) place = this.next(place);
    if (place === NO_PLACE) return false;
    this.#free(place);
    const places = this.#hashes.length;
    if (--this.#count * 6 < places && places > LEAST_PLACES) this.#resize(places / 2);
    return true;
  }

  #search(wanted: number, from: number): number {
    const hashes = this.#hashes;
    let place = from;
    while (hashes[place] !== wanted) {
      if (hashes[place] === FREE) return NO_PLACE;
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #put(hash: number, thing: Thing): void {
    const hashes = this.#hashes;
    let place = hash & this.#mask;
    while (hashes[place] !== FREE) place = (place + 1) & this.#mask;
    hashes[place] = hash;
    this.#things[place] = thing;
  }

  /** Frees a place, and has those behind it move up that could not stand there before. */
  #free(place: number): void {
    const mask = this.#mask;
    const hashes = this.#hashes;
    const things = this.#things;
    let gap = place;
    for (let at = (gap + 1) & mask; hashes[at] !== FREE; at = (at + 1) & mask) {
      const distance = (at - hashes[at]!) & mask;
      if (distance < ((at - gap) & mask)) continue;
      hashes[gap] = hashes[at]!;
      things[gap] = things[at];
      gap = at;
    }
    hashes[gap] = FREE;
    things[gap] = undefined;
  }

  #resize(places: number): void {
    const hashes = this.#hashes;
    const things = this.#things;
    this.#hashes = new Int32Array(places);
    this.#things = new Array(places).fill(undefined);
    this.#mask = places - 1;
    for (let place = 0; place < hashes.length; place++) {
      if (hashes[place] !== FREE) this.#put(hashes[place]!, things[place]!);
    }
  }
}

/** A hash as it stands in its place: 0 stands there as 1. */
function placedHash(hash: number): number {
  return hash === FREE ? 1 : hash | 0;
}
