import { fail } from '../../../../core/failure.ts';
import { shapeOfBlob, valuesOfBlob } from '../../../codec/caffe/layers-of-net.ts';
import type { BlobProto, LayerParameter } from '../../../codec/caffe/schema.ts';
import { failures } from '../../failures.ts';
import type { AddLayer } from '../composed-layers.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { layerNode, type UnnamedLayer } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import { ImportedGraph } from '../imported-graph.ts';

/** Values of a parameter as Caffe has them; the graph says later which shape they must have. */
export interface BlobValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The graph as far as it has been read. */
export class CaffeGraph extends ImportedGraph {
  /** Arrays by layer and suffix. */
  readonly arrays = new Map<string, Readonly<Record<string, BlobValues>>>();
}

/** Files that failures about a layer name. */
export interface LayerFiles {
  readonly structure: string;
  readonly weights: string;
}

/** One layer of Caffe while it becomes layers of the graph. */
export class CaffeLayer {
  readonly parameter: LayerParameter;
  readonly name: string;
  /** Layers of the graph whose values it takes. */
  readonly inputs: readonly string[];
  readonly #blobs: readonly BlobProto[];
  readonly #graph: CaffeGraph;
  readonly #files: LayerFiles;
  /** Blobs that were asked for. */
  readonly #read = new Set<number>();

  constructor(
    parameter: LayerParameter,
    inputs: readonly string[],
    context: { readonly blobs: readonly BlobProto[]; readonly graph: CaffeGraph; readonly files: LayerFiles },
  ) {
    this.parameter = parameter;
    this.name = parameter.name ?? '';
    this.inputs = inputs;
    this.#blobs = context.blobs;
    this.#graph = context.graph;
    this.#files = context.files;
  }

  /** The only input. */
  input(): string {
    const [input, ...others] = this.inputs;
    return input === undefined || others.length > 0 ? this.refuse(`takes ${this.inputs.length} inputs, not 1`) : input;
  }

  /** Empty if an earlier mistake hides it. */
  shapeOf(layer: string): FeatureShape {
    return this.#graph.shapeOf(layer);
  }

  /** Channels of the only input. */
  channels(): number {
    return this.shapeOf(this.input())[0] ?? this.refuse('takes an input of unknown size');
  }

  /** Adds a layer to the graph, named after this one unless `name` differs, and returns its name. */
  add<Kind extends LayerKind>(
    layer: UnnamedLayer<Kind>,
    { name = this.name, arrays = {} }: { readonly name?: string; readonly arrays?: Record<string, BlobValues> } = {},
  ): string {
    this.#graph.arrays.set(name, arrays);
    return this.#graph.add(layerNode({ name, ...layer }));
  }

  /** For what is made of several layers. */
  readonly adding: AddLayer = (part, layer) =>
    this.add(layer, part === undefined ? {} : { name: `${this.name}_${part}` });

  /** Blob number `index`, which holds `what`. Fails with `missing-weights`. */
  blob(index: number, what: string): BlobValues {
    this.#read.add(index);
    const blob = this.#blobs[index];
    if (blob !== undefined) return { shape: shapeOfBlob(blob), values: valuesOfBlob(blob) };
    const { name, type } = this.#node;
    const facts = { name, type, what, index, count: this.#blobs.length };
    return fail(failures.missingWeights(facts, { file: this.#files.weights }));
  }

  /** Fails with `parameters-mismatch` if the file has blobs for the layer that nothing has asked for. */
  checkAllRead(): void {
    if (this.#read.size >= this.#blobs.length) return;
    const facts = { ...this.#node, read: this.#read.size, count: this.#blobs.length };
    fail(failures.strayBlobs(facts, { file: this.#files.weights }));
  }

  /** Fails with `unsupported-layer`; `problem` continues after the layer's name. `known`: types that may be meant. */
  refuse(problem: string, known?: Iterable<string>): never {
    const facts = { ...this.#node, problem, ...(known === undefined ? {} : { known }) };
    fail(failures.unsupportedLayer(facts, { file: this.#files.structure }));
  }

  get #node(): { readonly name: string; readonly type: string } {
    return { name: this.name, type: this.parameter.type ?? 'no type' };
  }
}
