import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { elementCount } from '../graph/feature-shape.ts';
import type { NamedArray } from './model.ts';

/** Where an array is in a file of arrays: float32, little-endian, row by row. */
export interface ArrayEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
}

const bytesPerValue = 4;

/** Writes arrays one after the other, as they come. To be closed in any case. */
export class ArrayWriter {
  readonly #descriptor: number;
  readonly #entries: ArrayEntry[] = [];
  #offset = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  add({ name, shape, values }: NamedArray): void {
    writeAll(this.#descriptor, bytesOf(values));
    this.#entries.push({ name, shape: [...shape], offset: this.#offset });
    this.#offset += values.byteLength;
  }

  /** Makes what was written durable; returns the places of the arrays. */
  finish(): readonly ArrayEntry[] {
    fsyncSync(this.#descriptor);
    return this.#entries;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Writes arrays that are at hand and makes them durable; returns their places. */
export function writeArrayFile(path: string, arrays: Iterable<NamedArray>): readonly ArrayEntry[] {
  const writer = new ArrayWriter(path);
  try {
    for (const array of arrays) writer.add(array);
    return writer.finish();
  } finally {
    writer.close();
  }
}

/** Reads the arrays that `entries` name. Fails with `model-truncated` if one would be outside of the file. */
export function readArrayFile(path: string, entries: readonly ArrayEntry[]): Map<string, NamedArray> {
  const descriptor = openFile(path);
  try {
    const { size } = fstatSync(descriptor);
    // All of them before memory is allocated for any.
    for (const entry of entries) checkBounds(path, entry, size);
    return new Map(
      entries.map(({ name, shape, offset }) => {
        const values = new Float32Array(elementCount(shape));
        readAll(path, descriptor, { bytes: bytesOf(values), offset });
        return [name, { name, shape, values }];
      }),
    );
  } finally {
    closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    fail(failures.modelIncomplete({}, { file: path }), cause);
  }
}

function checkBounds(path: string, { name, shape, offset }: ArrayEntry, size: number): void {
  const end = offset + elementCount(shape) * bytesPerValue;
  if (end <= size) return;
  fail(failures.modelTruncated({ name, end, size }, { file: path, offset }));
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
}

function readAll(path: string, descriptor: number, target: { bytes: Uint8Array; offset: number }): void {
  const { bytes, offset } = target;
  for (let done = 0; done < bytes.length;) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, offset + done);
    if (count === 0) fail(failures.modelShrank({}, { file: path, offset: offset + done }));
    done += count;
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
