import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import { embeddingOutput } from '../model/embedding-output.ts';
import type { Backend } from '../backends/backend.ts';
import { GraphExecutor, type TrainingPass } from '../backends/graph-executor.ts';
import { required, valuesOf } from '../backends/tensors.ts';
import { failures } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import { initialValues, initialWeights, type WeightInitializer } from '../model/initialize.ts';
import type { ArrayTensors, BoundLoss, Gradient, LossArray, LossResult } from '../losses/loss.ts';
import { type BoundRule, Optimizer, type WeightUpdate } from '../optimizers/optimizer.ts';
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
  /** Values to start from instead of drawn ones, by parameter name. */
  readonly start?: ReadonlyMap<string, NamedArray>;
}

export interface StepInput {
  /** Counted from 1. */
  readonly step: number;
  /** NHWC, 0..255, RGB. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly learningRate: number;
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  readonly loss: number;
  /** Share of the batch that the loss recognized as its label, margin included; absent for losses that do not guess. */
  readonly accuracy?: number;
  /** What else the loss reports, by name. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A network in training on one engine: its parameters, the arrays of the loss, and the optimizer's buffers. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #executor: GraphExecutor;
  readonly #optimizer: Optimizer;
  readonly #lossArrays: readonly LossArray[];
  readonly #lossTensors = new Map<string, Tensor>();

  constructor(options: TrainerOptions) {
    const { backend, shaped, weights, seed, start } = options;
    this.#options = options;
    const arrays = shaped.parameters.map((parameter) => {
      const array = start?.get(parameter.name) ?? initialValues(parameter, weights, seed);
      return [parameter.name, array] as const;
    });
    this.#executor = new GraphExecutor(backend, shaped, new Map(arrays));
    this.#optimizer = new Optimizer(backend.tf, options.optimizer);
    const embeddingSize = embeddingOutput(shaped).size;
    this.#lossArrays = options.loss.arrays({ classes: options.classes, embeddingSize });
    for (const array of this.#lossArrays) this.#lossTensors.set(array.name, this.#initial(array));
  }

  #initial({ name, shape, initial }: LossArray): Tensor {
    const { backend, weights, seed } = this.#options;
    const { tf } = backend;
    if (initial !== 'xavier') return tf.fill([...shape], initial);
    return tf.tensor(initialWeights(name, shape, { rule: weights, seed }).values, [...shape]);
  }

  /** Trains on one batch. Fails with `training-diverged` if the loss is not a number, `label-out-of-range`. */
  async step({ step, images, labels, learningRate }: StepInput): Promise<StepResult> {
    const { tf } = this.#options.backend;
    const { height, width, channels } = this.#options.shaped.graph.input;
    this.#checkLabels(labels);
    const input = tf.tensor4d(new Float32Array(images), [labels.length, height, width, channels]);
    const pass = this.#executor.forward(input, Random.derive(this.#options.seed, `dropout ${step}`).next());
    input.dispose();
    const result = await this.#computeLoss(required(pass.outputs[0], 'the output of the network'), labels, step);
    const figures = await figuresOf(result, labels.length);
    if (!Number.isFinite(figures.loss)) {
      pass.dispose();
      disposeResult(result);
      fail(failures.trainingDiverged({ step, loss: figures.loss, learningRate }));
    }
    this.#update(pass, result, { step, learningRate });
    disposeResult(result);
    return figures;
  }

  async #computeLoss(output: Tensor, labels: Int32Array, step: number): Promise<LossResult> {
    const { backend, loss, classes, seed } = this.#options;
    const arrays = Object.fromEntries(this.#lossTensors);
    const random = Random.derive(seed, `loss ${step}`);
    const labelTensor = backend.tf.tensor1d(labels, 'int32');
    const call = { backend, embeddings: rank2(output), labels: labelTensor, classes, arrays, step, random };
    const result = await loss.compute(call);
    labelTensor.dispose();
    return result;
  }

  #update(
    pass: TrainingPass,
    { embeddingGradient, gradients, state }: LossResult,
    when: { readonly step: number; readonly learningRate: number },
  ): void {
    this.#executor.backward(pass, [embeddingGradient], (name, gradient) => {
      const weight = this.#executor.parameter(name);
      this.#executor.replace(name, this.#optimizer.step(name, { weight, gradient, ...when }));
      gradient.dispose();
    });
    for (const [name, gradient] of Object.entries(gradients)) {
      const weight = this.#lossTensor(name);
      this.#replaceLossTensor(name, this.#optimizer.step(name, { weight, ...partsOf(gradient), ...when }));
    }
    for (const [name, tensor] of Object.entries(state ?? {})) this.#replaceLossTensor(name, tensor.clone());
  }

  #replaceLossTensor(name: string, tensor: Tensor): void {
    this.#lossTensor(name).dispose();
    this.#lossTensors.set(name, tensor);
  }

  #lossTensor(name: string): Tensor {
    return required(this.#lossTensors.get(name), `array "${name}" of the loss`);
  }

  #checkLabels(labels: Int32Array): void {
    const { classes } = this.#options;
    const label = labels.find((each) => each < 0 || each >= classes);
    if (label !== undefined) fail(failures.labelBeyondClasses({ label, classes }));
  }

  /** The network as it is now, in inference mode. Ends with the trainer. */
  embedder(): Embedder {
    const { backend, shaped } = this.#options;
    return graphEmbedder(new GraphSession({ backend, executor: this.#executor, shaped }), shaped);
  }

  /** Parameters of the network, without the arrays of the loss, in MXNet's layout. */
  async parameters(): Promise<readonly NamedArray[]> {
    const arrays: NamedArray[] = [];
    for (const { name } of this.#options.shaped.parameters) arrays.push(await this.#executor.read(name));
    return arrays;
  }

  /** Everything that a training resumes from: parameters of the network, arrays of the loss, buffers of the optimizer. */
  async *state(): AsyncGenerator<NamedArray> {
    for (const { name } of this.#options.shaped.parameters) yield await this.#executor.read(name);
    for (const { name } of this.#lossArrays) yield await arrayOf(name, this.#lossTensor(name));
    for (const name of this.#trainedNames()) {
      for (const [buffer, tensor] of Object.entries(this.#optimizer.buffersOf(name))) {
        const array = await (this.#lossTensors.has(name) ? arrayOf(name, tensor) : this.#executor.read(name, tensor));
        yield { ...array, name: `${buffer}/${name}` };
      }
    }
  }

  /** Takes the place of what {@link state} returned. */
  restore(state: ReadonlyMap<string, NamedArray>): void {
    const { tf } = this.#options.backend;
    for (const { name } of this.#options.shaped.parameters) {
      this.#executor.replace(name, this.#executor.write(required(state.get(name), `array "${name}"`)));
    }
    for (const { name, shape } of this.#lossArrays) {
      this.#replaceLossTensor(name, tf.tensor(required(state.get(name), `array "${name}"`).values, [...shape]));
    }
    for (const name of this.#trainedNames()) {
      this.#optimizer.restore(name, (buffer) => {
        const array = state.get(`${buffer}/${name}`);
        if (array === undefined) return undefined;
        if (!this.#lossTensors.has(name)) return this.#executor.write({ ...array, name });
        return tf.tensor(array.values, [...array.shape]);
      });
    }
  }

  #trainedNames(): string[] {
    return [...this.#executor.trainable().keys(), ...this.#lossTensors.keys()];
  }

  dispose(): void {
    this.#executor.dispose();
    this.#optimizer.dispose();
    for (const tensor of this.#lossTensors.values()) tensor.dispose();
  }
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

async function arrayOf(name: string, tensor: Tensor): Promise<NamedArray> {
  return { name, shape: tensor.shape, values: await valuesOf(tensor) };
}
