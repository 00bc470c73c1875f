import type { Graph } from '../graph/graph.ts';
import { type Backbone, earlyDownsamplingOption, embeddingSizeOption } from './backbone.ts';
import { frontEnd } from './front-end.ts';
import { type Head, headOption, outputHead } from './output-head.ts';
import { NetworkBuilder, type SquareConvolution } from './network-builder.ts';

export interface DualPathOptions {
  readonly embeddingSize: number;
  readonly head: Head;
  readonly earlyDownsampling: boolean;
}

interface Architecture {
  /** Channels of the residual path in the first stage. */
  readonly width: number;
  /** Channels within the blocks of the first stage. */
  readonly innerWidth: number;
  readonly groups: number;
  /** Blocks per stage, and the channels that each block adds to the dense path. */
  readonly stages: readonly { readonly blocks: number; readonly increment: number }[];
}

/** Dual Path Network (Chen et al. 2017): a residual path, whose channels are summed, beside a dense one, whose channels grow. */
export function dualPath(depth: number, architecture: Architecture): Backbone<DualPathOptions> {
  return {
    family: 'Dual Path Network',
    summary: `Dual Path Network of depth ${depth}: a residual path beside a dense one, with grouped convolutions.`,
    options: { embeddingSize: embeddingSizeOption, head: headOption, earlyDownsampling: earlyDownsamplingOption },
    weights: { distribution: 'uniform', fan: 'in' },
    build: (options, size) => buildDualPath(architecture, options, { channels: 3, ...size }),
  };
}

/** A Dual Path Network of any number of blocks. */
export function buildDualPath(
  architecture: Architecture,
  { embeddingSize, head, earlyDownsampling }: DualPathOptions,
  image: Graph['input'],
): Graph {
  const builder = new NetworkBuilder();
  let paths: Paths = { together: frontEnd(builder, architecture.width / 2, earlyDownsampling) };
  for (const [stage, { blocks, increment }] of architecture.stages.entries()) {
    for (let index = 1; index <= blocks; index += 1) {
      paths = addBlock(builder, paths, {
        name: `conv${stage + 2}_x__${index}`,
        width: architecture.width * 2 ** stage,
        inner: Math.floor(architecture.innerWidth * 2 ** stage),
        increment,
        groups: architecture.groups,
        stride: stage > 0 && index === 1 ? 2 : 1,
        projects: index === 1,
      });
    }
  }
  const layer = joined(builder, 'conv5_x_x_cat-final', paths);
  return builder.build(image, outputHead(head, { builder, image, layer, embeddingSize }));
}

/** What leaves a block: the two paths, or, before the first block, one feature map. */
type Paths = { readonly residual: string; readonly dense: string } | { readonly together: string };

interface Block {
  readonly name: string;
  readonly width: number;
  readonly inner: number;
  readonly increment: number;
  readonly groups: number;
  readonly stride: number;
  /** Its input is projected, and split, instead of passed on. */
  readonly projects: boolean;
}

function addBlock(builder: NetworkBuilder, paths: Paths, block: Block): Paths {
  const { name, width, inner, increment, stride, groups } = block;
  const input = joined(builder, `${name}_cat-input`, paths);
  const passed = block.projects || 'together' in paths ? projected(builder, input, block) : paths;
  const narrow = activatedConvolution(builder, { part: `${name}_c1x1-a`, input }, { filters: inner, kernel: 1 });
  const grouped = { filters: inner, kernel: 3, pad: 1, stride, groups };
  const convolved = activatedConvolution(builder, { part: `${name}_c3x3-b`, input: narrow }, grouped);
  const part = `${name}_c1x1-c`;
  const wide = activatedConvolution(builder, { part, input: convolved }, { filters: width + increment, kernel: 1 });
  const [summand, added] = split(builder, { part, input: wide }, [width, width + increment]);
  return {
    residual: builder.add('add', `${name}_sum`, [passed.residual, summand]),
    dense: builder.add('concat', `${name}_cat`, [passed.dense, added]),
  };
}

function joined(builder: NetworkBuilder, name: string, paths: Paths): string {
  return 'together' in paths ? paths.together : builder.add('concat', name, [paths.residual, paths.dense]);
}

function projected(
  builder: NetworkBuilder,
  input: string,
  { name, width, increment, stride }: Block,
): { readonly residual: string; readonly dense: string } {
  const part = `${name}_c1x1-w(s/${stride})`;
  const filters = width + 2 * increment;
  const both = activatedConvolution(builder, { part, input }, { filters, kernel: 1, stride });
  const [residual, dense] = split(builder, { part, input: both }, [width, filters]);
  return { residual, dense };
}

interface Place {
  /** Prefix of the names of the layers. */
  readonly part: string;
  readonly input: string;
}

function split(
  builder: NetworkBuilder,
  { part, input }: Place,
  [middle, end]: readonly [number, number],
): [string, string] {
  return [
    builder.add('slice', `${part}-split1`, input, { begin: 0, end: middle }),
    builder.add('slice', `${part}-split2`, input, { begin: middle, end }),
  ];
}

/** Normalise, rectify, convolve. */
function activatedConvolution(builder: NetworkBuilder, { part, input }: Place, window: SquareConvolution): string {
  const normalization = { epsilon: 1e-3, momentum: 0.9, fixGamma: false };
  const normalized = builder.add('batch-normalization', `${part}__bn__bn`, input, normalization);
  const active = builder.add('activation', `${part}__ac__relu`, normalized, { function: 'relu' });
  return builder.convolve(`${part}__conv`, active, window);
}
