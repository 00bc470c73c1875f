import { inputName, type LayerNode } from '../graph/graph.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';

/*
 * MTCNN was trained in MATLAB: its weights are for RGB planes whose first axis is x. The MXNet files turn them to rows and
 * columns, and to BGR; the files of Caffe and of TensorFlow (NumPy, face-api) leave them as they were. The relations are
 * those of the four published copies, which hold exactly (test/kit/net/mtcnn).
 */

/** `mxnet`: as the graph takes them; `caffe`: (out, in, x, y), rows (out, in); `tensorflow`: (x, y, in, out), rows (in, out). */
export type TrainedLayout = 'mxnet' | 'caffe' | 'tensorflow';

export interface TrainedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Weights of a network as it was trained, by the names of the graph's parameters, turned to what the graph takes: BGR,
 * rows and columns. What is missing is left out, and what has another shape stays as it is: `checkParameters` says so.
 */
export function orientedWeights(
  shaped: ShapedGraph,
  arrays: ReadonlyMap<string, TrainedArray>,
  layout: TrainedLayout,
): NamedArray[] {
  const nodes = new Map(shaped.graph.layers.map((node) => [node.name, node]));
  return shaped.parameters.flatMap(({ name, layer, suffix, shape }): NamedArray[] => {
    const array = arrays.get(name);
    const node = nodes.get(layer);
    if (array === undefined || node === undefined) return [];
    if (array.values.length !== shape.reduce((product, size) => product * size, 1)) return [{ name, ...array }];
    const stored = layout === 'tensorflow' && suffix === 'weight' ? array.shape.toReversed() : shape;
    if (stored.join() !== shape.join()) return [{ name, shape: stored, values: array.values }];
    if (suffix !== 'weight' || layout === 'mxnet') return [{ name, shape, values: array.values }];
    const from =
      node.kind === 'convolution'
        ? filterIndex(shape, { layout, takesColours: takesColours(node, nodes) })
        : rowIndex(shaped, node, layout);
    return [{ name, shape, values: array.values.map((_, index) => array.values[from(index)] ?? NaN) }];
  });
}

/** Whether a layer takes an image, or one of the images that LNet's input is sliced into. */
function takesColours(node: LayerNode, nodes: ReadonlyMap<string, LayerNode>): boolean {
  const [input = ''] = node.inputs;
  const source = nodes.get(input);
  return input === inputName || (source?.kind === 'slice' && source.inputs[0] === inputName);
}

/** The index in the trained filter of number `index` of one of shape (out, in, rows, columns). */
function filterIndex(
  shape: readonly number[],
  { layout, takesColours: isReversed }: { readonly layout: TrainedLayout; readonly takesColours: boolean },
): (index: number) => number {
  const [filters = 1, channels = 1, rows = 1, columns = 1] = shape;
  return (index) => {
    const column = index % columns;
    const row = Math.floor(index / columns) % rows;
    const channel = Math.floor(index / (columns * rows)) % channels;
    const filter = Math.floor(index / (columns * rows * channels));
    const trained = isReversed ? channels - 1 - channel : channel;
    if (layout === 'caffe') return ((filter * channels + trained) * columns + column) * rows + row;
    return ((column * rows + row) * channels + trained) * filters + filter;
  };
}

/** The same for a fully connected layer: its input may be an image, (channels, rows, columns) here. */
function rowIndex({ shapes }: ShapedGraph, node: LayerNode, layout: TrainedLayout): (index: number) => number {
  const [channels = 1, rows = 1, columns = 1] = shapes.get(node.inputs[0] ?? '') ?? [];
  const units = shapes.get(node.name)?.[0] ?? 1;
  const length = channels * rows * columns;
  return (index) => {
    const unit = Math.floor(index / length);
    const column = index % columns;
    const row = Math.floor(index / columns) % rows;
    const channel = Math.floor((index % length) / (columns * rows));
    if (layout === 'caffe') return unit * length + (channel * columns + column) * rows + row;
    return ((column * rows + row) * channels + channel) * units + unit;
  };
}
