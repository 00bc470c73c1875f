import { type Failure, fail, FailureError, throwIfAny } from '../../../../core/failure.ts';
import { layersOfNet } from '../../../codec/caffe/layers-of-net.ts';
import type { LayerParameter, NetParameter } from '../../../codec/caffe/schema.ts';
import { repeatedName } from '../../../codec/repeated-name.ts';
import { failures } from '../../failures.ts';
import { type Graph, inputName } from '../../graph/graph.ts';
import type { InputNormalization, ModelReadOptions } from '../model-format.ts';
import { type BlobValues, CaffeGraph, CaffeLayer, type LayerFiles } from './caffe-layer.ts';
import { layerReaders } from './layer-readers.ts';
import { findInput, type NetInput } from './net-input.ts';
import { pairScales } from './pair-scales.ts';

export interface CaffeNet {
  /** Which layers there are. */
  readonly structure: NetParameter;
  /** Their weights; layers that the structure lacks are passed over. */
  readonly weights: NetParameter;
  readonly files: LayerFiles;
}

export interface ReadNet {
  readonly graph: Graph;
  /** By layer and suffix. */
  readonly arrays: ReadonlyMap<string, Readonly<Record<string, BlobValues>>>;
  /** What the network itself states about the images that it takes. */
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

/** Types that bring data or measure how good the network is. What hangs on them alone is left out too. */
const leftOut = /^(Input|(HDF5|Image|Memory|Window|Dummy)?Data|HDF5Output|Accuracy|ArgMax|Python|.*Loss)$/;

class NetReading {
  readonly graph: CaffeGraph;
  readonly #net: CaffeNet;
  readonly #weights: ReadonlyMap<string, LayerParameter>;
  /** The layer whose value a blob is; undefined for blobs of layers that are left out or could not be read. */
  readonly #blobs = new Map<string, string | undefined>();
  /** Blobs that no layer has taken. */
  readonly #open = new Set<string>();
  /** Layers whose values are thrown away. */
  readonly #silenced = new Set<string>();
  readonly #failures: Failure[] = [];

  constructor(net: CaffeNet, input: NetInput) {
    this.#net = net;
    this.graph = new CaffeGraph(input.size);
    const weighted = layersOfNet(net.weights).filter(({ blobs = [] }) => blobs.length > 0);
    const twice = repeatedName(weighted.map(({ name = '' }) => name));
    if (twice !== undefined)
      fail(failures.nameTwice({ what: 'layers with weights', name: twice }, { file: net.files.weights }));
    this.#weights = new Map(weighted.map((layer) => [layer.name ?? '', layer]));
    this.#blobs.set(input.blob, inputName);
  }

  /** A layer of another phase: blobs that it alone has are not there. */
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
      else this.#connect(bottom, top, type === 'Split' ? top.map(() => inputs[0]) : this.#read(parameter, known));
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#failures.push(...error.failures);
      this.#leaveOut(bottom, top);
    }
  }

  /** Layers whose values no layer takes, in their order, or those that are requested. Fails with all mistakes found. */
  outputs(wanted: readonly string[] | undefined): readonly string[] {
    throwIfAny(this.#failures);
    if (wanted !== undefined) return wanted.map((name) => this.#blobs.get(name) ?? name);
    const taken = new Set([...this.#silenced, ...this.graph.layers.flatMap(({ inputs }) => inputs)]);
    const results = new Set([...this.#open].map((blob) => this.#blobs.get(blob)));
    const outputs = this.graph.layers.map(({ name }) => name).filter((name) => results.has(name) || !taken.has(name));
    if (outputs.length > 0) return outputs;
    fail(failures.noLayers({}, { file: this.#net.files.structure }));
  }

  #read(parameter: LayerParameter, inputs: readonly string[]): readonly string[] {
    const { name = '', type = '', top = [] } = parameter;
    const { graph } = this;
    const blobs = this.#weights.get(name)?.blobs ?? [];
    const layer = new CaffeLayer(parameter, inputs, { blobs, graph, files: this.#net.files });
    const reader = Object.hasOwn(layerReaders, type) ? layerReaders[type] : undefined;
    if (reader === undefined) return layer.refuse('is of an unsupported type', Object.keys(layerReaders));
    const values = reader(layer);
    layer.checkAllRead();
    if (values.length !== top.length) layer.refuse(`has ${top.length} tops, expected ${values.length}`);
    return values;
  }

  /** What only a layer that is left out takes is a result all the same, and a copy made for such a layer is not. */
  #leaveOut(bottom: readonly string[], top: readonly string[]): void {
    for (const name of bottom) this.#open.delete(name);
    // A data layer may take the place of the input.
    for (const name of top) if (this.#blobs.get(name) !== inputName) this.#blobs.set(name, undefined);
  }

  #silence(bottom: readonly string[], layers: readonly string[]): void {
    for (const name of bottom) this.#open.delete(name);
    for (const layer of layers) this.#silenced.add(layer);
  }

  #connect(bottom: readonly string[], top: readonly string[], values: readonly (string | undefined)[]): void {
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
    const facts = { name: layer.name ?? '', type: layer.type ?? 'no type', blob, known: this.#blobs.keys() };
    return fail(failures.unknownBlob(facts, { file: this.#net.files.structure }));
  }
}
