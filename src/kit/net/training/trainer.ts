import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import { cutOut } from '../../dataset/augmentations/cut-out.ts';
import { embeddingOutput } from '../model/embedding-output.ts';
import type { Backend } from '../backends/backend.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { required } from '../backends/tensors.ts';
import { failures, type Norms } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import { initialValues, type WeightInitializer } from '../model/initialize.ts';
import type { BoundLoss, LossResult } from '../losses/loss.ts';
import type { BoundRule } from '../optimizers/optimizer.ts';
import { alone, type Communicator } from '../ranks/communicator.ts';
import { ClassShards, sharedArray } from './class-shards.ts';
import { Diagnosis } from './diagnosis.ts';
import { isLost, largestLoss } from './divergence.ts';
import { LossTensors } from './loss-tensors.ts';
import { ParameterUpdates } from './parameter-updates.ts';
import {
  disposeResult,
  drawOf,
  figuresOf,
  meanNorm,
  onePart,
  type StepInput,
  type StepPart,
  type StepResult,
} from './training-step.ts';
import { ownRows, wholeBatch, type WholeBatch } from './whole-batch.ts';
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
  /** The processes that train together, each with an equal share of every batch; absent: this one alone. */
  readonly ranks?: Communicator | undefined;
  /** Normalisations take the statistics of the share of this rank, not of the whole batch. */
  readonly normalizesShares?: boolean | undefined;
  /** False: each rank holds all classes of the loss, and computes it whole; absent: they are shared where the loss allows it. */
  readonly sharesClasses?: boolean | undefined;
  /** Share of the classes that take part in a step, those of the batch and others drawn; absent: all. */
  readonly classRate?: number | undefined;
  /** Values to start from instead of drawn ones, by the name of a parameter, or of an array of the loss. */
  readonly start?: ReadonlyMap<string, NamedArray>;
}

/** A step that has changed the parameters, or whose loss is lost. */
interface DoneStep extends Pick<StepInput, 'step' | 'learningRate'> {
  readonly loss: number;
  readonly origin: StepInput['origin'] | undefined;
}

/** A network in training on one engine: its parameters, the arrays of the loss, and the optimizer's buffers. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #ranks: Communicator;
  readonly #executor: GraphExecutor;
  readonly #lossTensors: LossTensors;
  /** Absent where the loss has all its classes here, in every step. */
  readonly #shards: ClassShards | undefined;
  readonly #updates: ParameterUpdates;
  readonly #diagnosis: Diagnosis;
  readonly #average: WeightAverage | undefined;
  /** The last step that has changed the parameters. */
  #last: DoneStep | undefined;

  constructor(options: TrainerOptions) {
    const { backend, shaped, weights, seed, start, frozen = new Set(), recompute = false, averageDecay } = options;
    const { ranks: communicator = alone, normalizesShares = false } = options;
    this.#options = options;
    this.#ranks = communicator;
    const arrays = new Map(
      shaped.parameters.map((parameter) => {
        const array = start?.get(parameter.name) ?? initialValues(parameter, weights, seed);
        return [parameter.name, array] as const;
      }),
    );
    this.#executor = new GraphExecutor(backend, shaped, arrays);
    const ranks = communicator.size === 1 ? undefined : { communicator, isSynchronized: !normalizesShares };
    this.#executor.trainWith({ frozen, recompute, ranks });
    if (averageDecay !== undefined) {
      this.#average = new WeightAverage({ backend, shaped, decay: averageDecay, frozen }, arrays);
    }
    const embeddingSize = embeddingOutput(shaped).size;
    const lossArrays = options.loss.arrays({ classes: options.classes, embeddingSize });
    this.#shards = this.#classShards();
    const shared = this.#shards && { name: sharedArray, ranks: communicator, own: this.#shards.rows };
    this.#lossTensors = new LossTensors(backend, lossArrays, { rule: weights, seed, shared, start });
    const parts = { tf: backend.tf, executor: this.#executor, lossTensors: this.#lossTensors };
    const { optimizer: rule, clipGradient } = options;
    this.#updates = new ParameterUpdates({ ...parts, backend, rule, clipGradient, ranks: communicator });
    this.#diagnosis = new Diagnosis({ ...parts, shaped, ranks: communicator });
  }

  /**
   * Trains on one batch, or on this rank's share of it; with `part`, the last of its parts changes the parameters. Fails with `training-diverged` if the
   * loss is not a number, or above {@link largestLoss}; `label-out-of-range`.
   */
  async step(input: StepInput): Promise<StepResult> {
    const { step, labels, learningRate, part = onePart } = input;
    this.#checkLabels(labels);
    const images = this.#imageTensor({ ...input, count: labels.length });
    const pass = this.#executor.forward(images, this.#dropoutSeed(step, part));
    images.dispose();
    const output = rank2(required(pass.outputs[0], 'the output of the network'));
    const { tf } = this.#options.backend;
    const whole = await wholeBatch(tf, this.#ranks, { output, labels });
    const result = await this.#computeLoss(whole, { step, part });
    const figures = await figuresOf(result, whole.labels.size);
    const isBroken = isLost(figures.loss);
    const embedding = isBroken || input.measure === true ? await meanNorm(tf, whole.embeddings) : undefined;
    tf.dispose([whole.embeddings, whole.labels]);
    if (isBroken) {
      pass.dispose();
      disposeResult(result);
      await this.#failDiverged(input, { loss: figures.loss, embeddings: embedding ?? NaN });
    }
    const measure = input.measure === true;
    const gradient = await this.#updates.apply(pass, result, { step, learningRate, measure, part });
    if (part.index === part.count - 1) {
      await this.#executor.averageStatistics();
      this.#average?.follow(this.#executor, step);
    }
    this.#last = { step, learningRate, loss: figures.loss, origin: input.origin };
    disposeResult(result);
    if (embedding === undefined) return figures;
    return { ...figures, norms: { embedding, ...(gradient === undefined ? {} : { gradient }) } };
  }

  #imageTensor({ images, count, holes }: Pick<StepInput, 'images' | 'holes'> & { readonly count: number }): Tensor {
    const { height, width, channels } = this.#options.shaped.graph.input;
    const shape: [number, number, number, number] = [count, height, width, channels];
    const values = new Float32Array(images);
    if (holes !== undefined) cutOut(values, holes, { width, height });
    return this.#options.backend.tf.tensor4d(values, shape);
  }

  #dropoutSeed(step: number, part: StepPart): number {
    return Random.derive(this.#options.seed, `dropout ${drawOf(step, part)}`).next();
  }

  async #failDiverged(
    input: StepInput,
    { loss, embeddings }: { readonly loss: number; readonly embeddings: number },
  ): Promise<never> {
    const { step, learningRate, part = onePart } = input;
    const norms = { embeddings, ...(await this.#diagnosis.norms()) };
    const broken = await this.#diagnosis.broken();
    if (broken !== undefined) {
      // The images that led to it are those of the update, not of this step.
      const at = { step, learningRate, loss, origin: this.#last?.origin };
      const cause = `the update of step ${this.#last?.step ?? 0} has left values that are not finite in ${broken}`;
      return failDiverged(at, { cause, norms });
    }
    const images = this.#imageTensor({ ...input, count: input.labels.length });
    const cause = await this.#diagnosis.causeIn(this.#executor, images, this.#dropoutSeed(step, part));
    images.dispose();
    return failDiverged({ step, learningRate, loss, origin: input.origin }, { cause, norms });
  }

  /** Fails with `training-diverged` where the last step has left values that are not finite: they are not to be verified, nor saved. */
  async requireFinite(): Promise<void> {
    const last = this.#last;
    const broken = last === undefined ? undefined : await this.#diagnosis.broken({ statistics: true });
    if (last === undefined || broken === undefined) return;
    failDiverged(last, { cause: `it has left values that are not finite in ${broken}` });
  }

  /**
   * For an embedding of {@link resultingEmbedder} that is not finite though all values of the network are: fails with
   * `training-diverged`, which names the layer. `pixels` are the `count` images of its batch. Returns where there was no step.
   */
  async failNotFinite(pixels: Uint8Array, count: number): Promise<void> {
    if (this.#last === undefined) return;
    const images = this.#imageTensor({ images: pixels, count });
    const cause = await this.#diagnosis.causeIn(this.#resulting, images);
    images.dispose();
    const norms = await this.#diagnosis.norms();
    failDiverged(this.#last, { cause: `in a verification after it ${cause}`, norms });
  }

  #classShards(): ClassShards | undefined {
    const { backend, loss, classes, classRate: rate = 1, sharesClasses = true } = this.#options;
    const ranks = this.#ranks;
    const { rowsPerClass } = loss;
    if (rowsPerClass === undefined) {
      if (rate < 1) fail(failures.lossNotDrawn({}));
      return undefined;
    }
    if (rate === 1 && (ranks.size === 1 || !sharesClasses)) return undefined;
    return new ClassShards({ tf: backend.tf, ranks, classes, rowsPerClass, rate });
  }

  async #computeLoss(
    { embeddings, labels, labelValues }: WholeBatch,
    { step, part }: { readonly step: number; readonly part: StepPart },
  ): Promise<LossResult> {
    const { backend, loss, classes, seed } = this.#options;
    const arrays = this.#lossTensors.all();
    const random = Random.derive(seed, `loss ${drawOf(step, part)}`);
    const call = { backend, embeddings, labels, classes, arrays, step, random };
    const draws = Random.derive(seed, `classes ${drawOf(step, part)}`);
    const portion = this.#shards?.portion(arrays, labelValues, draws);
    const computed = await loss.compute({ ...call, ...(portion && { arrays: portion.arrays, shard: portion.shard }) });
    const result = portion === undefined ? computed : (this.#shards?.spread(computed, portion) ?? computed);
    return { ...result, embeddingGradient: ownRows(backend.tf, this.#ranks, result.embeddingGradient) };
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

  /** One array of the loss. */
  lossArray(name: string): Promise<NamedArray> {
    return this.#lossTensors.read(name, this.#lossTensors.get(name));
  }

  /** Everything that a training resumes from: parameters, their averages, arrays of the loss, buffers of the optimizer. */
  async *state(): AsyncGenerator<NamedArray> {
    for (const { name } of this.#options.shaped.parameters) yield await this.#executor.read(name);
    for (const name of this.#lossTensors.names()) yield await this.lossArray(name);
    for (const name of this.#trainedNames()) {
      for (const [buffer, tensor] of Object.entries(this.#updates.optimizer.buffersOf(name))) {
        yield { ...(await this.#ownerOf(name).read(name, tensor)), name: `${buffer}/${name}` };
      }
    }
    if (this.#average !== undefined) yield* this.#average.state();
  }

  /** What the other ranks do while rank 0 reads its {@link state}: they hand over what of it they hold. */
  async shareState(): Promise<void> {
    if (this.#shards === undefined) return;
    const buffers = Object.values(this.#updates.optimizer.buffersOf(sharedArray));
    for (const tensor of [this.#lossTensors.get(sharedArray), ...buffers])
      await this.#lossTensors.read(sharedArray, tensor);
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
      this.#updates.optimizer.restore(name, (buffer) => {
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
    this.#updates.dispose();
    this.#lossTensors.dispose();
  }
}

/** Fails with `training-diverged`. */
function failDiverged(
  { step, learningRate, loss, origin = { ids: [], checkpoint: 0 } }: DoneStep,
  found: { readonly cause: string; readonly norms?: Norms },
): never {
  const { ids, checkpoint } = origin;
  return fail(failures.trainingDiverged({ step, loss, largestLoss, learningRate, ...found, images: ids, checkpoint }));
}

function rank2(tensor: Tensor): Tensor2D {
  if (tensor.rank !== 2) throw new Error(`expected a tensor of 2 axes, found ${tensor.rank}`);
  return tensor as Tensor2D;
}
