import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { applyOverride } from './apply-override.ts';
import { suggestion } from './map-reader.ts';
import { merge, without } from './merge.ts';
import type { MapNode, Node } from './node.ts';
import { describe } from './node.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Problems } from './problems.ts';
import { SourceText, type Span } from './source-text.ts';
import { readTree, treeName, writeTree, type TreeStore } from './written-tree.ts';

export interface Composition {
  readonly file: string;
  readonly workspace: string;
  readonly profile?: string | undefined;
  readonly overrideFiles: readonly string[];
  readonly overrides: readonly string[];
  /** Trees of files that were read before. */
  readonly trees?: TreeStore | undefined;
  /** Texts that stand for files, by absolute path. */
  readonly texts?: ReadonlyMap<string, string> | undefined;
  readonly onRead: (path: string, text: string) => void;
}

/**
 * The experiment as one tree: the file over what it `extends`, the profile over that, then the overlays of --set-file,
 * then each --set. Undefined where nothing is left to go on with.
 */
export function compose(composition: Composition, problems: Problems): MapNode | undefined {
  const { workspace } = composition;
  const files = new FileReader(composition, problems);
  let root: MapNode | undefined = files.read(resolve(workspace, composition.file), undefined);
  // With a part of the file missing, everything else would be complained about for want of it.
  if (root === undefined || problems.count > 0) return undefined;
  if (composition.profile !== undefined) root = applyProfile(root, composition.profile, problems);
  for (const file of composition.overrideFiles) {
    const overlay = files.read(resolve(workspace, file), undefined);
    if (overlay !== undefined) root = asMap(merge(root, overlay), root);
  }
  for (const override of composition.overrides) root = applyOverride(root, override, problems);
  return root;
}

function applyProfile(root: MapNode, name: string, problems: Problems): MapNode {
  const profiles = root.entries.get('profiles')?.value;
  const known = profiles?.type === 'map' ? profiles.entries : new Map<string, never>();
  const profile = known.get(name);
  if (profile === undefined) {
    problems.add({
      code: 'unknown-profile',
      message: `the experiment has no profile "${name}"${suggestion(name, known.keys())}`,
      at: { source: new SourceText('--profile', name), start: 0, end: name.length },
      ...(known.size > 0 ? { hint: `It has: ${[...known.keys()].join(', ')}.` } : {}),
    });
    return root;
  }
  if (profile.value.type === 'map') return asMap(merge(root, profile.value), root);
  return root;
}

/** Reads experiment files, each together with the files it extends. */
class FileReader {
  readonly #composition: Composition;
  readonly #problems: Problems;
  readonly #open: string[] = [];

  constructor(composition: Composition, problems: Problems) {
    this.#composition = composition;
    this.#problems = problems;
  }

  /** `from` is the place that names the file, where that is not the command line. */
  read(path: string, from: Span | undefined): MapNode | undefined {
    if (this.#open.includes(path)) {
      const circle = [...this.#open.slice(this.#open.indexOf(path)), path].map((file) => this.#shown(file));
      this.#problems.add({
        code: 'reference-cycle',
        message: `files extend each other in a circle: ${circle.join(' -> ')}`,
        ...(from && { at: from }),
      });
      return undefined;
    }
    const source = this.#load(path, from);
    if (source === undefined) return undefined;
    const before = this.#problems.count;
    const root = this.#parse(source);
    if (root?.type === 'map') return this.#extend(path, root);
    if (this.#problems.count === before) this.#refuse(root, source);
    return undefined;
  }

  #parse(source: SourceText): Node | undefined {
    const name = treeName(source.text);
    const { trees } = this.#composition;
    const known = trees?.find(name);
    if (known !== undefined) return readTree(known, source);
    const before = this.#problems.count;
    const root = parseYaml(source, this.#problems);
    const tree = root === undefined || this.#problems.count > before ? undefined : writeTree(root);
    if (tree !== undefined) trees?.keep(name, tree);
    return root;
  }

  #extend(path: string, root: MapNode): MapNode {
    const bases = root.entries.get('extends')?.value;
    if (bases === undefined) return root;
    this.#open.push(path);
    let composed: Node | undefined;
    for (const base of bases.type === 'list' ? bases.items : [bases]) {
      const below = this.#readBase(base, dirname(path));
      if (below !== undefined) composed = composed === undefined ? below : merge(composed, below);
    }
    this.#open.pop();
    const own = without(root, 'extends');
    return composed === undefined ? own : { ...asMap(merge(composed, own), own), at: own.at };
  }

  #readBase(base: Node, folder: string): MapNode | undefined {
    if (base.type === 'scalar' && typeof base.value === 'string')
      return this.read(resolve(folder, base.value), base.at);
    this.#problems.add({
      code: 'wrong-type',
      message: `"extends" must be a file or a list of files, found ${describe(base)}`,
      at: base.at,
    });
    return undefined;
  }

  #load(path: string, from: Span | undefined): SourceText | undefined {
    const text = this.#composition.texts?.get(path) ?? this.#textOf(path, from);
    if (text === undefined) return undefined;
    this.#composition.onRead(path, text);
    return new SourceText(this.#shown(path), text.replace(/^\uFEFF/, ''));
  }

  #textOf(path: string, from: Span | undefined): string | undefined {
    const at = from && { at: from };
    try {
      const bytes = readFileSync(path);
      if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
      const message = `expected a YAML file, found one that is no text in UTF-8: ${this.#shown(path)}`;
      this.#problems.add({ code: 'not-text', message, ...at });
    } catch (error) {
      const message = `cannot read ${this.#shown(path)}: ${reasonOf(error)}`;
      this.#problems.add({ code: 'file-not-found', message, ...at, hint: experimentsHint(path, this.#shown(path)) });
    }
    return undefined;
  }

  #refuse(root: Node | undefined, source: SourceText): void {
    const at = { source, start: 0, end: 1 };
    if (root === undefined) {
      this.#problems.add({
        code: 'empty-file',
        message: 'expected an experiment, found an empty file',
        at,
        hint: 'An experiment has at least a name and stages.',
      });
    } else {
      this.#problems.add({ code: 'wrong-type', message: `expected a map, found ${describe(root)}`, at: root.at });
    }
  }

  /** Inside of the workspace a file is shown as people type it. */
  #shown(path: string): string {
    const inside = relative(this.#composition.workspace, path);
    if (inside === '') return '.';
    return inside.startsWith('..') ? path : inside;
  }
}

/** What could have been meant where a folder is named. */
function experimentsHint(path: string, shown: string): string | undefined {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const files = readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
  if (files.length === 0) return 'Name an experiment, a YAML file; this folder holds none.';
  return `Name one of the files in it: ${files.map((name) => join(shown, name)).join(', ')}.`;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'it may not be read',
  };
  return reasons[code] ?? String(error);
}

function asMap(node: Node, otherwise: MapNode): MapNode {
  return node.type === 'map' ? node : otherwise;
}
