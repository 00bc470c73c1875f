import { closeSync, cpSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { encodeEvent, firstEvent, wholeEvents } from '../../src/kit/codec/tensorflow/event-file.ts';

/** TensorBoard takes files for its own that have `tfevents` in their names. */
const fileName = 'events.out.tfevents.faceflow';

/**
 * The points of the curves as TensorBoard reads them, written while the training goes on into a folder that outlives an interruption. A
 * training that resumes continues after the last step of its checkpoint: no step is there twice.
 */
export class EventFile {
  readonly #folder: string;
  readonly #descriptor: number;

  /** `step` is that of the checkpoint that the training resumes from, 0 without one. */
  constructor(folder: string, step: number) {
    this.#folder = folder;
    makeOwnFolder(folder);
    const path = join(folder, fileName);
    const events = existsSync(path) ? wholeEvents(readFileSync(path)) : [];
    const firstLater = events.findIndex(({ event }) => (event.step ?? 0) > step);
    const known = firstLater < 0 ? events : events.slice(0, firstLater);
    if (existsSync(path)) truncateSync(path, known.at(-1)?.end ?? 0);
    this.#descriptor = openSync(path, 'a');
    if (known.length === 0) this.#write(encodeEvent({ ...firstEvent, wallTime: Date.now() / 1000 }));
  }

  /** `values` by name of the curve. */
  add(step: number, values: Readonly<Record<string, number>>): void {
    const scalars = Object.entries(values).map(([tag, value]) => ({ tag, value }));
    this.#write(encodeEvent({ wallTime: Date.now() / 1000, step, summary: { values: scalars } }));
  }

  #write(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
  }

  /** Makes what was written durable. */
  sync(): void {
    fsyncSync(this.#descriptor);
  }

  copyTo(folder: string): void {
    cpSync(this.#folder, folder, { recursive: true });
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
