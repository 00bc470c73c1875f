import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outputsFolderName } from './cache-entry.ts';

/** Where one execution writes: `work` is the stage's own (checkpoints), `entry` becomes the cache entry. */
export class ScratchFolder {
  readonly root: string;
  readonly work: string;
  readonly entry: string;
  readonly outputs: string;

  constructor(root: string) {
    this.root = root;
    this.work = join(root, 'work');
    this.entry = join(root, 'entry');
    this.outputs = join(this.entry, outputsFolderName);
  }

  /** Makes the folders ready for an attempt: outputs always start empty, `work` unless a checkpoint may be in it. */
  prepare(keepsWork: boolean): void {
    rmSync(this.entry, { recursive: true, force: true });
    if (!keepsWork) rmSync(this.work, { recursive: true, force: true });
    mkdirSync(this.work, { recursive: true });
    mkdirSync(this.outputs, { recursive: true });
  }

  /**
   * Takes the folder away from a process that may still write in it (of a machine that has fallen silent): it goes on,
   * if it does, in a folder of another name, and we in a copy.
   */
  takeOver(token: string): void {
    if (!existsSync(this.root)) return;
    const aside = `${this.root}.${token}`;
    renameSync(this.root, aside);
    cpSync(aside, this.root, { recursive: true, preserveTimestamps: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
