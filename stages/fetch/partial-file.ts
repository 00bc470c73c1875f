import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import type { Digest } from '../../src/core/digest.ts';

/** What is known of a download that is not whole. */
interface PartialState {
  /** Bytes that are sure to be on the disk; bytes beyond them may be anything after a power cut. */
  readonly durable: number;
  /** Address the bytes came from. */
  readonly url: string;
  /** `ETag` or `Last-Modified` of the file, to be sent as `If-Range`; empty if the server sent neither. */
  readonly validator: string;
  /** All of it came, and was what it should be. */
  readonly isWhole: boolean;
}

const nothing: PartialState = { durable: 0, url: '', validator: '', isWhole: false };

/** How many bytes an interruption costs at most. */
const saveEveryBytes = 8 * 2 ** 20;
const readBytes = 1 << 20;

/** A file that grows with a download and survives its interruption, with a note beside it of where it came from. */
export class PartialFile {
  readonly path: string;
  readonly #onSaved: (bytes: number) => void;
  #state: PartialState;
  #descriptor: number | undefined;
  #size = 0;

  /** @param onSaved told how many bytes an interruption can no longer take away */
  constructor(path: string, onSaved: (bytes: number) => void) {
    this.path = path;
    this.#onSaved = onSaved;
    const state = readState(`${path}.json`);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#state = size < state.durable ? nothing : state;
  }

  /** Bytes after which a download can resume. */
  get resumable(): number {
    return this.#state.durable;
  }

  get size(): number {
    return this.#size;
  }

  /** What `If-Range` needs to make sure that the rest belongs to the bytes that are here. */
  get validator(): string {
    return this.#state.validator;
  }

  /** An earlier run has brought all of it. */
  get isWhole(): boolean {
    return this.#state.isWhole && statSync(this.path, { throwIfNoEntry: false })?.size === this.#state.durable;
  }

  /** Where the bytes came from; empty: there are none. */
  get url(): string {
    return this.#state.url;
  }

  /** Gets ready for bytes from `start` on; those beyond it are dropped. */
  open(start: number, url: string, validator: string): void {
    this.close();
    this.#descriptor = openSync(this.path, start === 0 ? 'w' : 'r+');
    ftruncateSync(this.#descriptor, start);
    this.#size = start;
    this.#state = { durable: start, url, validator, isWhole: false };
  }

  append(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) throw new Error('the partial file is not open');
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#size + written);
    }
    this.#size += bytes.length;
    if (this.#size - this.#state.durable >= saveEveryBytes) this.save();
  }

  /** Makes durable what is here. */
  save(): void {
    if (this.#descriptor === undefined || this.#size === this.#state.durable) return;
    fsyncSync(this.#descriptor);
    this.#note({ ...this.#state, durable: this.#size });
    this.#onSaved(this.#size);
  }

  /** Notes that nothing is missing. */
  markWhole(): void {
    this.close();
    this.#note({ ...this.#state, isWhole: true });
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    this.save();
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Forgets everything that came. */
  discard(): void {
    this.close();
    rmSync(this.path, { force: true });
    rmSync(`${this.path}.json`, { force: true });
    this.#state = nothing;
    this.#size = 0;
  }

  /** SHA-256 of the whole file, a piece at a time. */
  digest(): Digest {
    this.close();
    const descriptor = openSync(this.path, 'r');
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(readBytes);
      for (let got = readSync(descriptor, buffer); got > 0; got = readSync(descriptor, buffer)) {
        hash.update(buffer.subarray(0, got));
      }
      return hash.digest('hex') as Digest;
    } finally {
      closeSync(descriptor);
    }
  }

  #note(state: PartialState): void {
    this.#state = state;
    writeFileAtomic(`${this.path}.json`, `${JSON.stringify(state)}\n`);
  }
}

/** A note that cannot be read costs the bytes, not the download. */
function readState(path: string): PartialState {
  try {
    const state: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isState(state) ? state : nothing;
  } catch {
    return nothing;
  }
}

function isState(value: unknown): value is PartialState {
  if (typeof value !== 'object' || value === null) return false;
  const { durable, url, validator, isWhole } = value as Record<string, unknown>;
  const isText = typeof url === 'string' && typeof validator === 'string';
  return Number.isSafeInteger(durable) && isText && typeof isWhole === 'boolean';
}
