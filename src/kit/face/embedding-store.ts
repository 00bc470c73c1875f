import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { Digest } from '../../core/digest.ts';

/** The embeddings of one image as it is and mirrored, not normalised. */
export interface EmbeddedImage {
  readonly original: Float32Array;
  readonly mirrored: Float32Array;
}

/** Where the embeddings of one network are kept, by the SHA-256 of the encoded image: what is known is not computed again. */
export interface EmbeddingStore {
  find(image: Digest): EmbeddedImage | undefined;
  add(image: Digest, embedded: EmbeddedImage): void;
}

/** Keeps them in memory, so that the sets of one verification share them: two rows of floats per image. */
export class MemoryEmbeddings implements EmbeddingStore {
  readonly #known = new Map<Digest, EmbeddedImage>();

  find(image: Digest): EmbeddedImage | undefined {
    return this.#known.get(image);
  }

  add(image: Digest, { original, mirrored }: EmbeddedImage): void {
    // Copies: the rows that come are views of a whole batch.
    this.#known.set(image, { original: original.slice(), mirrored: mirrored.slice() });
  }
}

/*
 * Embeddings of one network, appended while they are computed, so that an interrupted stage resumes from them. One
 * record per image, little-endian:
 *
 *   bytes       field
 *   32          SHA-256 of the encoded image
 *   4 x size    embedding of the image as it is, float32
 *   4 x size    embedding of its mirror image
 *   8           first bytes of the SHA-256 of all that: what a crash has left unfinished is recognised
 *
 * The file belongs to the scratch folder of one key, so network and engine are always the same.
 */
const digestBytes = 32;
const checkBytes = 8;

export class EmbeddingFile implements EmbeddingStore {
  readonly #memory = new MemoryEmbeddings();
  readonly #descriptor: number;
  readonly #embeddingSize: number;
  #count = 0;

  /** Opens or makes the file; from the first record that is not whole on, it is cut off. */
  constructor(path: string, embeddingSize: number) {
    this.#embeddingSize = embeddingSize;
    const known = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const bytes = this.#load(known);
    this.#descriptor = openSync(path, 'a');
    ftruncateSync(this.#descriptor, bytes);
  }

  /** Images it holds. */
  get count(): number {
    return this.#count;
  }

  find(image: Digest): EmbeddedImage | undefined {
    return this.#memory.find(image);
  }

  add(image: Digest, embedded: EmbeddedImage): void {
    const content = Buffer.concat([Buffer.from(image, 'hex'), bytesOf(embedded.original), bytesOf(embedded.mirrored)]);
    writeSync(this.#descriptor, Buffer.concat([content, checkOf(content)]));
    this.#memory.add(image, embedded);
    this.#count += 1;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Reads the records that are whole; returns the length of the part of the file that they are. */
  #load(file: Buffer): number {
    const rowBytes = 4 * this.#embeddingSize;
    const contentBytes = digestBytes + 2 * rowBytes;
    let at = 0;
    for (; at + contentBytes + checkBytes <= file.length; at += contentBytes + checkBytes) {
      const content = file.subarray(at, at + contentBytes);
      if (!checkOf(content).equals(file.subarray(at + contentBytes, at + contentBytes + checkBytes))) break;
      const row = (start: number): Float32Array =>
        new Float32Array(Uint8Array.from(content.subarray(start, start + rowBytes)).buffer);
      const image = content.subarray(0, digestBytes).toString('hex') as Digest;
      this.#memory.add(image, { original: row(digestBytes), mirrored: row(digestBytes + rowBytes) });
      this.#count += 1;
    }
    return at;
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function checkOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest().subarray(0, checkBytes);
}
