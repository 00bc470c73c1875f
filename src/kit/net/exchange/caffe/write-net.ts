import { type Failure, throwIfAny } from '../../../../core/failure.ts';
import type { BlobProto, LayerParameter, NetParameter } from '../../../codec/caffe/schema.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import { type Graph, inputName, type LayerNode, type LayerNodeOf } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { GraphParameter } from '../../graph/shaped-graph.ts';
import type { Model } from '../../model/model.ts';
import { notExpressible, type NotExpressible, written } from '../not-in.ts';
import { layerWriters, type Written } from './layer-writers.ts';

export interface NetWriteOptions {
  /** `outside`: the caller of the network shifts and scales the pixels; the Input layer only states how. */
  readonly normalization: 'inside' | 'outside';
  /** Named in failures. */
  readonly file: string;
}

/** A model as a network of Caffe, weights included. Fails with `not-expressible`, naming every layer that Caffe lacks. */
export function writeNet(model: Model, options: NetWriteOptions): NetParameter {
  const writing = new NetWriting(model, options);
  for (const node of model.shaped.graph.layers) writing.node(node);
  return writing.finish();
}

class NetWriting {
  readonly #model: Model;
  readonly #options: NetWriteOptions;
  readonly #layers: LayerParameter[] = [];
  /** The blob of each layer of the graph. */
  readonly #blobs = new Map<string, string>([[inputName, inputName]]);
  readonly #failures: Failure[] = [];
  readonly #preprocessing: InputPreprocessing;
  /** Results, and what anything but a fully connected layer takes. */
  readonly #needed: ReadonlySet<string>;
  /** By layer and suffix. */
  readonly #parameters: ReadonlyMap<string, GraphParameter>;

  constructor(model: Model, options: NetWriteOptions) {
    this.#model = model;
    this.#options = options;
    const { graph, parameters } = model.shaped;
    this.#preprocessing = inputPreprocessing(graph);
    const takers = graph.layers.filter(({ kind }) => kind !== 'fully-connected');
    this.#needed = new Set([...graph.outputs, ...takers.flatMap(({ inputs }) => inputs)]);
    this.#parameters = new Map(parameters.map((parameter) => [`${parameter.layer} ${parameter.suffix}`, parameter]));
    this.#layers.push(this.#inputLayer());
  }

  node(node: LayerNode): void {
    if (this.#blobs.has(node.name)) return;
    if (this.#preprocessing.layers.includes(node.name)) this.#enter(node);
    else this.#take(node, this.#write(node));
    this.#keepResult(node.name);
  }

  finish(): NetParameter {
    throwIfAny(this.#failures);
    return { name: 'faceflow', layer: this.#layers };
  }

  #inputLayer(): LayerParameter {
    const { channels, height, width } = this.#model.shaped.graph.input;
    const { mean, scale } = this.#preprocessing;
    // Stated in any case: a file that is silent leaves open what its network was made for.
    const isOutside = this.#options.normalization === 'outside';
    const transform = isOutside && (mean !== 0 || scale !== 1) ? { scale, mean_value: [mean] } : { scale: 1 };
    return {
      name: inputName,
      type: 'Input',
      top: [inputName],
      transform_param: transform,
      input_param: { shape: [{ dim: [1, channels, height, width] }] },
    };
  }

  /** The layers that normalise are one Power layer, named after the last of them, or nothing. */
  #enter(node: LayerNode): void {
    const { layers, mean, scale } = this.#preprocessing;
    const isLast = node.name === layers.at(-1);
    const isWritten = isLast && this.#options.normalization === 'inside' && (mean !== 0 || scale !== 1);
    this.#blobs.set(node.name, isWritten ? node.name : inputName);
    if (!isWritten) return;
    const power = { power: 1, scale, shift: -mean * scale };
    this.#layers.push({ name: node.name, type: 'Power', bottom: [inputName], top: [node.name], power_param: power });
  }

  #write<Kind extends LayerKind>(node: LayerNodeOf<Kind>): Written | NotExpressible {
    const { graph, shapes } = this.#model.shaped;
    return written(layerWriters[node.kind], {
      node,
      graph,
      bottom: node.inputs.map((input) => this.#blobs.get(input) ?? input),
      inputShapes: node.inputs.map((input): FeatureShape => shapes.get(input) ?? []),
      isNeeded: this.#needed.has(node.name),
      blob: (suffix) => this.#blob(node.name, suffix),
    });
  }

  #take(node: LayerNode, result: Written | NotExpressible): void {
    const { name } = node;
    if ('notIn' in result) this.#failures.push(notExpressible(node, result, this.#options.file));
    else if ('same' in result) this.#blobs.set(name, result.same);
    else this.#layers.push(...result.layers);
    for (const other of 'nodes' in result ? result.nodes : []) this.#blobs.set(other, other);
    if (!this.#blobs.has(name)) this.#blobs.set(name, name);
  }

  /** A value that layers take is not a result in Caffe: those layers get a copy, and the result is another one. */
  #keepResult(name: string): void {
    const { graph } = this.#model.shaped;
    if (!graph.outputs.includes(name) || !graph.layers.some(({ inputs }) => inputs.includes(name))) return;
    const [bottom, taken] = [this.#blobs.get(name) ?? name, `${name}_taken`];
    this.#layers.push({ name: `${name}_split`, type: 'Split', bottom: [bottom], top: [taken, `${name}_result`] });
    this.#blobs.set(name, taken);
  }

  /** Gamma is 1 where it is fixed, whatever a file held. */
  #blob(layer: string, suffix: string): BlobProto {
    const declared = this.#parameters.get(`${layer} ${suffix}`);
    const array = this.#model.parameters.get(declared?.name ?? '');
    if (declared === undefined || array === undefined) throw new Error(`no ${suffix} of layer ${layer}`);
    const data = declared.role === 'fixed' ? new Float32Array(array.values.length).fill(1) : array.values;
    return { shape: { dim: array.shape }, data };
  }
}

/** What a graph does to every pixel before its first layer with weights: (value - mean) * scale. */
interface InputPreprocessing {
  readonly mean: number;
  readonly scale: number;
  /** The layers that do it, in their order; the rest of the graph takes the value of the last. */
  readonly layers: readonly string[];
}

/** Follows the layers behind the input as long as they are alone and only shift and scale. */
function inputPreprocessing(graph: Graph): InputPreprocessing {
  let mean = 0;
  let scale = 1;
  const layers: string[] = [];
  for (let value = inputName; ;) {
    const users = graph.layers.filter(({ inputs }) => inputs.includes(value));
    const [user, ...others] = users;
    if (user === undefined || others.length > 0 || graph.outputs.includes(user.name)) break;
    if (user.kind === 'minus-scalar') mean += user.attributes.scalar / scale;
    else if (user.kind === 'multiply-scalar' && user.attributes.scalar !== 0) scale *= user.attributes.scalar;
    else if (user.kind !== 'identity') break;
    layers.push(user.name);
    value = user.name;
  }
  return { mean, scale, layers };
}
