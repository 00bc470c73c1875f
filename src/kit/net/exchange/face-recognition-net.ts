import { basename } from 'node:path';
import { readWeightShards, type ShardArray } from '../../codec/tfjs/weight-shards.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { poolingOverImage } from '../graph/layers/pooling.ts';
import type { Model, NamedArray } from '../model/model.ts';
import { assembleModel } from './assemble-model.ts';
import type { InputNormalization } from './model-format.ts';

/** What every manifest of the network names. */
export const recognitionSign = '"conv32_down/';

const side = 150;

/** (value - mean) / 256, as dlib's input layer has it. */
const fed: InputNormalization = { mean: [122.782, 117.001, 104.298], scale: 1 / 256, colorOrder: 'rgb' };

/** The stages after the first convolution: how many units, and whether the first of them halves the image. */
const stages = [
  { name: 'conv32', units: 3, halves: false },
  { name: 'conv64', units: 3, halves: true },
  { name: 'conv128', units: 2, halves: true },
  { name: 'conv256', units: 2, halves: true },
] as const;

/**
 * dlib's network for faces (Davis King, dlib_face_recognition_resnet_model_v1; 128 numbers), with the weights that face-api
 * has of it, stored in 8 bits for the most part. Layers as in face-api.js, src/faceRecognitionNet: every convolution has a
 * scale and a shift behind it; where a unit halves the image its shortcut is a mean of four cells, and channels that it lacks
 * are zeros. Fails as `readWeightShards` and `checkParameters`.
 */
export function readRecognitionNetwork(manifest: string): Model {
  const stored = readWeightShards(manifest);
  const network = new RecognitionNetwork();
  const output = network.build();
  const graph = network.builder.build({ channels: 3, height: side, width: side }, output);
  const origin = { format: 'face-api', network: 'recognition', weights: basename(manifest), normalization: 'dlib' };
  const arrays = [...[...stored].map(([name, array]) => inOurLayout(name, array)), ...network.constants];
  return assembleModel({ graph, arrays, origin, file: manifest, isForeign: true }, { normalization: fed });
}

class RecognitionNetwork {
  readonly builder = new GraphBuilder();
  readonly constants: NamedArray[] = [];

  build(): string {
    const { builder } = this;
    const first = this.#convolved('conv32_down', builder.data, { filters: 32, kernel: 7, stride: 2, pad: 0 });
    const window = { kernel: [3, 3], stride: [2, 2], pad: [0, 0], convention: 'valid' } as const;
    let layer = builder.add('pooling', 'pool', this.#active('conv32_down', first), {
      ...{ function: 'max', global: false },
      ...window,
    });
    let channels = 32;
    for (const { name, units, halves } of stages) {
      const filters = Number(name.slice('conv'.length));
      if (halves) layer = this.#halvingUnit(`${name}_down`, layer, { filters, widens: filters !== channels });
      for (let unit = 1; unit <= units; unit += 1) layer = this.#unit(`${name}_${unit}`, layer, filters);
      channels = filters;
    }
    layer = this.#halvingUnit('conv256_down_out', layer, { filters: channels, widens: false });
    const mean = builder.add('pooling', 'mean', layer, poolingOverImage('average'));
    return builder.add('fully-connected', 'embedding', mean, { units: 128, bias: false }, { weight: 'fc' });
  }

  #unit(name: string, input: string, filters: number): string {
    const sum = this.builder.add('add', `${name}_sum`, [this.#residual(name, input, { filters, stride: 1 }), input]);
    return this.#active(`${name}_sum`, sum);
  }

  #halvingUnit(name: string, input: string, { filters, widens }: { filters: number; widens: boolean }): string {
    const { builder } = this;
    const residual = this.#residual(name, input, { filters, stride: 2 });
    const window = { kernel: [2, 2], stride: [2, 2], pad: [0, 0], convention: 'valid' } as const;
    const pooled = builder.add('pooling', `${name}_shortcut`, input, {
      ...{ function: 'average', global: false },
      ...window,
    });
    // The last two of these units leave one row and column less than the mean does.
    const isShort = name.startsWith('conv256');
    const zeros = widens ? builder.add('multiply-scalar', `${name}_zeros`, pooled, { scalar: 0 }) : undefined;
    const shortcut = zeros === undefined ? pooled : builder.add('concat', `${name}_widened`, [pooled, zeros]);
    const sum = builder.add('add', `${name}_sum`, [
      isShort ? this.#extended(name, residual, filters) : residual,
      shortcut,
    ]);
    return this.#active(`${name}_sum`, sum);
  }

  #residual(name: string, input: string, { filters, stride }: { filters: number; stride: number }): string {
    const [pad, first] = [stride === 1 ? 1 : 0, `${name}/conv1`];
    const inner = this.#active(first, this.#convolved(first, input, { filters, kernel: 3, stride, pad }));
    return this.#convolved(`${name}/conv2`, inner, { filters, kernel: 3, stride: 1, pad: 1 });
  }

  /** A row and a column of zeros at the end: windows of 2 x 2 of which the last cell is taken, beyond the image on every side. */
  #extended(name: string, input: string, channels: number): string {
    const weight = `${name}_extended_weight`;
    const values = Float32Array.from({ length: channels * 4 }, (_, index) => (index % 4 === 3 ? 1 : 0));
    this.constants.push({ name: weight, shape: [channels, 1, 2, 2], values });
    return this.builder.add('convolution', `${name}_extended`, input, {
      ...{ filters: channels, kernel: [2, 2], stride: [1, 1], pad: [1, 1], groups: channels, bias: false },
    });
  }

  #convolved(
    name: string,
    input: string,
    { filters, kernel, stride, pad }: { filters: number; kernel: number; stride: number; pad: number },
  ): string {
    const convolved = this.builder.add(
      'convolution',
      layerName(name),
      input,
      {
        ...{ filters, kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad], groups: 1, bias: true },
      },
      { weight: `${name}/conv/filters`, bias: `${name}/conv/bias` },
    );
    const scale = `${layerName(name)}_scale`;
    for (const [suffix, value] of [['moving_mean', 0] as const, ['moving_var', 1] as const]) {
      this.constants.push({
        name: `${scale}_${suffix}`,
        shape: [filters],
        values: new Float32Array(filters).fill(value),
      });
    }
    const attributes = { epsilon: 0, momentum: 0.9, fixGamma: false };
    const names = { gamma: `${name}/scale/weights`, beta: `${name}/scale/biases` };
    return this.builder.add('batch-normalization', scale, convolved, attributes, names);
  }

  #active(name: string, input: string): string {
    return this.builder.add('activation', `${layerName(name)}_relu`, input, { function: 'relu' });
  }
}

function layerName(name: string): string {
  return name.replaceAll('/', '_');
}

/** Filters (row, column, in, out) to (out, in, row, column), rows (in, out) to (out, in). */
function inOurLayout(name: string, { shape, values }: ShardArray): NamedArray {
  const [last = 1, ...others] = shape.toReversed();
  if (others.length === 0) return { name, shape, values };
  const rows = values.length / last;
  const turned = new Float32Array(values.length);
  const inputs = others[0] ?? 1;
  const cells = rows / inputs;
  for (let index = 0; index < values.length; index += 1) {
    const output = index % last;
    const input = Math.floor(index / last) % inputs;
    const cell = Math.floor(index / (last * inputs));
    turned[(output * inputs + input) * cells + cell] = values[index] ?? NaN;
  }
  return { name, shape: [last, inputs, ...shape.slice(0, -2)], values: turned };
}
