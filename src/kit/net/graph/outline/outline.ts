import { elementCount, type FeatureShape } from '../feature-shape.ts';
import { inputName, layerOf, type LayerNode } from '../graph.ts';
import type { ShapedGraph } from '../shaped-graph.ts';
import { type Block, repeatedBlocks } from './repeated-blocks.ts';

/** Some successive layers of a network that are shown as one. */
export interface OutlineEntry {
  /** `stage3_unit2 .. stage3_unit30`, `conv0 .. relu0`, `fc1`. */
  readonly title: string;
  /** The layers of one repetition in a few words each. */
  readonly words: readonly string[];
  readonly repeats: number;
  /** Shape of the last layer's output. */
  readonly shape: FeatureShape;
  /** Values to learn, of all repetitions; moving statistics are not counted. */
  readonly parameters: number;
  /** For one image, of all repetitions. */
  readonly multiplyAdds: number;
  /** Names of outputs of the network among its layers. */
  readonly outputs: readonly string[];
}

/** A network in few entries: units that repeat are folded, and a convolution stands with what follows it. */
export function outlineOf(shaped: ShapedGraph): OutlineEntry[] {
  const ends = endsOfUnits(shaped.graph.layers);
  return repeatedBlocks(shaped.graph.layers)
    .flatMap((block) => (block.repeats > 1 ? [block] : groups(block.layers, ends)))
    .map((block) => entryOf(shaped, block));
}

/** Every layer as an entry of its own. */
export function layersOf(shaped: ShapedGraph): OutlineEntry[] {
  return shaped.graph.layers.map((node) => entryOf(shaped, { layers: [node], repeats: 1 }));
}

/** Layers after which no value is needed but theirs: between two of them is a unit with several paths. */
function endsOfUnits(layers: readonly LayerNode[]): ReadonlySet<string> {
  const lastUse = new Map<string, number>();
  for (const [index, { inputs }] of layers.entries()) for (const input of inputs) lastUse.set(input, index);
  const ends = new Set<string>();
  let needed = lastUse.get(inputName) ?? 0;
  for (const [index, { name }] of layers.entries()) {
    if (needed <= index) ends.add(name);
    needed = Math.max(needed, lastUse.get(name) ?? layers.length);
  }
  return ends;
}

function groups(layers: readonly LayerNode[], ends: ReadonlySet<string>): Block[] {
  const found: LayerNode[][] = [];
  let unit: LayerNode[] = [];
  let isOpen = false;
  for (const node of layers) {
    unit.push(node);
    if (!ends.has(node.name) && node !== layers.at(-1)) continue;
    const group = found.at(-1);
    if (unit.length === 1 && layerOf(node).outline.follows === true && isOpen) group?.push(node);
    else found.push(unit);
    isOpen = unit.length === 1;
    unit = [];
  }
  return found.map((group) => ({ layers: group, repeats: 1 }));
}

function entryOf(shaped: ShapedGraph, { layers, repeats }: Block): OutlineEntry {
  const names = new Set(layers.map(({ name }) => name));
  const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
  const own = shaped.parameters.filter(({ layer, role }) => names.has(layer) && role !== 'auxiliary');
  const period = layers.length / repeats;
  const [first, last] = [titleOf(layers.slice(0, period)), titleOf(layers.slice(-period))];
  return {
    title:
      repeats === 1 ? `${first.from}${first.to}` : `${first.from} .. ${last.to === '' ? last.from : last.to.slice(4)}`,
    words: layers.slice(0, period).map((node) => layerOf(node).words()),
    repeats,
    shape: shaped.shapes.get(layers.at(-1)?.name ?? '') ?? [],
    parameters: sum(own.map(({ shape }) => elementCount(shape))),
    multiplyAdds: sum(layers.map(({ name }) => shaped.multiplyAddsOf.get(name) ?? 0)),
    outputs: shaped.graph.outputs.filter((output) => names.has(output)),
  };
}

/** What the names of the layers have in common, up to an underscore; or the first and the last name. */
function titleOf(layers: readonly LayerNode[]): { readonly from: string; readonly to: string } {
  const named = layers.filter((node) => layerOf(node).outline.isNumbered !== true);
  const names = (named.length === 0 ? layers : named).map(({ name }) => name);
  const [first = '', ...others] = names;
  if (names.length === 1) return { from: first, to: '' };
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length += 1;
  const prefix = first.slice(0, Math.max(0, first.slice(0, length).lastIndexOf('_')));
  if (prefix !== '') return { from: prefix.replace(/_+$/, ''), to: '' };
  return { from: first, to: ` .. ${names.at(-1) ?? ''}` };
}
