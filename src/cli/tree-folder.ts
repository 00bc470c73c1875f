import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { TreeStore, WrittenTree } from '../pipeline/experiment/written-tree.ts';

/** Trees kept: one per version of an experiment that was in use lately. */
const maxTrees = 32;

/**
 * The trees of experiment files in `runs/parsed/`, by digest of the text. They can be deleted at any time; one that
 * a kill or a full disk has cut off counts as absent.
 */
export class TreeFolder implements TreeStore {
  readonly #runsFolder: string;
  readonly #folder: string;
  readonly #fresh = new Map<Digest, WrittenTree>();

  constructor(runsFolder: string) {
    this.#runsFolder = runsFolder;
    this.#folder = join(runsFolder, 'parsed');
  }

  find(name: Digest): WrittenTree | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as WrittenTree;
    } catch {
      return undefined;
    }
  }

  keep(name: Digest, tree: WrittenTree): void {
    this.#fresh.set(name, tree);
  }

  /** Writes what was kept, unless nothing was run here: looking at an experiment leaves nothing behind. */
  close(): void {
    if (this.#fresh.size === 0 || !existsSync(this.#runsFolder)) return;
    try {
      mkdirSync(this.#folder, { recursive: true });
      for (const [name, tree] of this.#fresh) this.#write(name, tree);
      this.#thin();
    } catch {
      // A workspace that may only be read: its files are read anew each time.
    }
  }

  #write(name: Digest, tree: WrittenTree): void {
    const temporary = join(this.#folder, `.${name}.${process.pid}`);
    writeFileSync(temporary, JSON.stringify(tree));
    renameSync(temporary, join(this.#folder, name));
  }

  #thin(): void {
    const age = (name: string): number => statSync(join(this.#folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const names = readdirSync(this.#folder);
    if (names.length <= maxTrees) return;
    const byAge = names.map((name) => ({ name, age: age(name) })).sort((a, b) => b.age - a.age);
    for (const { name } of byAge.slice(maxTrees / 2)) rmSync(join(this.#folder, name), { force: true });
  }
}
