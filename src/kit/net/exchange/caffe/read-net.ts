import { type Failure, fail, FailureError, throwIfAny } from '../../../../core/failure.ts';
import { didYouMean } from '../../../../core/did-you-mean.ts';
import { layersOfNet } from '../../../codec/caffe/layers-of-net.ts';
import type { LayerParameter, NetParameter } from '../../../codec/caffe/schema.ts';
import { type Graph, inputName } from '../../graph/graph.ts';
import type { InputNormalization, ModelReadOptions } from '../model-format.ts';
import { type BlobValues, CaffeLayer, type GraphInProgress, type LayerFiles } from './caffe-layer.ts';
import { layerReaders } from './layer-readers.ts';
import { findInput, type NetInput } from './net-input.ts';
import { pairScales } from './pair-scales.ts';

export interface CaffeNet {
  /** Says which layers there are. */
  readonly structure: NetParameter;
  /** Says what their weights are; layers that the structure lacks are passed over. */
  readonly weights: NetParameter;
  readonly files: LayerFiles;
}

export interface ReadNet {
  readonly graph: Graph;
  /** By layer and suffix. */
  readonly arrays: ReadonlyMap<string, Readonly<Record<string, BlobValues>>>;
  /** What the network itself says about the images that it wants. */
  readonly normalization: InputNormalization | undefined;
}

/**
 * Reads a network of Caffe as a graph: what runs in the phase TEST, without data layers and losses. Fails with
 * `unsupported-layer`, `unknown-blob` and `missing-weights`, once for each layer that has a mistake of its own.
 */
export function readNet(net: CaffeNet, options: ModelReadOptions): ReadNet {
  const layers = layersOfNet(net.structure);
  const input = findInput(net.structure, layers.filter(runsInTest), { options, file: net.files.structure });
  const reading = new NetReading(net, input);
  for (const layer of layers) {
    if (runsInTest(layer)) reading.layer(layer);
    else reading.pass(layer);
  }
  const { layers: nodes, outputs } = pairScales(reading.graph, reading.outputs(options.outputs));
  return {
    graph: { input: input.size, layers: nodes, outputs },
    arrays: reading.graph.arrays,
    normalization: input.normalization,
  };
}

/** Rules of levels and stages are those of a net at level 0 without stages. */
function runsInTest({ include = [], exclude = [] }: LayerParameter): boolean {
  const meets = ({ phase, min_level: min = 0, max_level: max = 0, stage = [] }: (typeof include)[number]): boolean =>
    phase !== 'TRAIN' && min <= 0 && max >= 0 && stage.length === 0;
  return include.length > 0 ? include.some(meets) : !exclude.some(meets);
}

/** Types that bring data or say how good the network is. What hangs on them alone is left out too. */
const leftOut = /^(Input|(HDF5|Image|Memory|Window|Dummy)?Data|HDF5Output|Accuracy|ArgMax|Python|.*Loss)$/;

class NetReading {
  readonly graph: GraphInProgress;
  readonly #net: CaffeNet;
  readonly #weights: ReadonlyMap<string, LayerParameter>;
  /** The layer that gives a blob; undefined for blobs of layers that are left out or could not be read. */
  readonly #blobs = new Map<string, string | undefined>();
  /** Blobs that no layer has taken. */
  readonly #open = new Set<string>();
  /** Layers whose values are thrown away. */
  readonly #silenced = new Set<string>();
  readonly #failures: Failure[] = [];

  constructor(net: CaffeNet, input: NetInput) {
    this.#net = net;
    const { channels, height, width } = input.size;
    this.graph = { layers: [], shapes: new Map([[inputName, [channels, height, width]]]), arrays: new Map() };
    this.#weights = new Map(layersOfNet(net.weights).map((layer) => [layer.name ?? '', layer]));
    this.#blobs.set(input.blob, inputName);
  }

  /** A layer of another phase: what it alone gives is not there. */
  pass({ top = [] }: LayerParameter): void {
    for (const name of top) if (!this.#blobs.has(name)) this.#blobs.set(name, undefined);
  }

  layer(parameter: LayerParameter): void {
    const { type = '', bottom = [], top = [] } = parameter;
    try {
      const inputs = bottom.map((name) => this.#valueOf(name, parameter));
      const known = inputs.filter((input) => input !== undefined);
      if (leftOut.test(type) || known.length < inputs.length) this.#leaveOut(bottom, top);
      else if (type === 'Silence') this.#silence(bottom, known);
      else this.#give(bottom, top, type === 'Split' ? top.map(() => inputs[0]) : this.#read(parameter, known));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#failures.push(...error.failures);
      this.#leaveOut(bottom, top);
    }
  }

  /** Layers whose values nobody takes, in their order, or those that are wanted. Fails with all mistakes found. */
  outputs(wanted: readonly string[] | undefined): readonly string[] {
    throwIfAny(this.#failures);
    if (wanted !== undefined) return wanted.map((name) => this.#blobs.get(name) ?? name);
    const taken = new Set([...this.#silenced, ...this.graph.layers.flatMap(({ inputs }) => inputs)]);
    const results = new Set([...this.#open].map((blob) => this.#blobs.get(blob)));
    const outputs = this.graph.layers.map(({ name }) => name).filter((name) => results.has(name) || !taken.has(name));
    if (outputs.length > 0) return outputs;
    return fail({
      code: 'unsupported-layer',
      message: 'Expected a network; no layer computes anything from the input.',
      at: { file: this.#net.files.structure },
      hint: 'The network of a training snapshot begins at its data layers: put the .prototxt for deployment beside it.',
    });
  }

  #read(parameter: LayerParameter, inputs: readonly string[]): readonly string[] {
    const { name = '', type = '', top = [] } = parameter;
    const { graph } = this;
    const blobs = this.#weights.get(name)?.blobs ?? [];
    const layer = new CaffeLayer(parameter, inputs, { blobs, graph, files: this.#net.files });
    const reader = Object.hasOwn(layerReaders, type) ? layerReaders[type] : undefined;
    if (reader === undefined) {
      const near = didYouMean(type, Object.keys(layerReaders));
      return layer.refuse(`is of an unsupported type${near === undefined ? '' : ` (did you mean ${near}?)`}`);
    }
    const values = reader(layer);
    if (values.length !== top.length) layer.refuse(`has ${top.length} tops, expected ${values.length}`);
    return values;
  }

  /** What only a layer that is left out takes is a result all the same, and a copy made for such a layer is not. */
  #leaveOut(bottom: readonly string[], top: readonly string[]): void {
    for (const name of bottom) this.#open.delete(name);
    // A data layer may stand in the place of the input.
    for (const name of top) if (this.#blobs.get(name) !== inputName) this.#blobs.set(name, undefined);
  }

  #silence(bottom: readonly string[], layers: readonly string[]): void {
    for (const name of bottom) this.#open.delete(name);
    for (const layer of layers) this.#silenced.add(layer);
  }

  #give(bottom: readonly string[], top: readonly string[], values: readonly (string | undefined)[]): void {
    for (const name of bottom) this.#open.delete(name);
    for (const [index, name] of top.entries()) {
      this.#blobs.set(name, values[index]);
      this.#open.add(name);
    }
  }

  /** The layer behind a blob. Copies that Caffe makes for several users (`conv1_conv1_0_split_1`) are the blob itself. */
  #valueOf(blob: string, layer: LayerParameter): string | undefined {
    if (this.#blobs.has(blob)) return this.#blobs.get(blob);
    const copied = /^(.+)_\d+_split_\d+$/.exec(blob)?.[1];
    for (const [name, value] of this.#blobs) if (copied?.startsWith(`${name}_`) === true) return value;
    const near = didYouMean(blob, this.#blobs.keys());
    return fail({
      code: 'unknown-blob',
      message: `Layer "${layer.name ?? ''}" (${layer.type ?? 'no type'}) takes blob "${blob}", which no layer before it gives.`,
      at: { file: this.#net.files.structure },
      ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
    });
  }
}
