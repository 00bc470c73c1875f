import { canonicalJson } from '../../core/digest.ts';
import type { StageKind } from './experiment.ts';
import { failures, warnings } from './failures.ts';
import { asText, describe, toJson, type ListNode, type MapNode, type Node } from './node.ts';
import { locate, type Problems, type Span } from './problems.ts';
import { parseText, resolveReferences, type ResolveReference } from './resolve-references.ts';

/** A stage as the file has it, its references not yet resolved. */
export interface StageDraft {
  readonly name: string;
  /** What it is called in errors: `stage "train"`. */
  readonly owner: string;
  /** Where its name is written. */
  readonly at: Span;
  readonly kind: StageKind;
  /** Everything under its name. */
  readonly map: MapNode;
}

/** One instance of a stage: a choice of a value for each axis of its matrix. */
export interface Instance {
  /** `set=lfw,size=112`; empty for a stage without a matrix. */
  readonly label: string;
  /** What each axis is called in the label, for references by key. */
  readonly labels: ReadonlyMap<string, string>;
  /** Canonical JSON of the value of each axis, for matching instances of other stages. */
  readonly axes: ReadonlyMap<string, string>;
  /** What `${matrix.NAME}` means: the axes, and what `include` adds. */
  readonly values: ReadonlyMap<string, Node>;
}

const onlyInstance: Instance = { label: '', labels: new Map(), axes: new Map(), values: new Map() };

/** Finds the instances of every stage. A stage may take over the matrix of another: `matrix: ${stages.align.matrix}`. */
export class StageInstances {
  readonly #drafts: ReadonlyMap<string, StageDraft>;
  readonly #resolve: ResolveReference;
  readonly #problems: Problems;
  readonly #known = new Map<string, readonly Instance[]>();
  readonly #open: string[] = [];

  constructor(drafts: readonly StageDraft[], resolve: ResolveReference, problems: Problems) {
    this.#drafts = new Map(drafts.map((draft) => [draft.name, draft]));
    this.#resolve = resolve;
    this.#problems = problems;
  }

  of(draft: StageDraft): readonly Instance[] {
    const known = this.#known.get(draft.name);
    if (known !== undefined) return known;
    const matrix = draft.map.entries.get('matrix')?.value;
    this.#open.push(draft.name);
    const instances = matrix === undefined ? [onlyInstance] : this.#expand(matrix, draft);
    this.#open.pop();
    this.#known.set(draft.name, instances);
    return instances;
  }

  #expand(matrix: Node, draft: StageDraft): readonly Instance[] {
    const other = stageNamedBy(matrix);
    if (other === undefined) {
      return expandMatrix(resolveReferences(matrix, this.#resolve, this.#problems), draft.owner, this.#problems);
    }
    const source = this.#drafts.get(other);
    if (source !== undefined && !this.#open.includes(other)) return this.of(source);
    const circle = [...this.#open.slice(this.#open.indexOf(other)), other];
    this.#problems.add(
      source === undefined
        ? failures.unknownMatrix({ stage: other, known: [...this.#drafts.keys()] }, locate(matrix.at))
        : failures.referenceCycle({ relation: 'matrices are taken from', circle }, locate(matrix.at)),
    );
    return [];
  }
}

/** The stage whose matrix a value refers to. */
function stageNamedBy(matrix: Node): string | undefined {
  if (matrix.type !== 'scalar' || typeof matrix.value !== 'string') return undefined;
  const [part, ...rest] = parseText(matrix.value);
  if (part?.type !== 'reference' || part.reference.type !== 'stage-matrix' || rest.length > 0) return undefined;
  return part.reference.stage;
}

/** More is a mistake: 100 x 100 instances are 10,000 tasks. */
const maxInstances = 100_000;

interface Choice {
  readonly label: string;
  readonly json: string;
  readonly node: Node;
}

type Combination = ReadonlyMap<string, Choice>;

/**
 * All combinations of the lists of a matrix, without those that `exclude` matches, with those that `include` adds. An
 * `include` entry whose axes match existing instances adds its other values to those; otherwise it is a new instance.
 */
function expandMatrix(matrix: Node, owner: string, problems: Problems): readonly Instance[] {
  if (matrix.type === 'broken') return [];
  if (matrix.type !== 'map') {
    problems.add(failures.badMatrix({ owner, found: describe(matrix) }, locate(matrix.at)));
    return [];
  }
  return new Expansion(matrix, owner, problems).instances();
}

class Expansion {
  readonly #matrix: MapNode;
  readonly #owner: string;
  readonly #problems: Problems;

  constructor(matrix: MapNode, owner: string, problems: Problems) {
    this.#matrix = matrix;
    this.#owner = owner;
    this.#problems = problems;
  }

  instances(): readonly Instance[] {
    const axes = this.#axes();
    const count = [...axes.values()].reduce((product, choices) => product * choices.length, 1);
    if (count > maxInstances) {
      this.#report({ expected: `at most ${String(maxInstances)} instances`, found: String(count) }, this.#matrix.at);
      return [];
    }
    const kept = this.#withoutExcluded(axes.size === 0 ? [] : combine(axes), axes);
    const instances = this.#withIncluded(kept, axes);
    if (instances.length === 0 && axes.size === 0) {
      this.#report({ expected: 'lists or "include"', found: 'neither' }, this.#matrix.at);
    } else if (instances.length === 0) {
      this.#problems.warn(warnings.emptyMatrix({ owner: this.#owner }, locate(this.#matrix.at)));
    }
    this.#refuseDuplicates(instances);
    return instances;
  }

  #axes(): Map<string, Choice[]> {
    const axes = new Map<string, Choice[]>();
    for (const [name, { value }] of this.#matrix.entries) {
      if (name === 'include' || name === 'exclude' || value.type === 'broken') continue;
      if (value.type === 'list') axes.set(name, choicesOf(value, this.#problems));
      else this.#report({ what: `"${name}"`, expected: 'a list', found: describe(value) }, value.at);
    }
    return axes;
  }

  #withoutExcluded(combinations: readonly Combination[], axes: ReadonlyMap<string, unknown>): Combination[] {
    let kept = [...combinations];
    for (const entry of this.#entriesOf('exclude')) {
      for (const [name, { key }] of entry.entries) {
        const facts = { owner: this.#owner, axis: name, known: [...axes.keys()] };
        if (!axes.has(name)) this.#problems.add(failures.unknownAxis(facts, locate(key)));
      }
      const remaining = kept.filter((combination) => !matches(combination, valuesOf(entry)));
      if (remaining.length === kept.length) {
        this.#problems.warn(warnings.uselessExclude({ owner: this.#owner }, locate(entry.at)));
      }
      kept = remaining;
    }
    return kept;
  }

  #withIncluded(combinations: readonly Combination[], axes: ReadonlyMap<string, unknown>): Instance[] {
    const drafts = combinations.map((combination) => ({ combination, extras: new Map<string, Node>() }));
    const additions: typeof drafts = [];
    for (const entry of this.#entriesOf('include')) {
      const [chosen, extras] = partition(entry, axes, this.#problems);
      const wanted = new Map([...chosen].map(([name, { json }]) => [name, json]));
      const known = extras.size > 0 ? drafts.filter((draft) => matches(draft.combination, wanted)) : [];
      for (const draft of known) for (const [name, node] of extras) draft.extras.set(name, node);
      if (known.length > 0) continue;
      const missing = [...axes.keys()].filter((name) => !chosen.has(name));
      if (missing.length > 0) {
        this.#problems.add(failures.incompleteInclude({ owner: this.#owner, missing }, locate(entry.at)));
      }
      // Without lists, what is included are the instances, and all its values are axes.
      else if (axes.size > 0) additions.push({ combination: inOrder(chosen, axes), extras });
      else additions.push({ combination: partition(entry, entry.entries, this.#problems)[0], extras: new Map() });
    }
    return [...drafts, ...additions].map(({ combination, extras }) => instanceOf(combination, extras));
  }

  #entriesOf(key: 'include' | 'exclude'): MapNode[] {
    const node = this.#matrix.entries.get(key)?.value;
    if (node === undefined) return [];
    const items = node.type === 'list' ? node.items : [node];
    return items.filter((item): item is MapNode => {
      if (item.type === 'map') return true;
      if (item.type === 'broken') return false;
      this.#report({ what: `"${key}"`, expected: 'a list of mappings', found: describe(item) }, item.at);
      return false;
    });
  }

  #refuseDuplicates(instances: readonly Instance[]): void {
    const seen = new Set<string>();
    for (const { label } of instances) {
      if (seen.has(label)) {
        this.#problems.add(failures.duplicateInstance({ owner: this.#owner, label }, locate(this.#matrix.at)));
      }
      seen.add(label);
    }
  }

  #report(facts: { what?: string; expected: string; found: string }, at: Span): void {
    this.#problems.add(failures.badMatrixValue({ owner: this.#owner, ...facts }, locate(at)));
  }
}

function choicesOf(list: ListNode, problems: Problems): Choice[] {
  return list.items
    .filter((node) => node.type !== 'broken')
    .map((node, index) => ({ node, json: canonicalJson(toJson(node)), label: labelOf(node, index, problems) }));
}

/** A value in the name of a task: itself, its `name` if it is a mapping, otherwise its place in the list. */
function labelOf(node: Node, index: number, problems: Problems): string {
  const named = node.type === 'map' ? node.entries.get('name')?.value : node;
  if (named?.type !== 'scalar' || named.value === null) return String(index + 1);
  return asText(named, problems).replaceAll(/[\s,=[\]]/g, '_');
}

function combine(axes: ReadonlyMap<string, readonly Choice[]>): Combination[] {
  let combinations: Combination[] = [new Map()];
  for (const [name, choices] of axes) {
    combinations = combinations.flatMap((combination) =>
      choices.map((choice) => new Map(combination).set(name, choice)),
    );
  }
  return combinations;
}

function matches(combination: Combination, wanted: ReadonlyMap<string, string>): boolean {
  for (const [name, json] of wanted) if (combination.get(name)?.json !== json) return false;
  return true;
}

function valuesOf(entry: MapNode): Map<string, string> {
  return new Map([...entry.entries].map(([name, { value }]) => [name, canonicalJson(toJson(value))]));
}

function inOrder(chosen: Combination, axes: ReadonlyMap<string, unknown>): Combination {
  const names = [...axes.keys()];
  return new Map([...chosen].sort(([a], [b]) => names.indexOf(a) - names.indexOf(b)));
}

/** Splits an `include` entry into its choices for axes and its other values. */
function partition(
  entry: MapNode,
  axes: ReadonlyMap<string, unknown>,
  problems: Problems,
): [Map<string, Choice>, Map<string, Node>] {
  const chosen = new Map<string, Choice>();
  const extras = new Map<string, Node>();
  for (const [name, { value }] of entry.entries) {
    if (!axes.has(name)) extras.set(name, value);
    else
      chosen.set(name, {
        node: value,
        json: canonicalJson(toJson(value)),
        label: labelOf(value, chosen.size, problems),
      });
  }
  return [chosen, extras];
}

function instanceOf(combination: Combination, extras: ReadonlyMap<string, Node>): Instance {
  const choices = [...combination];
  const labels = new Map(choices.map(([name, { label }]) => [name, label]));
  return {
    label: [...labels].map(([name, label]) => `${name}=${label}`).join(','),
    labels,
    axes: new Map(choices.map(([name, { json }]) => [name, json])),
    values: new Map([...choices.map(([name, { node }]): [string, Node] => [name, node]), ...extras]),
  };
}
