import { writeFileSync } from 'node:fs';
import type {
  OnnxAttribute,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import type { RgbImage } from '../../../../src/kit/image/rgb-image.ts';

/*
 * Networks of known answers: the mean of each block of `stride` pixels, of which 1x1 convolutions make the outputs of a
 * detector. Where a block is white the score is as given, and where it is black 0; the other outputs are the same everywhere.
 */

/** One output of a map: so many channels, each share * (brightness of the block, 0..1) + bias. */
export interface SyntheticMap {
  readonly name: string;
  readonly stride: number;
  readonly share: readonly number[];
  readonly bias: readonly number[];
  /** As rows of so many numbers instead of planes: anchors of the cells one after the other. */
  readonly columns?: number;
  /** With columns: two axes, or three with the batch first. */
  readonly axes?: 2 | 3;
}

export interface SyntheticNetwork {
  readonly maps: readonly SyntheticMap[];
  /** Outputs of the file that are several maps one after the other, as rows. */
  readonly joined?: Readonly<Record<string, readonly string[]>>;
  /** What a pixel is fed as: brightness = value * scale + offset. */
  readonly brightness: { readonly scale: number; readonly offset: number };
  /** The input as the file declares it. */
  readonly input: readonly (number | string)[];
  /** Rows with their number written down, as some exporters do: the network takes no other size. */
  readonly fixedRows?: boolean;
}

/** Writes the network to a file. */
export function writeSynthetic(
  file: string,
  { maps, joined = {}, brightness, input, fixedRows = false }: SyntheticNetwork,
): string {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const add = (
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly OnnxAttribute[] = [],
  ): string => {
    nodes.push({ opType, name: `${opType}_${output}`, inputs, outputs: [output], attributes });
    return output;
  };
  const floats = (name: string, dims: readonly number[], values: readonly number[]): string => {
    initializers.push({ ...emptyTensor, name, dims, dataType: 1, floatData: Float32Array.from(values) });
    return name;
  };
  const integers = (name: string, values: readonly number[]): string => {
    initializers.push({ ...emptyTensor, name, dims: [values.length], dataType: 7, int64Data: values });
    return name;
  };
  for (const { name, stride, share, bias, columns, axes = 3 } of maps) {
    const pooled = add('AveragePool', ['images'], `${name}_mean`, [
      ints('kernel_shape', [stride, stride]),
      ints('strides', [stride, stride]),
    ]);
    const filters = share.map((each) => each * brightness.scale);
    const weight = floats(
      `${name}_weight`,
      [share.length, 3, 1, 1],
      filters.flatMap((each) => [each / 3, each / 3, each / 3]),
    );
    const offset = floats(
      `${name}_bias`,
      [share.length],
      bias.map((each, at) => each + (share[at] ?? 0) * brightness.offset),
    );
    const planes = add('Conv', [pooled, weight, offset], columns === undefined ? name : `${name}_planes`, [
      ints('kernel_shape', [1, 1]),
    ]);
    if (columns === undefined) continue;
    const pixels = add('Transpose', [planes], `${name}_pixels`, [ints('perm', [0, 2, 3, 1])]);
    const side = (axis: number): number => Number(input[axis]) / stride;
    const rows = fixedRows ? (side(2) * side(3) * share.length) / columns : -1;
    add(
      'Reshape',
      [pixels, integers(`${name}_shape`, axes === 2 ? [rows, columns] : [fixedRows ? 1 : 0, rows, columns])],
      name,
    );
  }
  for (const [name, parts] of Object.entries(joined))
    add('Concat', parts, name, [{ ...emptyAttribute, name: 'axis', i: 1, type: 2 }]);
  const inner = new Set(Object.values(joined).flat());
  const outputs = [...maps.map(({ name }) => name).filter((name) => !inner.has(name)), ...Object.keys(joined)];
  const graph = {
    ...{ nodes, name: 'synthetic', initializers, valueInfo: [] },
    ...{ inputs: [valueOf('images', input)], outputs: outputs.map((name) => valueOf(name, [])) },
  };
  writeFileSync(
    file,
    onnxModel.encode({ irVersion: 8, graph, opsetImport: [{ domain: '', version: 13 }], metadata: [] }),
  );
  return file;
}

const emptyTensor = { floatData: new Float32Array(0), int32Data: [], int64Data: [], doubleData: [], externalData: [] };
const emptyAttribute = { floats: new Float32Array(0), ints: [], strings: [] };

function ints(name: string, values: readonly number[]): OnnxAttribute {
  return { ...emptyAttribute, name, ints: values, type: 7 };
}

function valueOf(name: string, axes: readonly (number | string)[]): OnnxValueInfo {
  const dimensions = axes.map((axis) => (typeof axis === 'number' ? { value: axis } : { parameter: axis }));
  return { name, type: { tensorType: { elementType: 1, ...(axes.length === 0 ? {} : { shape: { dimensions } }) } } };
}

/** A black image with white squares. */
export function blocks(
  { width, height }: { readonly width: number; readonly height: number },
  squares: readonly { readonly left: number; readonly top: number; readonly side: number }[],
): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (const { left, top, side } of squares) {
    for (let row = top; row < top + side; row += 1)
      data.fill(255, (row * width + left) * 3, (row * width + left + side) * 3);
  }
  return { width, height, data };
}
