import { closeSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { errorCode, fail } from '../../src/core/failure.ts';
import { failures } from './failures.ts';

/**
 * The folder an archive is unpacked into. Nothing can leave it: names that point outside are refused, and no symbolic
 * link is ever made, so none can be followed. A link to a file of the archive becomes a second name of that file.
 */
export class UnpackTarget {
  readonly #folder: string;
  readonly #archive: string;
  /** Names as they are written in the archive, by path. */
  readonly #files = new Map<string, string>();
  readonly #links: { readonly name: string; readonly target: string }[] = [];

  constructor(folder: string, archive: string) {
    this.#folder = folder;
    this.#archive = archive;
  }

  get files(): number {
    return this.#files.size;
  }

  addFolder(name: string): void {
    this.#guard(name, () => {
      makeOwnFolder(this.#path(name));
    });
  }

  /**
   * Opens a file of the archive for writing. An earlier one of the same name is replaced, as archives that were added to
   * mean it; one whose name in the archive, `rawName`, is another is not.
   */
  addFile(name: string, rawName = name): UnpackedFile {
    const path = this.#path(name);
    const earlier = this.#files.get(posix.normalize(name));
    if (earlier !== undefined && earlier !== rawName) this.refuse(name, 'would replace another file of the archive');
    return this.#guard(name, () => {
      makeOwnFolder(dirname(path));
      rmSync(path, { force: true });
      const descriptor = openSync(path, 'wx');
      this.#files.set(posix.normalize(name), rawName);
      return new UnpackedFile(descriptor);
    });
  }

  /** Notes a link; `target` counts from the top of the archive. Made by {@link finish}, when all files are there. */
  addLink(name: string, target: string): void {
    this.#path(name);
    this.#links.push({ name, target: safeName(target, this.#archive, `the link ${name} leads to`) });
  }

  finish(): void {
    const targets = new Map(this.#links.map(({ name, target }) => [posix.normalize(name), target]));
    for (const { name, target } of this.#links) {
      const file = this.#fileBehind(target, targets);
      if (file === undefined || file === posix.normalize(name)) {
        fail(failures.unsafeLink({ name, target }, { file: this.#archive }));
      }
      this.#guard(name, () => {
        makeOwnFolder(dirname(this.#path(name)));
        rmSync(this.#path(name), { force: true });
        linkSync(this.#path(file), this.#path(name));
      });
    }
  }

  /** The file that a link leads to, over other links if need be; undefined without such a file, and for a circle of links. */
  #fileBehind(target: string, targets: ReadonlyMap<string, string>): string | undefined {
    const seen = new Set<string>();
    for (let at: string | undefined = target; at !== undefined && !seen.has(at); at = targets.get(at)) {
      if (this.#files.has(at)) return at;
      seen.add(at);
    }
    return undefined;
  }

  /** What an archive may not hold: devices, pipes and the like. */
  refuse(name: string, problem: string): never {
    return fail(failures.unsafeEntry({ name, problem }, { file: this.#archive }));
  }

  #path(name: string): string {
    return join(this.#folder, safeName(name, this.#archive, 'the archive holds'));
  }

  /** A file where another entry has a folder, or the other way round. */
  #guard<Result>(name: string, act: () => Result): Result {
    try {
      return act();
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined || !['ENOTDIR', 'EISDIR', 'EEXIST', 'ERR_FS_EISDIR', 'ENAMETOOLONG'].includes(code))
        throw error;
      const problem = `cannot be placed beside the other entries (${code})`;
      return fail(failures.unsafeEntry({ name, problem }, { file: this.#archive }), error);
    }
  }
}

/** A file on its way out of an archive. */
export class UnpackedFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array): void {
    for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The name without detours; fails where it is absolute or leads out of the folder. */
function safeName(name: string, archive: string, says: string): string {
  const plain = posix.normalize(name).replace(/\/$/, '');
  const leaves = plain.split('/').includes('..') || name.split(/[/\\]/).includes('..');
  if (!posix.isAbsolute(name) && !/^[A-Za-z]:[/\\]/.test(name) && !leaves && !name.includes('\0')) return plain;
  return fail(failures.unsafeName({ says, name }, { file: archive }));
}
