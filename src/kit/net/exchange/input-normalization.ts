import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { type Graph, inputName, type LayerNode, parameterName } from '../graph/graph.ts';
import type { NamedArray } from '../model/model.ts';
import type { InputNormalization, PerChannel } from './model-format.ts';

/** The graph behind layers that turn RGB, 0..255, into what it was made for. */
export function normalizedInput(graph: Graph, { mean, scale, colorOrder }: InputNormalization): Graph {
  const front: LayerNode[] = [];
  let value = inputName;
  const add = (layer: LayerNode): void => {
    front.push(layer);
    value = layer.name;
  };
  if (typeof mean !== 'number' || typeof scale !== 'number')
    return normalizedByChannel(graph, { mean, scale, colorOrder });
  if (colorOrder === 'bgr') {
    const planes = Array.from({ length: graph.input.channels }, (_, channel) => `input_channel${channel}`);
    for (const [channel, name] of planes.entries()) {
      front.push({ name, kind: 'slice', inputs: [inputName], attributes: { begin: channel, end: channel + 1 } });
    }
    add({ name: 'input_bgr', kind: 'concat', inputs: planes.reverse(), attributes: {} });
  }
  if (mean !== 0) add({ name: 'input_centred', kind: 'minus-scalar', inputs: [value], attributes: { scalar: mean } });
  if (scale !== 1)
    add({ name: 'input_scaled', kind: 'multiply-scalar', inputs: [value], attributes: { scalar: scale } });
  return behind(graph, front, value);
}

function behind(graph: Graph, front: readonly LayerNode[], value: string): Graph {
  const layers = graph.layers.map((layer) => ({
    ...layer,
    inputs: layer.inputs.map((input) => (input === inputName ? value : input)),
  }));
  return { ...graph, layers: [...front, ...layers] };
}

/** Each channel by itself, in the order in which the network takes them. */
function normalizedByChannel(graph: Graph, { mean, scale, colorOrder }: InputNormalization): Graph {
  const front: LayerNode[] = [];
  const planes = Array.from({ length: graph.input.channels }, (_, channel) => {
    const name = `input_channel${channel}`;
    const [centred, scaled] = [`${name}_centred`, `${name}_scaled`];
    front.push(
      { name, kind: 'slice', inputs: [inputName], attributes: { begin: channel, end: channel + 1 } },
      { name: centred, kind: 'minus-scalar', inputs: [name], attributes: { scalar: ofChannel(mean, channel) } },
      { name: scaled, kind: 'multiply-scalar', inputs: [centred], attributes: { scalar: ofChannel(scale, channel) } },
    );
    return scaled;
  });
  const inputs = colorOrder === 'bgr' ? planes.reverse() : planes;
  front.push({ name: 'input_normalized', kind: 'concat', inputs, attributes: {} });
  return behind(graph, front, 'input_normalized');
}

/** The number of a channel of the image: 0 is red. */
export function ofChannel(numbers: PerChannel, channel: number): number {
  return typeof numbers === 'number' ? numbers : (numbers[channel] ?? NaN);
}

/** Layers that only move pixels to another place. */
const movers: readonly string[] = ['identity', 'slice', 'concat', 'flatten'];
const normalizers: readonly string[] = ['minus-scalar', 'multiply-scalar', 'batch-normalization'];

/** Statistics of pixels 0..255 are beyond these, of values that were normalised below: (value - 127.5) / 128 is within 1. */
const [maxMean, maxVariance] = [8, 64];

/** Whether statistics of a batch normalisation are those of values that were normalised before it. */
export function areOfNormalized(means: ArrayLike<number>, variances: ArrayLike<number>): boolean {
  const isSmall = (values: ArrayLike<number>, max: number): boolean =>
    Array.from(values).every((value) => Math.abs(value) <= max);
  return isSmall(means, maxMean) && isSmall(variances, maxVariance) && !Array.from(means).every((mean) => mean === 0);
}

/**
 * A foreign network whose first layer takes the pixels as they are, and does not normalise, was fed something else in
 * training, and returns nonsense for 0..255. Fails with `normalization-unknown` rather than to guess what that was.
 */
export function checkNormalizes({ layers }: Graph, file: string): void {
  const first = firstOnPixels(layers);
  if (first !== undefined && !normalizers.includes(first.kind)) {
    fail(failures.normalizationUnknown({ layer: first.name }, { file }));
  }
}

/**
 * The same of a network whose first layer is a batch normalisation: by its statistics it was fed what had been normalised
 * before. Fails with `normalization-unknown`.
 */
export function checkStatistics({ layers }: Graph, { file, arrays }: CheckedArrays): void {
  const first = firstOnPixels(layers);
  if (first !== undefined && isOfNormalized(first, arrays)) {
    fail(failures.normalizationUnknown({ layer: first.name }, { file }));
  }
}

interface CheckedArrays {
  readonly file: string;
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

function isOfNormalized(layer: LayerNode, arrays: CheckedArrays['arrays']): boolean {
  const [mean, variance] = ['moving_mean', 'moving_var'].map((suffix) => arrays.get(parameterName(layer, suffix)));
  return mean !== undefined && variance !== undefined && areOfNormalized(mean.values, variance.values);
}

/** Fails with `normalization-not-taken` if a network normalises its images itself and is to be fed normalised ones. */
export function checkNormalizedOnce(
  { layers }: Graph,
  normalization: InputNormalization,
  { file, arrays }: CheckedArrays,
): void {
  const first = firstOnPixels(layers);
  if (!changesValues(normalization) || first === undefined || !normalizers.includes(first.kind)) return;
  if (!isOfNormalized(first, arrays)) {
    fail(failures.normalizedTwice({ layer: first.name, kind: first.kind }, { file }));
  }
}

/** False for 0..255 as they are, in either order of the channels. */
export function changesValues({ mean, scale }: InputNormalization): boolean {
  return mean !== 0 || scale !== 1;
}

/** The first layer that computes with the pixels. */
function firstOnPixels(layers: readonly LayerNode[]): LayerNode | undefined {
  const pixels = new Set([inputName]);
  for (const layer of layers) {
    if (!layer.inputs.some((input) => pixels.has(input))) continue;
    if (!movers.includes(layer.kind)) return layer;
    pixels.add(layer.name);
  }
  return undefined;
}
