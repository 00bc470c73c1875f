import { type Failure, throwIfAny } from '../../../../core/failure.ts';
import type { BlobProto, LayerParameter, NetParameter } from '../../../codec/caffe/schema.ts';
import { inputName, type LayerNode, type LayerNodeOf } from '../../graph/graph.ts';
import type { GraphParameter } from '../../graph/infer-shapes.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import type { Model } from '../../model/model-folder.ts';
import { type InputPreprocessing, inputPreprocessing } from './input-preprocessing.ts';
import { layerWriters, type WriteCall, type Written } from './layer-writers.ts';
import { sliceLayers } from './slice-layers.ts';

export interface NetWriteOptions {
  /** `outside`: whoever feeds the network shifts and scales the pixels; the Input layer only says how. */
  readonly normalization: 'inside' | 'outside';
  /** Named in failures. */
  readonly file: string;
}

/** A model as a network of Caffe, weights included. Fails with `not-expressible`, naming every layer that Caffe lacks. */
export function writeNet(model: Model, options: NetWriteOptions): NetParameter {
  const writing = new NetWriting(model, options);
  for (const node of model.inferred.graph.layers) writing.node(node);
  return writing.finish();
}

class NetWriting {
  readonly #model: Model;
  readonly #options: NetWriteOptions;
  readonly #layers: LayerParameter[] = [];
  /** The blob of each layer of the graph. */
  readonly #blobs = new Map<string, string>([[inputName, inputName]]);
  readonly #failures: Failure[] = [];
  readonly #entrance: InputPreprocessing;
  /** Results, and what anything but a fully connected layer takes. */
  readonly #needed: ReadonlySet<string>;
  /** By layer and suffix. */
  readonly #parameters: ReadonlyMap<string, GraphParameter>;

  constructor(model: Model, options: NetWriteOptions) {
    this.#model = model;
    this.#options = options;
    const { graph, parameters } = model.inferred;
    this.#entrance = inputPreprocessing(graph);
    const takers = graph.layers.filter(({ kind }) => kind !== 'fully-connected');
    this.#needed = new Set([...graph.outputs, ...takers.flatMap(({ inputs }) => inputs)]);
    this.#parameters = new Map(parameters.map((parameter) => [`${parameter.layer} ${parameter.suffix}`, parameter]));
    this.#layers.push(this.#inputLayer());
  }

  node(node: LayerNode): void {
    if (this.#blobs.has(node.name)) return;
    if (this.#entrance.layers.includes(node.name)) this.#enter(node);
    else if (node.kind === 'slice') this.#slices(node);
    else this.#take(node, this.#write(node));
    this.#keepResult(node.name);
  }

  finish(): NetParameter {
    throwIfAny(this.#failures);
    return { name: 'faceflow', layer: this.#layers };
  }

  #inputLayer(): LayerParameter {
    const { channels, height, width } = this.#model.inferred.graph.input;
    const { mean, scale } = this.#entrance;
    // Said in any case: a file that is silent leaves open what its network was made for.
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
    const { layers, mean, scale } = this.#entrance;
    const isLast = node.name === layers.at(-1);
    const isWritten = isLast && this.#options.normalization === 'inside' && (mean !== 0 || scale !== 1);
    this.#blobs.set(node.name, isWritten ? node.name : inputName);
    if (!isWritten) return;
    const power = { power: 1, scale, shift: -mean * scale };
    this.#layers.push({ name: node.name, type: 'Power', bottom: [inputName], top: [node.name], power_param: power });
  }

  #slices(node: LayerNodeOf<'slice'>): void {
    const { graph, shapes } = this.#model.inferred;
    const [input = ''] = node.inputs;
    const slices = graph.layers.filter((other) => other.kind === 'slice' && other.inputs[0] === input);
    const channels = shapes.get(input)?.[0] ?? 0;
    const bottom = this.#blobs.get(input) ?? input;
    const written = sliceLayers(slices as LayerNodeOf<'slice'>[], { bottom, channels });
    this.#layers.push(...written);
    for (const { name } of slices) this.#blobs.set(name, name);
  }

  #write(node: LayerNode): Written {
    const call = {
      node,
      bottom: node.inputs.map((input) => this.#blobs.get(input) ?? input),
      inputShapes: node.inputs.map((input): FeatureShape => this.#model.inferred.shapes.get(input) ?? []),
      isNeeded: this.#needed.has(node.name),
      blob: (suffix: string) => this.#blob(node, suffix),
    };
    // The table holds for each kind a writer for that kind; the union of calls hides that from the compiler.
    const write = layerWriters[node.kind as Exclude<LayerNode['kind'], 'slice'>] as (call: WriteCall<never>) => Written;
    return write(call as unknown as WriteCall<never>);
  }

  #take({ name, kind }: LayerNode, written: Written): void {
    if ('problem' in written) {
      const message = `Layer "${name}" (${kind}) ${written.problem}.`;
      this.#failures.push({ code: 'not-expressible', message, at: { file: this.#options.file } });
    } else if ('same' in written) this.#blobs.set(name, written.same);
    else this.#layers.push(...written.layers);
    if (!this.#blobs.has(name)) this.#blobs.set(name, name);
  }

  /** A result that layers take is no result in Caffe: those layers get a copy, and so does whoever wants the result. */
  #keepResult(name: string): void {
    const { graph } = this.#model.inferred;
    if (!graph.outputs.includes(name) || !graph.layers.some(({ inputs }) => inputs.includes(name))) return;
    const [bottom, taken] = [this.#blobs.get(name) ?? name, `${name}_taken`];
    this.#layers.push({ name: `${name}_split`, type: 'Split', bottom: [bottom], top: [taken, `${name}_result`] });
    this.#blobs.set(name, taken);
  }

  /** Gamma is 1 where it is fixed, whatever a file held. */
  #blob(node: LayerNode, suffix: string): BlobProto {
    const declared = this.#parameters.get(`${node.name} ${suffix}`);
    const array = this.#model.parameters.get(declared?.name ?? '');
    if (declared === undefined || array === undefined) throw new Error(`no ${suffix} of layer ${node.name}`);
    const data = declared.role === 'fixed' ? new Float32Array(array.values.length).fill(1) : array.values;
    return { shape: { dim: array.shape }, data };
  }
}
