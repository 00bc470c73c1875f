import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import { cutOut, type Holes } from '../../dataset/augmentations/cut-out.ts';
import { embeddingOutput } from '../model/embedding-output.ts';
import type { Backend } from '../backends/backend.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { required } from '../backends/tensors.ts';
import type { TrainingPass } from '../backends/training-pass.ts';
import { failures } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import { initialValues, type WeightInitializer } from '../model/initialize.ts';
import { type ArrayTensors, type BoundLoss, type Gradient, type LossResult, wholeGradient } from '../losses/loss.ts';
import { type BoundRule, Optimizer, type UpdateTime, type WeightUpdate } from '../optimizers/optimizer.ts';
import { brokenInWords, isLost, largestLoss, normOf, notFinite } from './divergence.ts';
import { GradientNorm, GradientSums } from './gradient-sums.ts';
import { LossTensors } from './loss-tensors.ts';
import { WeightAverage } from './weight-average.ts';
import { graphEmbedder } from '../sessions/embedder.ts';
import { GraphSession } from '../sessions/graph-session.ts';
import type { Embedder } from '../sessions/inference-session.ts';

export interface TrainerOptions {
  readonly backend: Backend;
  readonly shaped: ShapedGraph;
  readonly weights: WeightInitializer;
  readonly classes: number;
  readonly loss: BoundLoss;
  readonly optimizer: BoundRule;
  readonly seed: number;
  /** Norm to which the gradient of the network is limited, without that of the loss's arrays; absent: it is not. */
  readonly clipGradient?: number | undefined;
  /** Layers whose parameters stay as they are and which compute as in inference, by name; absent: none. */
  readonly frozen?: ReadonlySet<string>;
  /** Keep few values of the forward pass and compute the others once more: less memory, the same numbers. */
  readonly recompute?: boolean | undefined;
  /** Decay of a moving average of the parameters, which is what is verified and kept; absent: no average. */
  readonly averageDecay?: number | undefined;
  /** Values to start from instead of drawn ones, by parameter name. */
  readonly start?: ReadonlyMap<string, NamedArray>;
}

interface StepPart {
  readonly index: number;
  readonly count: number;
}

const onePart: StepPart = { index: 0, count: 1 };

export interface StepInput {
  /** Counted from 1. */
  readonly step: number;
  /** NHWC, 0..255, RGB. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** What is cut out of the images. */
  readonly holes?: Holes | undefined;
  readonly learningRate: number;
  /** Where a step is made of several batches, whose gradients are averaged: which of them this is, from 0. */
  readonly part?: StepPart;
  /** Also measure norms; the result is the same without. */
  readonly measure?: boolean;
  /** For the failure of a training that diverges: ids of the images, and the step of the last checkpoint, 0 without one. */
  readonly origin?: { readonly ids: readonly (number | string)[]; readonly checkpoint: number };
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Share of the batch that the loss recognized as its label, margin included; absent for losses that do not guess. */
  readonly accuracy?: number;
  /** What else the loss reports, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of a step that measures; the gradient's is there after the last part of a step. */
  readonly norms?: { readonly embedding: number; readonly gradient?: number };
}

/** A network in training on one engine: its parameters, the arrays of the loss, and the optimizer's buffers. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #executor: GraphExecutor;
  readonly #optimizer: Optimizer;
  readonly #lossTensors: LossTensors;
  readonly #sums: { readonly network: GradientSums; readonly loss: GradientSums };
  readonly #average: WeightAverage | undefined;
  /** The last step that has changed the parameters. */
  #last: (Pick<StepInput, 'step' | 'learningRate' | 'origin'> & { readonly loss: number }) | undefined;

  constructor(options: TrainerOptions) {
    const { backend, shaped, weights, seed, start, frozen = new Set(), recompute = false, averageDecay } = options;
    this.#options = options;
    const arrays = new Map(
      shaped.parameters.map((parameter) => {
        const array = start?.get(parameter.name) ?? initialValues(parameter, weights, seed);
        return [parameter.name, array] as const;
      }),
    );
    this.#executor = new GraphExecutor(backend, shaped, arrays);
    this.#executor.trainWith({ frozen, recompute });
    if (averageDecay !== undefined) {
      this.#average = new WeightAverage({ backend, shaped, decay: averageDecay, frozen }, arrays);
    }
    this.#optimizer = new Optimizer(backend.tf, options.optimizer);
    this.#sums = { network: new GradientSums(backend.tf), loss: new GradientSums(backend.tf) };
    const embeddingSize = embeddingOutput(shaped).size;
    const lossArrays = options.loss.arrays({ classes: options.classes, embeddingSize });
    this.#lossTensors = new LossTensors(backend, lossArrays, { rule: weights, seed });
  }

  /**
   * Trains on one batch; with `part`, the last of its parts changes the parameters. Fails with `training-diverged` if the
   * loss is not a number, or above {@link largestLoss}; `label-out-of-range`.
   */
  async step(input: StepInput): Promise<StepResult> {
    const { step, labels, learningRate, part = onePart } = input;
    this.#checkLabels(labels);
    const images = this.#imageTensor(input);
    const pass = this.#executor.forward(images, this.#dropoutSeed(step, part));
    images.dispose();
    const output = required(pass.outputs[0], 'the output of the network');
    const result = await this.#computeLoss(output, labels, { step, part });
    const figures = await figuresOf(result, labels.length);
    if (isLost(figures.loss)) {
      const embeddings = await meanNorm(this.#options.backend.tf, output);
      pass.dispose();
      disposeResult(result);
      await this.#failDiverged(input, { loss: figures.loss, embeddings });
    }
    const embedding = input.measure === true ? await meanNorm(this.#options.backend.tf, output) : undefined;
    const { clipGradient } = this.#options;
    const when = { step, learningRate, measure: input.measure === true };
    const isAtOnce = part.count === 1 && clipGradient === undefined;
    const gradient = await (isAtOnce
      ? this.#update(pass, result, when)
      : this.#updateTogether(pass, result, { ...when, part }));
    if (part.index === part.count - 1) this.#average?.follow(this.#executor, step);
    this.#last = { step, learningRate, loss: figures.loss, ...(input.origin && { origin: input.origin }) };
    disposeResult(result);
    if (embedding === undefined) return figures;
    return { ...figures, norms: { embedding, ...(gradient === undefined ? {} : { gradient }) } };
  }

  #imageTensor({ images, labels, holes }: StepInput): Tensor {
    const { height, width, channels } = this.#options.shaped.graph.input;
    const shape: [number, number, number, number] = [labels.length, height, width, channels];
    const values = new Float32Array(images);
    if (holes !== undefined) cutOut(values, holes, { width, height });
    return this.#options.backend.tf.tensor4d(values, shape);
  }

  #dropoutSeed(step: number, part: StepPart): number {
    return Random.derive(this.#options.seed, `dropout ${drawOf(step, part)}`).next();
  }

  /** The forward pass is done once more, layer by layer: nothing of it is kept where all is well. */
  async #failDiverged(
    input: StepInput,
    { loss, embeddings }: { readonly loss: number; readonly embeddings: number },
  ): Promise<never> {
    const { step, learningRate, part = onePart, origin = { ids: [], checkpoint: 0 } } = input;
    const { tf } = this.#options.backend;
    const norms = {
      embeddings,
      network: await normOf(tf, [...this.#executor.trainable()]),
      loss: await normOf(tf, this.#lossArrays()),
    };
    const cause = await this.#causeOf(step, input, part);
    const { ids, checkpoint } = origin;
    return fail(
      failures.trainingDiverged({ step, loss, largestLoss, learningRate, cause, norms, images: ids, checkpoint }),
    );
  }

  async #causeOf(step: number, input: StepInput, part: StepPart): Promise<string> {
    const broken = await this.#broken();
    if (broken !== undefined) {
      return `${broken} are no longer finite: the update of step ${step - 1} or one before it has broken them`;
    }
    const images = this.#imageTensor(input);
    const layer = await this.#executor.firstNotFinite(images, this.#dropoutSeed(step, part));
    images.dispose();
    return layer === undefined
      ? 'all that the network computes is finite'
      : `layer "${layer}" is the first whose output is not finite, its inputs and all parameters are`;
  }

  /** Trained arrays that are not finite; moving statistics, which take in what a step computes, do not count unless they are asked for. */
  async #broken({ statistics = false } = {}): Promise<string | undefined> {
    const { tf } = this.#options.backend;
    const parameters = this.#options.shaped.parameters
      .filter(({ role }) => statistics || role !== 'auxiliary')
      .map(({ name }) => [name, this.#executor.parameter(name)] as const);
    const [network, loss] = [await notFinite(tf, parameters), await notFinite(tf, this.#lossArrays())];
    return network.length + loss.length === 0 ? undefined : brokenInWords({ network, loss });
  }

  #lossArrays(): (readonly [string, Tensor])[] {
    return this.#lossTensors.names().map((name) => [name, this.#lossTensors.get(name)] as const);
  }

  /** Fails with `training-diverged` where the last step has left values that are not finite: they are not to be verified, nor saved. */
  async requireFinite(): Promise<void> {
    const last = this.#last;
    const broken = last === undefined ? undefined : await this.#broken({ statistics: true });
    if (last === undefined || broken === undefined) return;
    const { step, loss, learningRate, origin = { ids: [], checkpoint: 0 } } = last;
    const cause = `it has left values that are not finite in ${broken}`;
    const { ids, checkpoint } = origin;
    fail(failures.trainingDiverged({ step, loss, largestLoss, learningRate, cause, images: ids, checkpoint }));
  }

  async #computeLoss(
    output: Tensor,
    labels: Int32Array,
    { step, part }: { readonly step: number; readonly part: StepPart },
  ): Promise<LossResult> {
    const { backend, loss, classes, seed } = this.#options;
    const arrays = this.#lossTensors.all();
    const random = Random.derive(seed, `loss ${drawOf(step, part)}`);
    const labelTensor = backend.tf.tensor1d(labels, 'int32');
    const call = { backend, embeddings: rank2(output), labels: labelTensor, classes, arrays, step, random };
    const result = await loss.compute(call);
    labelTensor.dispose();
    return result;
  }

  /** Returns the norm of the network's gradient where it is asked for. */
  async #update(
    pass: TrainingPass,
    { embeddingGradient, gradients, state }: LossResult,
    { measure, ...when }: UpdateTime & { readonly measure: boolean },
  ): Promise<number | undefined> {
    const norm = new GradientNorm(this.#options.backend.tf);
    this.#optimizer.at(when);
    this.#executor.backward(pass, [embeddingGradient], {
      take: (name, gradient) => {
        if (measure) norm.add(name, gradient);
        this.#moveParameter(name, gradient);
        gradient.dispose();
      },
      states: [this.#optimizer, norm],
      kind: measure ? 'measured' : 'not measured',
    });
    for (const [name, gradient] of Object.entries(gradients)) this.#moveLossArray(name, partsOf(gradient));
    this.#takeState(state);
    const value = measure ? await norm.value() : undefined;
    norm.dispose();
    return value;
  }

  /**
   * Gradients are kept until the last part has been: more memory, as much as the parameters take. Returns the norm of the
   * network's, before it is limited, where it is asked for or limited and this was the last part.
   */
  async #updateTogether(
    pass: TrainingPass,
    { embeddingGradient, gradients, state }: LossResult,
    { part, measure, ...when }: UpdateTime & { readonly part: StepPart; readonly measure: boolean },
  ): Promise<number | undefined> {
    const { tf } = this.#options.backend;
    const share = 1 / part.count;
    this.#executor.backward(pass, [embeddingGradient], {
      take: (name, gradient) => {
        this.#sums.network.add(name, gradient, share);
        gradient.dispose();
      },
      states: [this.#sums.network],
      kind: 'summed',
    });
    for (const [name, gradient] of Object.entries(gradients)) {
      if ('rows' in gradient) throw new Error('gradients of some rows only are not added up');
      const whole = wholeGradient(tf, gradient, this.#lossTensors.get(name));
      this.#sums.loss.add(name, whole, share);
      whole.dispose();
    }
    this.#takeState(state);
    if (part.index < part.count - 1) return undefined;
    const { clipGradient } = this.#options;
    const norm = clipGradient === undefined && !measure ? undefined : await this.#sums.network.norm();
    const factor = clipGradient === undefined || norm === undefined ? 1 : Math.min(1, clipGradient / norm);
    this.#optimizer.at(when);
    this.#sums.network.take(factor, (name, gradient) => {
      this.#moveParameter(name, gradient);
    });
    this.#sums.loss.take(1, (name, gradient) => {
      this.#moveLossArray(name, { gradient });
    });
    return norm;
  }

  #moveParameter(name: string, gradient: Tensor): void {
    const weight = this.#executor.parameter(name);
    this.#executor.replace(name, this.#optimizer.step(name, { weight, gradient }));
  }

  #moveLossArray(name: string, parts: ReturnType<typeof partsOf>): void {
    const weight = this.#lossTensors.get(name);
    this.#lossTensors.replace(name, this.#optimizer.step(name, { weight, ...parts, ofLoss: true }));
  }

  /** What the loss has computed itself. */
  #takeState(state: ArrayTensors = {}): void {
    for (const [name, tensor] of Object.entries(state)) this.#lossTensors.replace(name, tensor.clone());
  }

  #checkLabels(labels: Int32Array): void {
    const { classes } = this.#options;
    const label = labels.find((each) => each < 0 || each >= classes);
    if (label !== undefined) fail(failures.labelBeyondClasses({ label, classes }));
  }

  lossArrayNames(): string[] {
    return this.#lossTensors.names();
  }

  /** The network as it is trained, in inference mode. Ends with the trainer. */
  embedder(): Embedder {
    return this.#embedderOf(this.#executor);
  }

  /** The network that is verified and kept, in inference mode: of the averages where there are any. Ends with the trainer. */
  resultingEmbedder(): Embedder {
    return this.#embedderOf(this.#resulting);
  }

  #embedderOf(executor: GraphExecutor): Embedder {
    const { backend, shaped } = this.#options;
    return graphEmbedder(new GraphSession({ backend, executor, shaped }), shaped);
  }

  get #resulting(): GraphExecutor {
    return this.#average?.network ?? this.#executor;
  }

  /** Parameters of the network that is kept, without the arrays of the loss, in MXNet's layout. */
  async parameters(): Promise<readonly NamedArray[]> {
    const arrays: NamedArray[] = [];
    for (const { name } of this.#options.shaped.parameters) arrays.push(await this.#resulting.read(name));
    return arrays;
  }

  /** Everything that a training resumes from: parameters, their averages, arrays of the loss, buffers of the optimizer. */
  async *state(): AsyncGenerator<NamedArray> {
    for (const { name } of this.#options.shaped.parameters) yield await this.#executor.read(name);
    for (const name of this.#lossTensors.names()) yield await this.#lossTensors.read(name, this.#lossTensors.get(name));
    for (const name of this.#trainedNames()) {
      for (const [buffer, tensor] of Object.entries(this.#optimizer.buffersOf(name))) {
        yield { ...(await this.#ownerOf(name).read(name, tensor)), name: `${buffer}/${name}` };
      }
    }
    if (this.#average !== undefined) yield* this.#average.state();
  }

  /** Takes the place of what {@link state} returned. */
  restore(state: ReadonlyMap<string, NamedArray>): void {
    const arrayOf = (name: string): NamedArray => required(state.get(name), `array "${name}"`);
    for (const { name } of this.#options.shaped.parameters) {
      this.#executor.replace(name, this.#executor.write(arrayOf(name)));
    }
    for (const name of this.#lossTensors.names()) {
      this.#lossTensors.replace(name, this.#lossTensors.write(arrayOf(name)));
    }
    for (const name of this.#trainedNames()) {
      this.#optimizer.restore(name, (buffer) => {
        const array = state.get(`${buffer}/${name}`);
        return array === undefined ? undefined : this.#ownerOf(name).write({ ...array, name });
      });
    }
    this.#average?.restore(arrayOf);
  }

  #trainedNames(): string[] {
    return [...this.#executor.trainable().keys(), ...this.#lossTensors.names()];
  }

  /** Who knows in which order the values of a parameter are kept. */
  #ownerOf(name: string): GraphExecutor | LossTensors {
    return this.#lossTensors.has(name) ? this.#lossTensors : this.#executor;
  }

  dispose(): void {
    this.#executor.dispose();
    this.#average?.dispose();
    this.#optimizer.dispose();
    this.#sums.network.dispose();
    this.#sums.loss.dispose();
    this.#lossTensors.dispose();
  }
}

/** Random numbers of a step; those of its first part are the ones of a step of a single part. */
function drawOf(step: number, { index }: { readonly index: number }): string {
  return index === 0 ? String(step) : `${step}, part ${index}`;
}

async function figuresOf({ value, correct, figures = {} }: LossResult, batch: number): Promise<StepResult> {
  const read = async (tensor: Tensor): Promise<number> => (await tensor.data())[0] ?? NaN;
  // All at once: on a GPU each reading waits for what was issued before it.
  const [loss, recognized, others] = await Promise.all([
    read(value),
    correct === undefined ? undefined : read(correct),
    Promise.all(Object.entries(figures).map(async ([name, figure]) => [name, await read(figure)] as const)),
  ]);
  return {
    loss,
    ...(recognized === undefined ? {} : { accuracy: recognized / batch }),
    figures: Object.fromEntries(others),
  };
}

/** Mean of the Euclidean norms of the rows. */
async function meanNorm(tf: Backend['tf'], rows: Tensor): Promise<number> {
  const mean = tf.tidy(() => tf.mean(tf.norm(rows, 'euclidean', 1)));
  const [value = NaN] = await mean.data();
  mean.dispose();
  return value;
}

function partsOf(gradient: Gradient): Pick<WeightUpdate, 'gradient' | 'rows' | 'inward'> {
  if ('values' in gradient) return { gradient: gradient.values, rows: gradient.rows };
  return { gradient: gradient.across, inward: gradient.inward };
}

function disposeResult({ value, embeddingGradient, gradients, state, correct, figures }: LossResult): void {
  const own = Object.values<Gradient>(gradients).flatMap((gradient) =>
    Object.values<Tensor | undefined>({ ...gradient }),
  );
  const others = [state, figures].flatMap((tensors: ArrayTensors = {}) => Object.values(tensors));
  for (const tensor of [value, embeddingGradient, correct, ...own, ...others]) tensor?.dispose();
}

function rank2(tensor: Tensor): Tensor2D {
  if (tensor.rank !== 2) throw new Error(`expected a tensor of 2 axes, found ${tensor.rank}`);
  return tensor as Tensor2D;
}
