import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../../../core/random.ts';
import { inputName } from '../graph/graph.ts';
import type { GraphParameter, ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import type { Backend } from './backend.ts';
import { cutIntoGraphs } from './cut-into-graphs.ts';
import {
  type ExecutionPlan,
  planExecution,
  type PlannedLayer,
  type RankedMode,
  type Segment,
  type TrainingMode,
} from './execution-plan.ts';
import { frozenKernels } from './frozen-kernels.ts';
import type { ForwardResult, LayerKernelTable, ParameterTensors } from './layer-kernels.ts';
import { NetworkParameters } from './network-parameters.ts';
import { portableKernels } from './portable/layer-kernels.ts';
import { copiedTensor, CountedTensors, required, scoped } from './tensors.ts';
import { GivenTensors, Replays, type TensorState } from './replays.ts';
import { PassOfSegments, RecordedSegment, type TrainingPass } from './training-pass.ts';
import { synchronizedKernels } from './synchronized-normalization.ts';
import { tensorflowKernels } from './tensorflow/layer-kernels.ts';

/** Who takes the gradients of a backward pass. */
export interface GradientTaker {
  /** Disposes of the gradient, and may replace the parameter at once. */
  take(name: string, gradient: Tensor): void;
  /**
   * All that `take` reads and changes, for the gradients of these parameters, besides the parameters themselves. Absent: that is not known,
   * so that the pass is always done kernel by kernel.
   */
  states?(parameters: readonly string[]): readonly TensorState[];
  /** Distinguishes passes whose `take` does something else with the same states. */
  readonly kind?: string;
  /** Called after each stretch of the pass with the names of the parameters whose gradients it has handed over. */
  passed?(names: readonly string[]): void;
}

/** What is done to one parameter after the other, without a pass. */
export interface ParameterChange {
  /** May replace the parameter. */
  readonly change: (name: string) => void;
  /** All that `change` reads and changes besides these parameters, of which it is the same kernels every time. */
  readonly states: (parameters: readonly string[]) => readonly TensorState[];
  /** Distinguishes changes that do something else with the same states. */
  readonly kind: string;
}

/** Of a change to parameters, which are there twice until a graph has ended. */
const parametersPerGraph = 48;

/**
 * A pass in inference is recorded for each shape of images, which takes as long as four more passes for one image, none for 32, and 3 MiB
 * (y1) to 10 MiB (r50). In pyramids of images there are many shapes, of which few come again.
 */
const inferences = { after: 2, recordings: 8 } as const;

interface SegmentMode {
  readonly isKept: boolean;
  readonly isFirst: boolean;
  readonly drawn: ReadonlyMap<string, Tensor>;
}

/** Everything is trained, and all values are kept. */
const plainly: TrainingMode = { frozen: new Set(), recompute: false };

/**
 * A network on a backend: its parameters as tensors, and the walk over its layers. Gradients are walked by itself too: a
 * gradient tape would keep every intermediate value until the end of the step, which costs twice the memory.
 */
export class GraphExecutor {
  readonly #backend: Backend;
  #plan: ExecutionPlan;
  readonly #shaped: ShapedGraph;
  readonly #parameters: NetworkParameters;
  readonly #replays: Replays;
  readonly #inferences: Replays;
  #ranks: RankedMode | undefined;

  /** `arrays` holds every parameter of the graph. */
  constructor(backend: Backend, shaped: ShapedGraph, arrays: ReadonlyMap<string, NamedArray>) {
    this.#backend = backend;
    this.#shaped = shaped;
    this.#plan = this.#planned(plainly);
    this.#parameters = new NetworkParameters(backend, shaped, arrays);
    this.#replays = new Replays(backend.recorder);
    this.#inferences = new Replays(backend.recorder, inferences);
  }

  #planned(mode: TrainingMode): ExecutionPlan {
    const table = kernelsOf(this.#backend);
    const { tf } = this.#backend;
    const trained = mode.ranks?.isSynchronized === true ? synchronizedKernels(this.#backend, table, mode.ranks) : table;
    return planExecution(
      this.#shaped,
      (node, isFrozen) => (isFrozen ? frozenKernels(tf, table, node) : trained[node.kind]),
      mode,
    );
  }

  /** How passes in training are done from the next one on. */
  trainWith(mode: TrainingMode): void {
    this.#plan = this.#planned(mode);
    this.#ranks = mode.ranks;
    this.#replays.clear();
    this.#inferences.clear();
  }

  /** Parameters that are trained, by name; the tensors are in the backend's layout and stay the executor's. */
  trainable(): ReadonlyMap<string, Tensor> {
    const frozen = new Set(this.#plan.layers.filter(({ isFrozen }) => isFrozen).map(({ node }) => node.name));
    const trainable = this.#parameters
      .declarations()
      .filter(({ role, layer }) => role === 'trainable' && !frozen.has(layer));
    return new Map(trainable.map(({ name }) => [name, this.parameter(name)]));
  }

  parameter(name: string): Tensor {
    return this.#parameters.get(name);
  }

  /** Puts new values in the place of a parameter's; the tensor becomes the executor's, the old one is disposed of. */
  replace(name: string, tensor: Tensor): void {
    this.#parameters.replace(name, tensor);
  }

  /** What a change of other things reads of these parameters. */
  parametersOf(names: readonly string[]): TensorState {
    return this.#parameters.of(names);
  }

  /** Changes these parameters; recorded as passes are. */
  change(names: readonly string[], { kind, states, change }: ParameterChange): void {
    for (let start = 0; start < names.length; start += parametersPerGraph) {
      const part = names.slice(start, start + parametersPerGraph);
      this.#replays.run(`${kind} of ${part[0]}`, [this.#parameters.of(part), ...states(part)], () => {
        for (const name of part) change(name);
      });
    }
  }

  /** Makes the moving statistics, which each rank has taken of its share of the batches, the means over all ranks. */
  async averageStatistics(): Promise<void> {
    if (this.#ranks === undefined || this.#ranks.isSynchronized) return;
    const { tf } = this.#backend;
    const { communicator } = this.#ranks;
    const moving = this.#plan.layers.filter(({ isFrozen }) => !isFrozen).flatMap(({ parameters }) => parameters);
    const names = moving.filter(({ role }) => role === 'auxiliary').map(({ name }) => name);
    if (names.length === 0) return;
    const joined = tf.tidy(() => tf.concat(names.map((name) => this.parameter(name))));
    const sums = Float32Array.from(await joined.data());
    joined.dispose();
    communicator.sum(sums);
    for (let start = 0, index = 0; index < names.length; index += 1) {
      const name = names[index] ?? '';
      const { shape, size } = this.parameter(name);
      const means = sums.slice(start, start + size).map((sum) => sum / communicator.size);
      this.replace(name, copiedTensor(tf, means, shape));
      start += size;
    }
  }

  /** Values of one tensor of the backend that is shaped as parameter `name`, in MXNet's layout. */
  read(name: string, tensor = this.parameter(name)): Promise<NamedArray> {
    return this.#parameters.read(name, tensor);
  }

  /** The inverse of {@link read}: a tensor of the backend out of an array in MXNet's layout. */
  write(array: NamedArray): Tensor {
    return this.#parameters.write(array);
  }

  /**
   * The outputs for `images` [batch, height, width, channels] in inference mode, in the order of the graph and NHWC; the
   * caller disposes of them, and of `images`. Height and width may differ from the graph's where its parameters allow it.
   */
  infer(images: Tensor): Tensor[] {
    const { tf } = this.#backend;
    const record = new RecordedSegment(this.#plan.inferenceUses);
    const { values } = record;
    values.put(inputName, tf.clone(images));
    this.#inferences.run(`inference of ${images.shape.join()}`, [record.whole(), this.#parameters], () => {
      for (const layer of this.#plan.layers) {
        const output = tf.tidy(() => this.#forward(layer, values, { training: false }).output);
        for (const input of layer.node.inputs) values.release(input);
        values.put(layer.node.name, output);
      }
    });
    return this.#plan.outputs.map((output) => values.get(output));
  }

  /**
   * The first layer in a forward pass whose output is not finite; undefined where all are. Changes nothing. In training mode
   * with `seed`, that of dropout; without it in inference mode.
   */
  async firstNotFinite(images: Tensor, seed?: number): Promise<string | undefined> {
    const { tf } = this.#backend;
    const values = new CountedTensors(this.#plan.inferenceUses);
    values.put(inputName, tf.clone(images));
    try {
      for (const layer of this.#plan.layers) {
        const { name, inputs } = layer.node;
        const training = seed !== undefined;
        const drawn = training ? this.#drawn(layer, { seed, batch: images.shape[0] }) : undefined;
        const output = tf.tidy(() => this.#forward(layer, values, { training, drawn }).output);
        drawn?.dispose();
        for (const input of inputs) values.release(input);
        const isFinite = await this.#isFinite(output);
        values.put(name, output);
        if (!isFinite) return name;
      }
      return undefined;
    } finally {
      values.disposeAll();
    }
  }

  async #isFinite(tensor: Tensor): Promise<boolean> {
    const { tf } = this.#backend;
    const all = tf.tidy(() => tf.all(tf.isFinite(tensor)));
    const [value = 0] = await all.data();
    all.dispose();
    if (this.#ranks === undefined) return value === 1;
    // All stop at the same layer.
    const broken = Float32Array.of(1 - value);
    this.#ranks.communicator.max(broken);
    return broken[0] === 0;
  }

  /** A forward pass in training mode; moving statistics take in the batch. `seed` decides what dropout leaves out. */
  forward(images: Tensor, seed: number): TrainingPass {
    const pass = new PassOfSegments(this.#plan, seed);
    pass.kept.put(inputName, this.#backend.tf.clone(images));
    for (const [index, segment] of this.#plan.segments.entries()) {
      const isLast = index === this.#plan.segments.length - 1;
      const record = this.#runSegment(segment, pass, { isKept: isLast, isFirst: true });
      for (const name of segment.gives) {
        pass.kept.put(name, this.#backend.tf.clone(record.values.get(name)));
        record.values.release(name);
      }
      for (const name of segment.takes) pass.kept.release(name);
      if (isLast) pass.last = record;
      else record.dispose();
    }
    return pass;
  }

  /** With `isKept` it keeps what a backward pass needs; unless `isFirst`, the moving statistics have taken in the batch. */
  #runSegment(
    { layers, takes, uses }: Segment,
    { kept, seed }: PassOfSegments,
    mode: { readonly isKept: boolean; readonly isFirst: boolean },
  ): RecordedSegment {
    const record = new RecordedSegment(mode.isKept ? uses.backward : uses.forward);
    for (const name of takes) {
      record.shapes.set(name, kept.get(name).shape);
      record.values.put(name, this.#backend.tf.clone(kept.get(name)));
    }
    const [batch = 0] = required(record.shapes.get(required(takes[0], 'what a segment takes')), 'its shape');
    const drawn = this.#drawnFor(layers, { seed, batch });
    const name = `forward from ${layers[0]?.node.name} ${JSON.stringify({ ...mode, batch })}`;
    this.#replays.run(name, [record.whole(), this.#parameters, drawn], () => {
      for (const layer of layers) this.#forwardLayer(layer, record, { ...mode, drawn: drawn.tensors() });
    });
    drawn.dispose();
    return record;
  }

  #forwardLayer(layer: PlannedLayer, record: RecordedSegment, { isKept, isFirst, drawn }: SegmentMode): void {
    const { name, inputs } = layer.node;
    const result = scoped(this.#backend.tf, () =>
      this.#forward(layer, record.values, { training: true, drawn: drawn.get(name) }),
    );
    const { output, statistics = {}, saved = [] } = result;
    if (isFirst) this.#updateStatistics(layer, statistics);
    else for (const tensor of Object.values(statistics)) tensor.dispose();
    if (isKept && layer.trains) record.saved.set(name, saved);
    else for (const tensor of saved) tensor.dispose();
    for (const input of inputs) record.values.release(input);
    record.shapes.set(name, output.shape);
    record.values.put(name, output);
  }

  #drawnFor(layers: readonly PlannedLayer[], draw: { readonly seed: number; readonly batch: number }): GivenTensors {
    const drawn = layers.flatMap((layer) => {
      const tensor = this.#drawn(layer, draw);
      return tensor === undefined ? [] : [[layer.node.name, tensor] as const];
    });
    return new GivenTensors(new Map(drawn));
  }

  /** The caller disposes of it. */
  #drawn(
    { node, kernels }: PlannedLayer,
    { seed, batch }: { readonly seed: number; readonly batch: number },
  ): Tensor | undefined {
    if (kernels.draw === undefined) return undefined;
    const [channels = 0, ...size] = required(
      this.#shaped.shapes.get(node.inputs[0] ?? ''),
      `the shape before "${node.name}"`,
    );
    const draws = Random.derive(seed, node.name).next();
    const { rank, size: ranks } = this.#ranks?.communicator ?? { rank: 0, size: 1 };
    const drawn = kernels.draw(node.attributes, [batch * ranks, ...size, channels], draws);
    if (ranks === 1) return drawn;
    const { tf } = this.#backend;
    const own = tf.slice(drawn, [rank * batch, ...size.map(() => 0), 0], [batch, ...size, channels]);
    drawn.dispose();
    return own;
  }

  /**
   * Walks back from the gradients with respect to the outputs of `pass` and hands each parameter's gradient to `taker`.
   * Ends the pass.
   */
  backward(pass: TrainingPass, given: readonly Tensor[], taker: GradientTaker): void {
    if (!(pass instanceof PassOfSegments)) throw new Error('the pass was not recorded by a graph executor');
    let gradients = new Map<string, Tensor>();
    for (const [index, output] of this.#plan.outputs.entries()) {
      const gradient = required(given[index], `the gradient with respect to output "${output}"`);
      gradients.set(output, this.#backend.tf.clone(gradient));
      pass.kept.release(output);
    }
    for (const segment of this.#plan.segments.toReversed()) {
      if (!segment.layers.some(({ trains }) => trains)) continue;
      const { isRecomputed } = segment;
      const record = isRecomputed ? this.#runSegment(segment, pass, { isKept: true, isFirst: false }) : pass.last;
      for (const [name, gradient] of gradients) record.gradients.set(name, gradient);
      this.#backwardSegment(segment, record, taker);
      gradients = new Map(record.gradients);
      record.gradients.clear();
      record.dispose();
      if (isRecomputed) for (const name of segment.takes) pass.kept.release(name);
    }
    // Those with respect to an output that no trainable layer leads to.
    for (const gradient of gradients.values()) gradient.dispose();
    pass.dispose();
  }

  #backwardSegment({ layers }: Segment, record: RecordedSegment, taker: GradientTaker): void {
    const { kind = '' } = taker;
    const trained = layers.filter(({ trains }) => trains).toReversed();
    if (taker.states === undefined || !this.#replays.areRecorded) {
      for (const layer of trained) {
        this.#backwardLayer(layer, record, taker);
        taker.passed?.(namesOfTrained([layer]));
      }
      return;
    }
    for (const part of cutIntoGraphs(trained, this.#shaped.shapes)) {
      const shape = record.gradients.values().next().value?.shape;
      const name = `backward from ${part[0]?.node.name} ${kind} of ${String(shape)}`;
      const trainedNames = namesOfTrained(part);
      const parameters = this.#parameters.of(part.flatMap((layer) => layer.parameters.map((each) => each.name)));
      this.#replays.run(name, [record.of(part), parameters, ...taker.states(trainedNames)], () => {
        for (const layer of part) this.#backwardLayer(layer, record, taker);
      });
      taker.passed?.(trainedNames);
    }
  }

  #backwardLayer(
    { node, kernels, needsGradient, parameters, isFrozen }: PlannedLayer,
    record: RecordedSegment,
    taker: GradientTaker,
  ): void {
    const { tf } = this.#backend;
    const { gradients } = record;
    const gradient = required(gradients.get(node.name), `the gradient of layer "${node.name}"`);
    const saved = required(record.saved.get(node.name), `what layer "${node.name}" has saved`);
    const result = scoped(tf, () =>
      kernels.backward({
        attributes: node.attributes,
        gradient,
        needsGradient,
        inputs: kernels.saves === 'inputs' ? node.inputs.map((input) => record.values.get(input)) : [],
        inputShapes: node.inputs.map((input) => required(record.shapes.get(input), `the shape of "${input}"`)),
        output: kernels.saves === 'output' ? record.values.get(node.name) : undefined,
        parameters: this.#tensorsOf(parameters),
        saved,
      }),
    );
    gradient.dispose();
    gradients.delete(node.name);
    for (const tensor of saved) tensor.dispose();
    record.saved.delete(node.name);
    if (kernels.saves === 'inputs') for (const input of node.inputs) record.values.release(input);
    if (kernels.saves === 'output') record.values.release(node.name);
    for (const [index, tensor] of result.inputs.entries()) {
      if (tensor !== undefined) this.#accumulate(gradients, node.inputs[index] ?? '', tensor);
    }
    for (const { name, suffix, role } of parameters) {
      if (isFrozen) result.parameters[suffix]?.dispose();
      else if (role === 'trainable') taker.take(name, required(result.parameters[suffix], `the gradient of "${name}"`));
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
    mode: { readonly training: boolean; readonly drawn?: Tensor | undefined },
  ): ForwardResult {
    return kernels.forward({
      attributes: node.attributes,
      inputs: node.inputs.map((input) => values.get(input)),
      parameters: this.#tensorsOf(parameters),
      ...mode,
    });
  }

  #updateStatistics({ parameters }: PlannedLayer, statistics: ParameterTensors): void {
    for (const { name, suffix } of parameters) {
      const statistic = statistics[suffix];
      if (statistic !== undefined) this.#parameters.moveStatistic(name, statistic);
    }
  }

  #tensorsOf(parameters: readonly GraphParameter[]): ParameterTensors {
    return Object.fromEntries(parameters.map(({ name, suffix }) => [suffix, this.parameter(name)]));
  }

  dispose(): void {
    this.#replays.clear();
    this.#inferences.clear();
    this.#parameters.dispose();
  }
}

function namesOfTrained(layers: readonly PlannedLayer[]): string[] {
  const parameters = layers.flatMap((layer) => (layer.isFrozen ? [] : layer.parameters));
  return parameters.filter(({ role }) => role === 'trainable').map(({ name }) => name);
}

/** The backend's own kernels where they are faster, the portable ones otherwise. */
function kernelsOf({ tf, raw }: Backend): LayerKernelTable {
  return raw === undefined ? portableKernels(tf) : tensorflowKernels(tf, raw);
}
