import { canonicalJson } from '../../core/digest.ts';
import { suggestion } from './map-reader.ts';
import { describe, toJson, type ListNode, type MapNode, type Node } from './node.ts';
import type { Problems } from './problems.ts';
import type { Span } from './source-text.ts';

/** One instance of a stage: a choice of a value for each axis of its matrix. */
export interface Instance {
  /** `set=lfw,size=112`; empty for a stage without a matrix. */
  readonly label: string;
  /** What each axis is called in the label, for references by key. */
  readonly labels: ReadonlyMap<string, string>;
  /** Canonical JSON of the value of each axis, for matching instances of other stages. */
  readonly axes: ReadonlyMap<string, string>;
  /** What `${matrix.NAME}` stands for: the axes, and what `include` adds. */
  readonly values: ReadonlyMap<string, Node>;
}

export const onlyInstance: Instance = { label: '', labels: new Map(), axes: new Map(), values: new Map() };

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
 * `include` entry whose axes match instances there are adds its other values to those; otherwise it is a new instance.
 */
export function expandMatrix(matrix: Node, owner: string, problems: Problems): readonly Instance[] {
  if (matrix.type === 'broken') return [];
  if (matrix.type !== 'map') {
    problems.add({
      code: 'bad-matrix',
      message: `"matrix" of ${owner} must be a map of lists, found ${describe(matrix)}`,
      at: matrix.at,
    });
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
      this.#report(`expected at most ${String(maxInstances)} instances, found ${String(count)}`, this.#matrix.at);
      return [];
    }
    const kept = this.#withoutExcluded(axes.size === 0 ? [] : combine(axes), axes);
    const instances = this.#withIncluded(kept, axes);
    if (instances.length === 0 && axes.size === 0)
      this.#report('expected lists or "include", found neither', this.#matrix.at);
    this.#refuseDuplicates(instances);
    return instances;
  }

  #axes(): Map<string, Choice[]> {
    const axes = new Map<string, Choice[]>();
    for (const [name, { value }] of this.#matrix.entries) {
      if (name === 'include' || name === 'exclude' || value.type === 'broken') continue;
      if (value.type === 'list') axes.set(name, choicesOf(value));
      else this.#report(`"${name}" must be a list, found ${describe(value)}`, value.at);
    }
    return axes;
  }

  #withoutExcluded(combinations: readonly Combination[], axes: ReadonlyMap<string, unknown>): Combination[] {
    let kept = [...combinations];
    for (const entry of this.#entriesOf('exclude')) {
      for (const [name, { key }] of entry.entries) {
        if (!axes.has(name)) this.#report(`"exclude" has no axis "${name}"${suggestion(name, axes.keys())}`, key);
      }
      const remaining = kept.filter((combination) => !matches(combination, valuesOf(entry)));
      if (remaining.length === kept.length) {
        const message = `this "exclude" of ${this.#owner} matches no instance`;
        this.#problems.warn({ code: 'useless-exclude', message, at: entry.at });
      }
      kept = remaining;
    }
    return kept;
  }

  #withIncluded(combinations: readonly Combination[], axes: ReadonlyMap<string, unknown>): Instance[] {
    const drafts = combinations.map((combination) => ({ combination, extras: new Map<string, Node>() }));
    const additions: typeof drafts = [];
    for (const entry of this.#entriesOf('include')) {
      const [chosen, extras] = partition(entry, axes);
      const wanted = new Map([...chosen].map(([name, { json }]) => [name, json]));
      const known = extras.size > 0 ? drafts.filter((draft) => matches(draft.combination, wanted)) : [];
      for (const draft of known) for (const [name, node] of extras) draft.extras.set(name, node);
      if (known.length > 0) continue;
      const lacking = [...axes.keys()].filter((name) => !chosen.has(name));
      if (lacking.length > 0) this.#report(`this "include" says nothing of ${lacking.join(', ')}`, entry.at);
      // Without lists, what is included are the instances, and all its values are axes.
      else if (axes.size > 0) additions.push({ combination: inOrder(chosen, axes), extras });
      else additions.push({ combination: partition(entry, entry.entries)[0], extras: new Map() });
    }
    return [...drafts, ...additions].map(({ combination, extras }) => instanceOf(combination, extras));
  }

  #entriesOf(key: 'include' | 'exclude'): MapNode[] {
    const node = this.#matrix.entries.get(key)?.value;
    if (node === undefined) return [];
    const items = node.type === 'list' ? node.items : [node];
    return items.filter((item): item is MapNode => {
      if (item.type === 'map') return true;
      if (item.type !== 'broken') this.#report(`"${key}" must be a list of maps, found ${describe(item)}`, item.at);
      return false;
    });
  }

  #refuseDuplicates(instances: readonly Instance[]): void {
    const seen = new Set<string>();
    for (const { label } of instances) {
      if (seen.has(label)) {
        const message = `two instances of ${this.#owner} would be called [${label}]`;
        this.#problems.add({ code: 'duplicate-instance', message, at: this.#matrix.at });
      }
      seen.add(label);
    }
  }

  #report(message: string, at: Span): void {
    this.#problems.add({ code: 'bad-matrix', message: `the matrix of ${this.#owner}: ${message}`, at });
  }
}

function choicesOf(list: ListNode): Choice[] {
  return list.items
    .filter((node) => node.type !== 'broken')
    .map((node, index) => ({ node, json: canonicalJson(toJson(node)), label: labelOf(node, index) }));
}

/** A value in the name of a task: itself, its `name` where it is a map, otherwise its place in the list. */
function labelOf(node: Node, index: number): string {
  const named = node.type === 'map' ? node.entries.get('name')?.value : node;
  if (named?.type !== 'scalar' || named.value === null) return String(index + 1);
  return String(named.value).replaceAll(/[\s,=[\]]/g, '_');
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

/** Of an `include` entry: its choices for axes, and the values besides. */
function partition(entry: MapNode, axes: ReadonlyMap<string, unknown>): [Map<string, Choice>, Map<string, Node>] {
  const chosen = new Map<string, Choice>();
  const extras = new Map<string, Node>();
  for (const [name, { value }] of entry.entries) {
    if (!axes.has(name)) extras.set(name, value);
    else chosen.set(name, { node: value, json: canonicalJson(toJson(value)), label: labelOf(value, chosen.size) });
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
