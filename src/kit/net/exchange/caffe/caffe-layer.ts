import { fail } from '../../../../core/failure.ts';
import { shapeOfBlob, valuesOfBlob } from '../../../codec/caffe/layers-of-net.ts';
import type { BlobProto, LayerParameter } from '../../../codec/caffe/schema.ts';
import type { LayerNode } from '../../graph/graph.ts';
import { definitionOf } from '../../graph/infer-shapes.ts';
import type { AttributesOf, LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';

/** Values of a parameter as Caffe has them; the graph says later which shape they must have. */
export interface BlobValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The graph as far as it has been read. */
export interface GraphInProgress {
  readonly layers: LayerNode[];
  /** By layer; a layer whose shape cannot be told is left out, which the check of the whole graph will explain. */
  readonly shapes: Map<string, FeatureShape>;
  /** Arrays by layer and suffix. */
  readonly arrays: Map<string, Readonly<Record<string, BlobValues>>>;
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
  readonly #graph: GraphInProgress;
  readonly #files: LayerFiles;

  constructor(
    parameter: LayerParameter,
    inputs: readonly string[],
    context: { readonly blobs: readonly BlobProto[]; readonly graph: GraphInProgress; readonly files: LayerFiles },
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

  /** Undefined where an earlier mistake hides it. */
  shapeOf(layer: string): FeatureShape | undefined {
    return this.#graph.shapes.get(layer);
  }

  /** Channels of the only input. */
  channels(): number {
    return this.shapeOf(this.input())?.[0] ?? this.refuse('takes an input of unknown size');
  }

  /** Adds a layer to the graph, named after this one unless `name` says otherwise. Gives its name. */
  add<Kind extends LayerKind>(
    kind: Kind,
    inputs: readonly string[],
    attributes: AttributesOf<Kind>,
    { name = this.name, arrays = {} }: { readonly name?: string; readonly arrays?: Record<string, BlobValues> } = {},
  ): string {
    // One member of the union that LayerNode is, which the compiler cannot tell from a generic kind.
    const node = { name, kind, inputs, attributes } as unknown as LayerNode;
    this.#graph.layers.push(node);
    this.#graph.arrays.set(name, arrays);
    const known = inputs.map((input) => this.shapeOf(input)).filter((shape) => shape !== undefined);
    const shape = known.length === inputs.length ? definitionOf(node).outputShape(node.attributes, known) : undefined;
    if (typeof shape === 'object') this.#graph.shapes.set(name, shape);
    return name;
  }

  get blobCount(): number {
    return this.#blobs.length;
  }

  /** Blob number `index`, which holds `what`. Fails with `missing-weights`. */
  blob(index: number, what: string): BlobValues {
    const blob = this.#blobs[index];
    if (blob !== undefined) return { shape: shapeOfBlob(blob), values: valuesOfBlob(blob) };
    return fail({
      code: 'missing-weights',
      message:
        `Layer "${this.name}" (${this.parameter.type ?? ''}) needs ${what} as blob ${index}; ` +
        (this.#blobs.length === 0 ? 'the file has no weights for it.' : `the file has ${this.#blobs.length} for it.`),
      at: { file: this.#files.weights },
      hint: 'The .prototxt and the .caffemodel must be of one network, with the same names of layers.',
    });
  }

  /** Fails with `unsupported-layer`; `message` goes on after the layer's name. */
  refuse(message: string): never {
    return fail({
      code: 'unsupported-layer',
      message: `Layer "${this.name}" (${this.parameter.type ?? 'no type'}) ${message}.`,
      at: { file: this.#files.structure },
    });
  }
}
