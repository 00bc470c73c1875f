import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { LayerNodeOf } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { NamedArray } from '../../model/model.ts';
import type { GraphDefWriter } from './graph-def-writer.ts';

/** A layer to be written. */
export interface WriterCall<Kind extends LayerKind> {
  readonly node: LayerNodeOf<Kind>;
  /** Of the node that has the layer's value; others of it begin with this and a slash. */
  readonly name: string;
  readonly writer: GraphDefWriter;
  /** Nodes whose values the layer takes. */
  readonly inputs: readonly string[];
  readonly shapes: readonly FeatureShape[];
  readonly outputShape: FeatureShape;
  /** By suffix. */
  readonly parameter: (suffix: string) => NamedArray;
}

/** A node to be written that takes one value. */
export interface NodeOf {
  readonly name: string;
  readonly input: string;
}

export function reshaped(
  writer: GraphDefWriter,
  { name, input, shape }: NodeOf & { readonly shape: readonly number[] },
): string {
  const attributes = { Tshape: { type: 'int32' } } as const;
  return writer.node('Reshape', { name, inputs: [input, writer.integers(shape)], attributes });
}

export function withBias(
  writer: GraphDefWriter,
  { name, input, bias: { name: biasName, shape, values } }: NodeOf & { readonly bias: NamedArray },
): string {
  const bias = writer.floats(biasName, shape, () => values);
  return writer.node('BiasAdd', { name, inputs: [input, bias], attributes: { data_format: 'NHWC' } });
}

/** `count` channels from `begin` on of a value of so many axes. */
export function channelsOf(
  writer: GraphDefWriter,
  {
    name,
    input,
    axes,
    begin,
    count,
  }: NodeOf & { readonly axes: number; readonly begin: number; readonly count: number },
): string {
  const others = Array.from({ length: axes - 1 });
  const from = writer.integers([...others.map(() => 0), begin]);
  const sizes = writer.integers([...others.map(() => -1), count]);
  return writer.node('Slice', { name, inputs: [input, from, sizes], attributes: { Index: { type: 'int32' } } });
}

/** Values of so many axes, put together along the last. */
export function concatenated(
  writer: GraphDefWriter,
  { name, inputs, axes }: { readonly name: string; readonly inputs: readonly string[]; readonly axes: number },
): string {
  const attributes = { N: { integer: inputs.length }, Tidx: { type: 'int32' } } as const;
  return writer.node('ConcatV2', { name, inputs: [...inputs, writer.integer(axes - 1)], attributes });
}
