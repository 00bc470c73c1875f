import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { failures } from './failures.ts';
import { describe, type MapNode, type Node } from './node.ts';
import { parseYaml } from './parse-yaml.ts';
import { locate, SourceText, type Problems, type Span } from './problems.ts';
import { readTree, treeName, writeTree, type TreeStore } from './written-tree.ts';

export interface FileSources {
  /** Absolute. */
  readonly workspace: string;
  /** Trees of files that were read before. */
  readonly trees?: TreeStore | undefined;
  /** Texts that take the place of files, by absolute path. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
}

/** Reads single experiment files as trees, and keeps their texts. */
export class ExperimentFiles {
  /** Text of every file that was read, by absolute path. */
  readonly read = new Map<string, string>();
  readonly #sources: FileSources;
  readonly #problems: Problems;

  constructor(sources: FileSources, problems: Problems) {
    this.#sources = sources;
    this.#problems = problems;
  }

  /**
   * The mapping in a file; undefined without one, which is reported.
   * @param from the place that names the file, unless that is the command line
   */
  mapIn(path: string, from: Span | undefined): MapNode | undefined {
    const source = this.#load(path, from);
    if (source === undefined) return undefined;
    const before = this.#problems.count;
    const root = this.#parse(source);
    if (root?.type === 'map') return root;
    if (this.#problems.count > before) return undefined;
    this.#problems.add(
      root === undefined
        ? failures.emptyFile({}, source.locate(0, 1))
        : failures.wrongType({ expected: 'a mapping', found: describe(root) }, locate(root.at)),
    );
    return undefined;
  }

  /** A path as people type it: relative inside of the workspace. */
  shown(path: string): string {
    const inside = relative(this.#sources.workspace, path);
    if (inside === '') return '.';
    return inside.startsWith('..') ? path : inside;
  }

  #load(path: string, from: Span | undefined): SourceText | undefined {
    const text = this.#sources.texts?.get(path) ?? this.#textOf(path, from);
    if (text === undefined) return undefined;
    this.read.set(path, text);
    return new SourceText(this.shown(path), text.replace(/^\uFEFF/, ''));
  }

  #textOf(path: string, from: Span | undefined): string | undefined {
    const at = from && locate(from);
    const file = this.shown(path);
    try {
      const bytes = readFileSync(path);
      if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
      this.#problems.add(failures.notText({ file }, at));
    } catch (error) {
      const experiments = experimentsIn(path)?.map((name) => join(file, name));
      this.#problems.add(failures.fileNotFound({ file, reason: reasonOf(error), experiments }, at));
    }
    return undefined;
  }

  #parse(source: SourceText): Node | undefined {
    const name = treeName(source.text);
    const { trees } = this.#sources;
    const known = trees?.find(name);
    if (known !== undefined) return readTree(known, source);
    const before = this.#problems.count;
    const root = parseYaml(source, this.#problems);
    const tree = root === undefined || this.#problems.count > before ? undefined : writeTree(root);
    if (tree !== undefined) trees?.keep(name, tree);
    return root;
  }
}

/** What could have been meant by a path that names a folder: the YAML files in it. */
function experimentsIn(path: string): string[] | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Record<string, string> = {
    ENOENT: 'the file does not exist',
    EISDIR: 'it is a folder',
    EACCES: 'it may not be read',
  };
  return reasons[code] ?? String(error);
}
