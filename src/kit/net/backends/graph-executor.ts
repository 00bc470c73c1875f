import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../core/random.ts';
import { inputName } from '../graph/graph.ts';
import type { GraphParameter, ShapedGraph } from '../graph/infer-shapes.ts';
import type { NamedArray } from '../model/named-array.ts';
import { CountedTensors } from './counted-tensors.ts';
import type { EngineHandle } from './engine-handle.ts';
import { type ExecutionPlan, planExecution, type PlannedLayer } from './execution-plan.ts';
import { kernelsOf } from './kernels-of.ts';
import type { ForwardResult, ParameterTensors } from './layer-kernels.ts';
import { fromEngineLayout, layoutOf, type ParameterLayout, toEngineLayout } from './parameter-layout.ts';
import { required } from './required.ts';
import { scoped } from './scoped.ts';

/** What a forward pass in training leaves for the backward pass. */
export interface TrainingPass {
  /** In the order of the graph's outputs. */
  readonly outputs: readonly Tensor[];
  /** Frees everything the pass still holds; called by `backward`, and in place of it where a step is given up. */
  dispose(): void;
}

class RecordedPass implements TrainingPass {
  readonly values: CountedTensors;
  readonly saved = new Map<string, readonly Tensor[]>();
  readonly shapes = new Map<string, readonly number[]>();
  readonly #outputs: readonly string[];

  constructor(plan: ExecutionPlan) {
    this.values = new CountedTensors(plan.uses.training);
    this.#outputs = plan.outputs;
  }

  get outputs(): Tensor[] {
    return this.#outputs.map((output) => this.values.get(output));
  }

  dispose(): void {
    this.values.disposeAll();
    for (const tensors of this.saved.values()) for (const tensor of tensors) tensor.dispose();
    this.saved.clear();
  }
}

interface ParameterSlot {
  readonly declaration: GraphParameter;
  readonly layout: ParameterLayout;
  readonly momentum: number;
  tensor: Tensor;
}

/**
 * A network on an engine. It walks the layers of its graph forwards, and backwards by itself: a gradient tape would keep
 * every intermediate value until the end of the step, which costs twice the memory.
 */
export class Network {
  readonly #engine: EngineHandle;
  readonly #plan: ExecutionPlan;
  readonly #parameters: ReadonlyMap<string, ParameterSlot>;

  /** `arrays` holds every parameter of the graph. */
  constructor(engine: EngineHandle, inferred: ShapedGraph, arrays: ReadonlyMap<string, NamedArray>) {
    this.#engine = engine;
    this.#plan = planExecution(inferred, kernelsOf(engine));
    this.#parameters = new Map(
      inferred.parameters.map((declaration) => {
        const held = this.#hold(inferred, declaration, required(arrays.get(declaration.name)));
        return [declaration.name, held];
      }),
    );
  }

  #hold(inferred: ShapedGraph, declaration: GraphParameter, array: NamedArray): ParameterSlot {
    const { tf } = this.#engine;
    const node = required(inferred.graph.layers.find(({ name }) => name === declaration.layer));
    const channels = inferred.shapes.get(node.inputs[0] ?? '')?.[0] ?? 1;
    const layout = layoutOf(node, declaration.suffix, channels);
    const tensor = tf.tidy(() => toEngineLayout(tf, arrayTensor(this.#engine, array), layout, channels));
    if (declaration.role === 'fixed') return { declaration, layout, momentum: 0, tensor: onesInPlaceOf(tf, tensor) };
    const momentum = node.kind === 'batch-normalization' ? node.attributes.momentum : 0;
    return { declaration, layout, momentum, tensor };
  }

  /** Trainable parameters by name; the tensors are in the engine's layout and stay the network's. */
  trainable(): ReadonlyMap<string, Tensor> {
    const trainable = [...this.#parameters.values()].filter(({ declaration }) => declaration.role === 'trainable');
    return new Map(trainable.map(({ declaration, tensor }) => [declaration.name, tensor]));
  }

  parameter(name: string): Tensor {
    return required(this.#parameters.get(name)).tensor;
  }

  /** Puts new values in the place of a parameter's; the tensor becomes the network's, the old one is disposed of. */
  replace(name: string, tensor: Tensor): void {
    const held = required(this.#parameters.get(name));
    held.tensor.dispose();
    held.tensor = tensor;
  }

  /** Values of one engine tensor that is shaped as parameter `name`, in MXNet's layout. */
  read(name: string, tensor = this.parameter(name)): NamedArray {
    const { declaration, layout } = required(this.#parameters.get(name));
    const { tf } = this.#engine;
    const values = tf.tidy(() => Float32Array.from(fromEngineLayout(tf, tensor, layout, declaration.shape).dataSync()));
    return { name, shape: declaration.shape, values };
  }

  /** The inverse of {@link read}: an engine tensor out of an array in MXNet's layout. */
  write(array: NamedArray): Tensor {
    const { layout, tensor } = required(this.#parameters.get(array.name));
    const { tf } = this.#engine;
    const channels = layout === 'depthwise' ? (tensor.shape[2] ?? 1) : 1;
    return tf.tidy(() => toEngineLayout(tf, arrayTensor(this.#engine, array), layout, channels));
  }

  /** All parameters in MXNet's layout, in the order of the graph. */
  readAll(): NamedArray[] {
    return [...this.#parameters.keys()].map((name) => this.read(name));
  }

  /** The outputs for `images` (NHWC, 0..255) in inference mode, the caller's to dispose. `images` stays the caller's. */
  infer(images: Tensor): Tensor[] {
    const { tf } = this.#engine;
    const values = new CountedTensors(this.#plan.uses.inference);
    values.put(inputName, tf.clone(images));
    for (const layer of this.#plan.layers) {
      const output = tf.tidy(() => this.#forward(layer, values, { training: false, seed: 0 }).output);
      for (const input of layer.node.inputs) values.release(input);
      values.put(layer.node.name, output);
    }
    return this.#plan.outputs.map((output) => values.get(output));
  }

  /** A forward pass in training mode; moving statistics take in the batch. `seed` decides what dropout leaves out. */
  forward(images: Tensor, seed: number): TrainingPass {
    const { tf } = this.#engine;
    const pass = new RecordedPass(this.#plan);
    pass.values.put(inputName, tf.clone(images));
    pass.shapes.set(inputName, images.shape);
    for (const layer of this.#plan.layers) {
      const layerSeed = Random.derive(seed, layer.node.name).next();
      const result = scoped(tf, () => this.#forward(layer, pass.values, { training: true, seed: layerSeed }));
      this.#updateStatistics(layer, result.statistics ?? {});
      if (layer.trains) pass.saved.set(layer.node.name, result.saved ?? []);
      else for (const tensor of result.saved ?? []) tensor.dispose();
      for (const input of layer.node.inputs) pass.values.release(input);
      pass.shapes.set(layer.node.name, result.output.shape);
      pass.values.put(layer.node.name, result.output);
    }
    return pass;
  }

  /**
   * Walks back from the gradients by the outputs of `pass` and hands each parameter's gradient to `take`, which disposes
   * of it and may replace the parameter at once. Ends the pass.
   */
  backward(pass: TrainingPass, given: readonly Tensor[], take: (name: string, gradient: Tensor) => void): void {
    if (!(pass instanceof RecordedPass)) throw new Error('a pass of another kind of network');
    const gradients = new Map<string, Tensor>();
    for (const [index, output] of this.#plan.outputs.entries()) {
      gradients.set(output, this.#engine.tf.clone(required(given[index])));
      pass.values.release(output);
    }
    for (const layer of this.#plan.layers.toReversed()) {
      if (layer.trains) this.#backwardLayer(layer, pass, gradients, take);
    }
    // Those by an output that nothing is trained for.
    for (const gradient of gradients.values()) gradient.dispose();
    pass.dispose();
  }

  #backwardLayer(
    { node, kernels, wanted, parameters }: PlannedLayer,
    pass: RecordedPass,
    gradients: Map<string, Tensor>,
    take: (name: string, gradient: Tensor) => void,
  ): void {
    const { tf } = this.#engine;
    const gradient = required(gradients.get(node.name));
    const saved = required(pass.saved.get(node.name));
    const result = scoped(tf, () =>
      kernels.backward({
        attributes: node.attributes,
        gradient,
        wanted,
        inputs: kernels.keeps === 'inputs' ? node.inputs.map((input) => pass.values.get(input)) : [],
        inputShapes: node.inputs.map((input) => required(pass.shapes.get(input))),
        output: kernels.keeps === 'output' ? pass.values.get(node.name) : undefined,
        parameters: this.#parametersOf(parameters),
        saved,
      }),
    );
    gradient.dispose();
    gradients.delete(node.name);
    for (const tensor of saved) tensor.dispose();
    pass.saved.delete(node.name);
    if (kernels.keeps === 'inputs') for (const input of node.inputs) pass.values.release(input);
    if (kernels.keeps === 'output') pass.values.release(node.name);
    for (const [index, tensor] of result.inputs.entries()) {
      if (tensor !== undefined) this.#accumulate(gradients, node.inputs[index] ?? '', tensor);
    }
    for (const { name, suffix, role } of parameters) {
      if (role === 'trainable') take(name, required(result.parameters[suffix]));
    }
  }

  /** A value that several layers take has the sum of their gradients. */
  #accumulate(gradients: Map<string, Tensor>, name: string, gradient: Tensor): void {
    const other = gradients.get(name);
    if (other === undefined) {
      gradients.set(name, gradient);
      return;
    }
    gradients.set(name, this.#engine.tf.add(other, gradient));
    other.dispose();
    gradient.dispose();
  }

  #forward(
    { node, kernels, parameters }: PlannedLayer,
    values: CountedTensors,
    mode: { readonly training: boolean; readonly seed: number },
  ): ForwardResult {
    return kernels.forward({
      attributes: node.attributes,
      inputs: node.inputs.map((input) => values.get(input)),
      parameters: this.#parametersOf(parameters),
      ...mode,
    });
  }

  /** moving = momentum moving + (1 - momentum) statistic of the batch. */
  #updateStatistics({ parameters }: PlannedLayer, statistics: ParameterTensors): void {
    const { tf } = this.#engine;
    for (const { name, suffix } of parameters) {
      const statistic = statistics[suffix];
      if (statistic === undefined) continue;
      const { tensor, momentum } = required(this.#parameters.get(name));
      this.replace(
        name,
        tf.tidy(() => tf.add(tf.mul(tensor, momentum), tf.mul(statistic, 1 - momentum))),
      );
      statistic.dispose();
    }
  }

  #parametersOf(parameters: readonly GraphParameter[]): ParameterTensors {
    return Object.fromEntries(parameters.map(({ name, suffix }) => [suffix, this.parameter(name)]));
  }

  dispose(): void {
    for (const { tensor } of this.#parameters.values()) tensor.dispose();
  }
}

function arrayTensor({ tf }: EngineHandle, { values, shape }: NamedArray): Tensor {
  return tf.tensor(values, [...shape], 'float32');
}

function onesInPlaceOf(tf: EngineHandle['tf'], tensor: Tensor): Tensor {
  const ones = tf.onesLike(tensor);
  tensor.dispose();
  return ones;
}
