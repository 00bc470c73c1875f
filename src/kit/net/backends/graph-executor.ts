import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../core/random.ts';
import { inputName } from '../graph/graph.ts';
import type { GraphParameter, ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import type { Backend } from './backend.ts';
import { type ExecutionPlan, planExecution, type PlannedLayer } from './execution-plan.ts';
import type { ForwardResult, LayerKernelTable, ParameterTensors } from './layer-kernels.ts';
import { fromBackendLayout, layoutOf, type ParameterLayout, toBackendLayout } from './parameter-layout.ts';
import { portableKernels } from './portable/layer-kernels.ts';
import { CountedTensors, required, scoped, valuesOf } from './tensors.ts';
import { tensorflowKernels } from './tensorflow/layer-kernels.ts';

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
    this.values = new CountedTensors(plan.useCounts.training);
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

/** What the layers of a backward pass share. */
interface BackwardWalk {
  readonly pass: RecordedPass;
  /** With respect to each value that layers still to come have produced. */
  readonly gradients: Map<string, Tensor>;
  readonly take: (name: string, gradient: Tensor) => void;
}

interface ParameterSlot {
  readonly declaration: GraphParameter;
  readonly layout: ParameterLayout;
  readonly momentum: number;
  tensor: Tensor;
}

/**
 * A network on a backend: its parameters as tensors, and the walk over its layers. Gradients are walked by itself too: a
 * gradient tape would keep every intermediate value until the end of the step, which costs twice the memory.
 */
export class GraphExecutor {
  readonly #backend: Backend;
  readonly #plan: ExecutionPlan;
  readonly #parameters: ReadonlyMap<string, ParameterSlot>;

  /** `arrays` holds every parameter of the graph. */
  constructor(backend: Backend, shaped: ShapedGraph, arrays: ReadonlyMap<string, NamedArray>) {
    this.#backend = backend;
    this.#plan = planExecution(shaped, kernelsOf(backend));
    this.#parameters = new Map(
      shaped.parameters.map((declaration) => {
        const array = required(arrays.get(declaration.name), `parameter "${declaration.name}"`);
        return [declaration.name, this.#slotFor(shaped, declaration, array)];
      }),
    );
  }

  #slotFor(shaped: ShapedGraph, declaration: GraphParameter, array: NamedArray): ParameterSlot {
    const { tf } = this.#backend;
    const node = required(
      shaped.graph.layers.find(({ name }) => name === declaration.layer),
      `layer "${declaration.layer}"`,
    );
    const channels = shaped.shapes.get(node.inputs[0] ?? '')?.[0] ?? 1;
    const layout = layoutOf(node, declaration.suffix, channels);
    const tensor = tf.tidy(() => toBackendLayout(tf, arrayTensor(this.#backend, array), layout));
    if (declaration.role === 'fixed') return { declaration, layout, momentum: 0, tensor: onesInPlaceOf(tf, tensor) };
    const momentum = node.kind === 'batch-normalization' ? node.attributes.momentum : 0;
    return { declaration, layout, momentum, tensor };
  }

  /** Trainable parameters by name; the tensors are in the backend's layout and stay the executor's. */
  trainable(): ReadonlyMap<string, Tensor> {
    const trainable = [...this.#parameters.values()].filter(({ declaration }) => declaration.role === 'trainable');
    return new Map(trainable.map(({ declaration, tensor }) => [declaration.name, tensor]));
  }

  parameter(name: string): Tensor {
    return this.#slot(name).tensor;
  }

  /** Puts new values in the place of a parameter's; the tensor becomes the executor's, the old one is disposed of. */
  replace(name: string, tensor: Tensor): void {
    const slot = this.#slot(name);
    slot.tensor.dispose();
    slot.tensor = tensor;
  }

  #slot(name: string): ParameterSlot {
    return required(this.#parameters.get(name), `parameter "${name}"`);
  }

  /** Values of one tensor of the backend that is shaped as parameter `name`, in MXNet's layout. */
  async read(name: string, tensor = this.parameter(name)): Promise<NamedArray> {
    const { declaration, layout } = this.#slot(name);
    const { tf } = this.#backend;
    // Never an array out of `tidy`: it would look for tensors in each of its values, and fails beyond 2^24 of them.
    const ordered = tf.tidy(() => fromBackendLayout(tf, tensor, { layout, shape: declaration.shape }));
    const values = await valuesOf(ordered);
    ordered.dispose();
    return { name, shape: declaration.shape, values };
  }

  /** The inverse of {@link read}: a tensor of the backend out of an array in MXNet's layout. */
  write(array: NamedArray): Tensor {
    const { layout } = this.#slot(array.name);
    const { tf } = this.#backend;
    return tf.tidy(() => toBackendLayout(tf, arrayTensor(this.#backend, array), layout));
  }

  /**
   * The outputs for `images` [batch, height, width, channels] in inference mode, in the order of the graph and NHWC; the
   * caller disposes of them, and of `images`. Height and width may differ from the graph's where its parameters allow it.
   */
  infer(images: Tensor): Tensor[] {
    const { tf } = this.#backend;
    const values = new CountedTensors(this.#plan.useCounts.inference);
    values.put(inputName, tf.clone(images));
    for (const layer of this.#plan.layers) {
      const output = tf.tidy(() => this.#forward(layer, values, { training: false, seed: 0 }).output);
      for (const input of layer.node.inputs) values.release(input);
      values.put(layer.node.name, output);
    }
    return this.#plan.outputs.map((output) => values.get(output));
  }

  /**
   * Where the first value of a forward pass in training mode is that is not finite: in a parameter, or in the output of
   * a layer whose inputs and parameters are; undefined where all are finite. Changes nothing.
   */
  async firstNotFinite(
    images: Tensor,
    seed: number,
  ): Promise<{ readonly parameter: string } | { readonly layer: string } | undefined> {
    for (const [name, { declaration, tensor }] of this.#parameters) {
      // Moving statistics have taken in the batch that is looked at, and do not count in training.
      if (declaration.role !== 'auxiliary' && !(await this.#isFinite(tensor))) return { parameter: name };
    }
    const { tf } = this.#backend;
    const values = new CountedTensors(this.#plan.useCounts.inference);
    values.put(inputName, tf.clone(images));
    try {
      for (const layer of this.#plan.layers) {
        const { name, inputs } = layer.node;
        const layerSeed = Random.derive(seed, name).next();
        const output = tf.tidy(() => this.#forward(layer, values, { training: true, seed: layerSeed }).output);
        for (const input of inputs) values.release(input);
        const isFinite = await this.#isFinite(output);
        values.put(name, output);
        if (!isFinite) return { layer: name };
      }
      return undefined;
    } finally {
      values.disposeAll();
    }
  }

  async #isFinite(tensor: Tensor): Promise<boolean> {
    const { tf } = this.#backend;
    const all = tf.tidy(() => tf.all(tf.isFinite(tensor)));
    const [value] = await all.data();
    all.dispose();
    return value === 1;
  }

  /** A forward pass in training mode; moving statistics take in the batch. `seed` decides what dropout leaves out. */
  forward(images: Tensor, seed: number): TrainingPass {
    const { tf } = this.#backend;
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
   * Walks back from the gradients with respect to the outputs of `pass` and hands each parameter's gradient to `take`, which disposes
   * of it and may replace the parameter at once. Ends the pass.
   */
  backward(pass: TrainingPass, given: readonly Tensor[], take: (name: string, gradient: Tensor) => void): void {
    if (!(pass instanceof RecordedPass)) throw new Error('the pass was not recorded by a graph executor');
    const gradients = new Map<string, Tensor>();
    for (const [index, output] of this.#plan.outputs.entries()) {
      gradients.set(
        output,
        this.#backend.tf.clone(required(given[index], `the gradient with respect to output "${output}"`)),
      );
      pass.values.release(output);
    }
    for (const layer of this.#plan.layers.toReversed()) {
      if (layer.trains) this.#backwardLayer(layer, { pass, gradients, take });
    }
    // Those with respect to an output that no trainable layer leads to.
    for (const gradient of gradients.values()) gradient.dispose();
    pass.dispose();
  }

  #backwardLayer(
    { node, kernels, needsGradient, parameters }: PlannedLayer,
    { pass, gradients, take }: BackwardWalk,
  ): void {
    const { tf } = this.#backend;
    const gradient = required(gradients.get(node.name), `the gradient of layer "${node.name}"`);
    const saved = required(pass.saved.get(node.name), `what layer "${node.name}" has saved`);
    const result = scoped(tf, () =>
      kernels.backward({
        attributes: node.attributes,
        gradient,
        needsGradient,
        inputs: kernels.saves === 'inputs' ? node.inputs.map((input) => pass.values.get(input)) : [],
        inputShapes: node.inputs.map((input) => required(pass.shapes.get(input), `the shape of "${input}"`)),
        output: kernels.saves === 'output' ? pass.values.get(node.name) : undefined,
        parameters: this.#parametersOf(parameters),
        saved,
      }),
    );
    gradient.dispose();
    gradients.delete(node.name);
    for (const tensor of saved) tensor.dispose();
    pass.saved.delete(node.name);
    if (kernels.saves === 'inputs') for (const input of node.inputs) pass.values.release(input);
    if (kernels.saves === 'output') pass.values.release(node.name);
    for (const [index, tensor] of result.inputs.entries()) {
      if (tensor !== undefined) this.#accumulate(gradients, node.inputs[index] ?? '', tensor);
    }
    for (const { name, suffix, role } of parameters) {
      if (role === 'trainable') take(name, required(result.parameters[suffix], `the gradient of "${name}"`));
    }
  }

  /** A value that several layers take has the sum of their gradients. */
  #accumulate(gradients: Map<string, Tensor>, name: string, gradient: Tensor): void {
    const other = gradients.get(name);
    if (other === undefined) {
      gradients.set(name, gradient);
      return;
    }
    gradients.set(name, this.#backend.tf.add(other, gradient));
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
    const { tf } = this.#backend;
    for (const { name, suffix } of parameters) {
      const statistic = statistics[suffix];
      if (statistic === undefined) continue;
      const { tensor, momentum } = this.#slot(name);
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

/** The backend's own kernels where they are faster, the portable ones otherwise. */
function kernelsOf({ tf, raw }: Backend): LayerKernelTable {
  return raw === undefined ? portableKernels(tf) : tensorflowKernels(tf, raw);
}

function arrayTensor({ tf }: Backend, { values, shape }: NamedArray): Tensor {
  return tf.tensor(values, [...shape], 'float32');
}

function onesInPlaceOf(tf: Backend['tf'], tensor: Tensor): Tensor {
  const ones = tf.onesLike(tensor);
  tensor.dispose();
  return ones;
}
