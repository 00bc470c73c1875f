import { fail } from '../../../../core/failure.ts';
import type { LayerParameter, NetParameter } from '../../../codec/caffe/schema.ts';
import { failures } from '../../failures.ts';
import { type Graph, inputName } from '../../graph/graph.ts';
import type { InputNormalization, ModelReadOptions } from '../model-format.ts';

/** What enters a network of Caffe. */
export interface NetInput {
  /** Name of the blob. */
  readonly blob: string;
  readonly size: Graph['input'];
  readonly normalization: InputNormalization | undefined;
}

interface Place {
  readonly options: ModelReadOptions;
  readonly file: string;
}

/**
 * Finds the input as `input` with `input_dim` or `input_shape`, as an Input layer, or, with a size in the options, as the
 * first blob that is no layer's, or a data layer's. Fails with `no-input`.
 */
export function findInput(net: NetParameter, layers: readonly LayerParameter[], place: Place): NetInput {
  const declared = declaredInputs(net, layers, place);
  const [input, ...others] = declared;
  if (others.length > 0) refuse('one input', declared.map(({ blob }) => blob).join(', '), place);
  const [, channels, height, width] = input?.dims ?? [];
  const wanted = place.options.input;
  const size = {
    channels: wanted?.channels ?? channels ?? 3,
    height: wanted?.height ?? height,
    width: wanted?.width ?? width,
  };
  if (input !== undefined && input.dims.length !== 4 && input.dims.length > 0) {
    refuse('an input of 4 sizes (1, channels, height, width)', input.dims.join(' x '), place);
  }
  const { height: rows, width: columns } = size;
  if (rows === undefined || columns === undefined) {
    refuse('an input with its size (input and input_dim, or a layer of type Input)', 'none', place);
  }
  return {
    blob: input?.blob ?? fedBlob(layers),
    size: { channels: size.channels, height: rows, width: columns },
    normalization: input?.normalization,
  };
}

function refuse(expected: string, found: string, { file }: Place): never {
  fail(failures.noInput({ expected, found }, { file }));
}

interface DeclaredInput {
  readonly blob: string;
  readonly dims: readonly number[];
  readonly normalization: InputNormalization | undefined;
}

function declaredInputs(net: NetParameter, layers: readonly LayerParameter[], place: Place): DeclaredInput[] {
  const { input: names = [], input_dim: flat = [], input_shape: shapes = [] } = net;
  const old = names.map((blob, index) => ({
    blob,
    dims: shapes[index]?.dim ?? flat.slice(4 * index, 4 * index + 4),
    normalization: undefined,
  }));
  const current = layers
    .filter(({ type }) => type === 'Input')
    .flatMap((layer) =>
      (layer.top ?? []).map((blob, index) => {
        const shape = layer.input_param?.shape?.[index] ?? layer.input_param?.shape?.[0];
        return { blob, dims: shape?.dim ?? [], normalization: normalizationOf(layer, place) };
      }),
    );
  return [...old, ...current];
}

/** What data layers do by this message, an Input layer leaves to its caller. */
function normalizationOf({ transform_param: transform }: LayerParameter, place: Place): InputNormalization | undefined {
  const { scale = 1, mean_value: means = [] } = transform ?? {};
  const [mean = 0] = means;
  if (transform === undefined) return undefined;
  // What the caller states counts, whatever the file does.
  if (place.options.normalization !== undefined) return undefined;
  if (means.some((other) => other !== mean)) {
    fail(failures.severalMeans({ means }, { file: place.file }));
  }
  return { mean, scale, colorOrder: 'rgb' };
}

/** The blob that programs feed if nothing is declared: the first top of a data layer, else the usual name. */
function fedBlob(layers: readonly LayerParameter[]): string {
  const source = layers.find(({ bottom = [], top = [] }) => bottom.length === 0 && top.length > 0);
  return source?.top?.[0] ?? inputName;
}
