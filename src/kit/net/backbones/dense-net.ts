import type { Graph } from '../graph/graph.ts';
import { type Backbone, earlyDownsamplingOption, embeddingSizeOption } from './backbone.ts';
import { frontEnd } from './front-end.ts';
import { type Head, headNormalization, headOption, outputHead } from './output-head.ts';
import { NetworkBuilder, type SquareConvolution } from './network-builder.ts';

export interface DenseNetOptions {
  readonly embeddingSize: number;
  readonly head: Head;
  readonly earlyDownsampling: boolean;
}

interface Architecture {
  /** Channels that each unit adds. */
  readonly growth: number;
  /** Units per block. */
  readonly units: readonly number[];
}

const dropoutRate = 0.2;

/** DenseNet-BC (Huang et al. 2016): every unit takes the outputs of all units before it in its block. */
export function denseNet(depth: number, architecture: Architecture): Backbone<DenseNetOptions> {
  return {
    family: 'DenseNet',
    summary: `DenseNet-BC of depth ${depth}: every unit takes the outputs of all units before it in its block.`,
    options: { embeddingSize: embeddingSizeOption, head: headOption, earlyDownsampling: earlyDownsamplingOption },
    weights: { distribution: 'uniform', fan: 'in' },
    build: (options, size) => buildDenseNet(architecture, options, { channels: 3, ...size }),
  };
}

/** A DenseNet of any number of units. */
export function buildDenseNet(
  { growth, units }: Architecture,
  { embeddingSize, head, earlyDownsampling }: DenseNetOptions,
  image: Graph['input'],
): Graph {
  const builder = new NetworkBuilder();
  let layer = frontEnd(builder, 2 * growth, earlyDownsampling);
  // Counted from the nominal width of the front end, although it has fewer channels if that is above 64.
  let width = 2 * growth;
  for (const [block, count] of units.entries()) {
    for (let unit = 1; unit <= count; unit += 1) {
      const added = denseUnit(builder, { name: `DBstage${block + 1}_unit${unit}`, input: layer }, growth);
      layer = builder.add('concat', `DBstage${block + 1}_concat${unit}`, [layer, added]);
    }
    if (block === units.length - 1) break;
    width = Math.floor((width + count * growth) / 2);
    layer = transition(builder, { name: `TBstage${block + 1}`, number: block + 1, input: layer }, width);
  }
  return builder.build(image, outputHead(head, { builder, image, layer, embeddingSize }));
}

interface Place {
  readonly name: string;
  /** Part of the names of the layers. */
  readonly number: number;
  readonly input: string;
}

function denseUnit(builder: NetworkBuilder, { name, input }: Omit<Place, 'number'>, growth: number): string {
  const narrow = step(builder, { name, number: 1, input }, { filters: 4 * growth, kernel: 1 });
  return step(builder, { name, number: 2, input: narrow }, { filters: growth, kernel: 3, pad: 1 });
}

function transition(builder: NetworkBuilder, { name, number, input }: Place, filters: number): string {
  const narrow = step(builder, { name, number: 1, input }, { filters, kernel: 1 });
  return builder.pool(`${name}_pool${number}`, narrow, { function: 'average', kernel: 2, stride: 2 });
}

/** Normalise, rectify, convolve, drop. */
function step(builder: NetworkBuilder, { name, number, input }: Place, window: SquareConvolution): string {
  const normalized = builder.add('batch-normalization', `${name}_bn${number}`, input, headNormalization);
  const active = builder.add('activation', `${name}_relu${number}`, normalized, { function: 'relu' });
  const convolved = builder.convolve(`${name}_conv${number}`, active, window);
  return builder.add('dropout', `${name}_dp${number}`, convolved, { rate: dropoutRate });
}
