import { closeSync, linkSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { errorCode, fail } from '../../src/core/failure.ts';
import { failures } from './failures.ts';

/**
 * The folder an archive is unpacked into. Nothing can leave it: names that point outside are refused, and no symbolic
 * link is ever made, so none can be followed. A link to a file of the archive becomes a second name of that file.
 */
export class UnpackTarget {
  readonly #folder: string;
  readonly #archive: string;
  readonly #files = new Set<string>();
  readonly #links: { readonly name: string; readonly target: string }[] = [];

  constructor(folder: string, archive: string) {
    this.#folder = folder;
    this.#archive = archive;
  }

  get files(): number {
    return this.#files.size;
  }

  addFolder(name: string): void {
    this.#guard(name, () => mkdirSync(this.#path(name), { recursive: true }));
  }

  /** Opens a file of the archive for writing; an earlier one of the same name is replaced. */
  addFile(name: string): UnpackedFile {
    const path = this.#path(name);
    return this.#guard(name, () => {
      mkdirSync(dirname(path), { recursive: true });
      rmSync(path, { force: true });
      const descriptor = openSync(path, 'wx');
      this.#files.add(posix.normalize(name));
      return new UnpackedFile(descriptor);
    });
  }

  /** Notes a link; `target` counts from the top of the archive. Made by {@link finish}, when all files are there. */
  addLink(name: string, target: string): void {
    this.#path(name);
    this.#links.push({ name, target: safeName(target, this.#archive, `the link ${name} leads to`) });
  }

  finish(): void {
    for (const { name, target } of this.#links) {
      if (!this.#files.has(target)) {
        fail(failures.unsafeLink({ name, target }, { file: this.#archive }));
      }
      this.#guard(name, () => {
        mkdirSync(dirname(this.#path(name)), { recursive: true });
        rmSync(this.#path(name), { force: true });
        linkSync(this.#path(target), this.#path(name));
      });
    }
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
