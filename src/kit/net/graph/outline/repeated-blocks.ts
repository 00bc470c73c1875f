import type { LayerNode } from '../graph.ts';

/** Successive layers, which may be several repetitions of the same. */
export interface Block {
  /** Those of all repetitions. */
  readonly layers: readonly LayerNode[];
  /** 1: nothing repeats. */
  readonly repeats: number;
}

/** Longest block that is looked for; the longest unit of the zoo has about 30 layers. */
const longestPeriod = 120;

/**
 * Splits a graph into blocks that repeat and the layers between them. Layers are alike if they have the same kind and
 * attributes, and take their inputs from the same distances before them.
 */
export function repeatedBlocks(layers: readonly LayerNode[]): Block[] {
  const signatures = signaturesOf(layers);
  const blocks: Block[] = [];
  let single: LayerNode[] = [];
  for (let start = 0; start < layers.length;) {
    const { period, repeats } = longestRepetition(signatures, start);
    if (repeats === 1) {
      single.push(...layers.slice(start, start + 1));
      start += 1;
      continue;
    }
    if (single.length > 0) blocks.push({ layers: single, repeats: 1 });
    single = [];
    blocks.push({ layers: layers.slice(start, start + period * repeats), repeats });
    start += period * repeats;
  }
  if (single.length > 0) blocks.push({ layers: single, repeats: 1 });
  return blocks;
}

/** Equal numbers for layers that are alike. */
function signaturesOf(layers: readonly LayerNode[]): number[] {
  const positions = new Map(layers.map(({ name }, index) => [name, index]));
  const numbers = new Map<string, number>();
  return layers.map(({ kind, attributes, inputs }, index) => {
    const distances = inputs.map((input) => index - (positions.get(input) ?? -1));
    const text = JSON.stringify([kind, attributes, distances]);
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  });
}

function longestRepetition(
  signatures: readonly number[],
  start: number,
): { readonly period: number; readonly repeats: number } {
  let best = { period: 1, repeats: 1 };
  for (let period = 2; period <= longestPeriod && start + 2 * period <= signatures.length; period += 1) {
    const repeats = repetitions(signatures, start, period);
    if (repeats > 1 && period * repeats > best.period * best.repeats) best = { period, repeats };
  }
  return best;
}

function repetitions(signatures: readonly number[], start: number, period: number): number {
  let alike = 0;
  while (
    start + period + alike < signatures.length &&
    signatures[start + alike] === signatures[start + period + alike]
  ) {
    alike += 1;
  }
  return Math.floor(alike / period) + 1;
}
