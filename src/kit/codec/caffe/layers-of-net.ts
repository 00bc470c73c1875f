import { tally, type Description } from '../description.ts';
import type { BlobProto, LayerParameter, NetParameter, V1LayerParameter } from './schema.ts';

/** Types that do not follow from the V1 word by the change of letters that makes `InnerProduct` of `INNER_PRODUCT`. */
const irregularTypes: Readonly<Record<string, string>> = {
  ABSVAL: 'AbsVal', ARGMAX: 'ArgMax', BNLL: 'BNLL', HDF5_DATA: 'HDF5Data', HDF5_OUTPUT: 'HDF5Output', IM2COL: 'Im2col',
  LRN: 'LRN', MVN: 'MVN', RELU: 'ReLU', SOFTMAX_LOSS: 'SoftmaxWithLoss', TANH: 'TanH',
}; // prettier-ignore

/** The layers of a network in today's form, those of the first generation (V1) included. */
export function layersOfNet(net: NetParameter): readonly LayerParameter[] {
  return [...(net.layers ?? []).map(upgraded), ...(net.layer ?? [])];
}

/** As Caffe's upgrade_proto does: the messages of parameters are the same, only their numbers have changed. */
function upgraded({ type = 'NONE', ...layer }: V1LayerParameter): LayerParameter {
  const words = type.toLowerCase().split('_');
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return { ...layer, type: irregularTypes[type] ?? joined };
}

/** Sizes of a blob: `shape`, or the four sides of old files. */
export function shapeOfBlob({ shape, num, channels, height, width }: BlobProto): readonly number[] {
  if (shape !== undefined) return shape.dim ?? [];
  const sides = [num, channels, height, width];
  return sides.every((side) => side === undefined) ? [] : sides.map((side) => side ?? 0);
}

/** How many numbers a blob holds. */
export function countOfBlob(blob: BlobProto): number {
  return numbersOf(blob).length;
}

/** The numbers of a blob as float32. */
export function valuesOfBlob(blob: BlobProto): Float32Array {
  const numbers = numbersOf(blob);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

function numbersOf({ data, double_data: doubles = [] }: BlobProto): Float32Array | readonly number[] {
  return data === undefined || data.length === 0 ? doubles : data;
}

/** What a network of Caffe holds. */
export function describeNet(net: NetParameter): Description {
  const layers = layersOfNet(net);
  const blobs = layers.flatMap((layer) => layer.blobs ?? []);
  const types = layers.map(({ type }) => type ?? 'none');
  const weights = blobs.reduce((sum, blob) => sum + countOfBlob(blob), 0);
  return {
    facts: [
      { name: 'name', value: net.name ?? 'none' },
      { name: 'layers', value: layers.length },
      { name: 'types', value: layers.length === 0 ? 'none' : tally(types, 8) },
      { name: 'generation of layers', value: (net.layers?.length ?? 0) > 0 ? 'first (V1)' : 'second' },
      { name: 'arrays', value: blobs.length },
      { name: 'numbers', value: weights },
    ],
  };
}
