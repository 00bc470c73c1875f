import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import type { PackedDataset } from './packed-dataset.ts';

/**
 * Which images of a packed set show whom, for sets of tens of millions: four bytes an image and a few an identity. Identities
 * are in the order of their first images. By the images' own labels: identity records are not read, because the original
 * tools rewrite labels without them. Reads every record once.
 */
export class IdentityTable {
  readonly set: PackedDataset;
  readonly #labels = new Numbers();
  /** Where the positions of each identity begin, and after the last where they end. */
  readonly #starts: Uint32Array;
  readonly #positions: Uint32Array;

  /** Fails with `damaged-file` if a class is no whole number. */
  constructor(set: PackedDataset) {
    this.set = set;
    const places = new Uint32Array(set.imageCount);
    const counts = this.#readLabels(places);
    this.#starts = new Uint32Array(counts.length + 1);
    for (let place = 0; place < counts.length; place += 1) {
      this.#starts[place + 1] = (this.#starts[place] ?? 0) + counts.at(place);
    }
    this.#positions = new Uint32Array(set.imageCount);
    const next = this.#starts.slice();
    for (let position = 0; position < places.length; position += 1) {
      const place = places[position] ?? 0;
      const at = next[place] ?? 0;
      this.#positions[at] = position;
      next[place] = at + 1;
    }
  }

  /** Number of identities. */
  get size(): number {
    return this.#labels.length;
  }

  /** Class in the set of the identity at a place, from 0. */
  labelAt(place: number): number {
    return this.#labels.at(place);
  }

  /** Who it is, where names.txt of the set tells it. */
  nameAt(place: number): string | undefined {
    return this.set.names?.get(this.labelAt(place));
  }

  countAt(place: number): number {
    return (this.#starts[place + 1] ?? 0) - (this.#starts[place] ?? 0);
  }

  /** Positions of its images, from 0, ascending. */
  positionsAt(place: number): Uint32Array {
    return this.#positions.subarray(this.#starts[place], this.#starts[place + 1]);
  }

  /** Notes the place of the identity of each image; returns how many images each has. */
  #readLabels(places: Uint32Array): Numbers {
    const { set } = this;
    const counts = new Numbers();
    const placeOf = new PlacesByLabel();
    for (let position = 0; position < set.imageCount; position += 1) {
      const { label } = faceLabelOf(set.readImage(position), set.recordPath, 'class');
      let place = placeOf.get(label);
      if (place === undefined) {
        place = this.#labels.length;
        placeOf.set(label, place);
        this.#labels.push(label);
        counts.push(0);
      }
      places[position] = place;
      counts.increase(place);
    }
    return counts;
  }
}

/** A list of numbers of eight bytes each. */
class Numbers {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(place: number): number {
    return this.#values[place] ?? NaN;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  increase(place: number): void {
    this.#values[place] = this.at(place) + 1;
  }
}

/** Labels of float32 are exact up to here. */
const maxDense = 2 ** 24;

/** The place of each label, in a flat array as far as labels are small, which they nearly always are. */
class PlacesByLabel {
  #dense = new Uint32Array(1024);
  readonly #others = new Map<number, number>();

  get(label: number): number | undefined {
    if (label > maxDense) return this.#others.get(label);
    const place = this.#dense[label] ?? 0;
    return place === 0 ? undefined : place - 1;
  }

  set(label: number, place: number): void {
    if (label > maxDense) {
      this.#others.set(label, place);
      return;
    }
    if (label >= this.#dense.length) {
      const larger = new Uint32Array(2 ** Math.ceil(Math.log2(label + 1)));
      larger.set(this.#dense);
      this.#dense = larger;
    }
    this.#dense[label] = place + 1;
  }
}
