import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import { embeddingOutput } from '../model/embedding-output.ts';
import type { Backend } from '../backends/backend.ts';
import { GraphExecutor } from '../backends/graph-executor.ts';
import { required, scoped } from '../backends/tensors.ts';
import { type ShapedGraph } from '../graph/infer-shapes.ts';
import { initialValues, initialWeights, type WeightInitializer } from '../model/initialize.ts';
import { type LossChoice, lossOf } from '../losses/index.ts';
import type { LossParameter } from '../losses/loss.ts';
import type { NamedArray } from '../model/named-array.ts';
import { graphEmbedder } from '../sessions/embedder.ts';
import { GraphSession } from '../sessions/graph-session.ts';
import type { Embedder } from '../sessions/inference-session.ts';
import { Sgd, type SgdOptions } from './sgd.ts';

export interface TrainerOptions {
  readonly engine: Backend;
  readonly inferred: ShapedGraph;
  readonly weights: WeightInitializer;
  readonly classes: number;
  readonly loss: LossChoice;
  readonly optimizer: SgdOptions;
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
  /** Share of the batch whose greatest logit, margin included, is the label's. */
  readonly accuracy: number;
}

/** Prefix of the optimiser's buffers among the arrays of {@link Trainer.state}. */
const velocityPrefix = 'velocity/';

/** A network in training on one engine: its parameters, the loss's, and the optimiser's. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #network: GraphExecutor;
  readonly #sgd: Sgd;
  readonly #lossParameters: readonly LossParameter[];
  readonly #lossTensors = new Map<string, Tensor>();

  constructor(options: TrainerOptions) {
    const { engine, inferred, weights, seed, start } = options;
    this.#options = options;
    const arrays = inferred.parameters.map((parameter) => {
      const array = start?.get(parameter.name) ?? initialValues(parameter, weights, seed);
      return [parameter.name, array] as const;
    });
    this.#network = new GraphExecutor(engine, inferred, new Map(arrays));
    this.#sgd = new Sgd(engine.tf, options.optimizer);
    this.#lossParameters = lossOf(options.loss).parameters(options.classes, embeddingOutput(inferred).size);
    for (const parameter of this.#lossParameters) this.#lossTensors.set(parameter.name, this.#drawn(parameter));
  }

  #drawn({ name, shape, initial }: LossParameter): Tensor {
    const { engine, weights, seed } = this.#options;
    const { tf } = engine;
    if (initial !== 'xavier') return tf.fill([...shape], initial);
    return tf.tensor(initialWeights(name, shape, { rule: weights, seed }).values, [...shape]);
  }

  /** Trains on one batch. Fails with `training-diverged` where the loss is not a number, `label-out-of-range`. */
  step({ step, images, labels, learningRate }: StepInput): StepResult {
    const { tf } = this.#options.engine;
    const { height, width, channels } = this.#options.inferred.graph.input;
    this.#checkLabels(labels);
    const input = tf.tensor4d(new Float32Array(images), [labels.length, height, width, channels]);
    const pass = this.#network.forward(input, Random.derive(this.#options.seed, `dropout ${step}`).next());
    input.dispose();
    const { loss, accuracy, gradients } = this.#lossStep(
      required(pass.outputs[0], 'the output of the network'),
      labels,
    );
    if (!Number.isFinite(loss)) {
      pass.dispose();
      for (const gradient of gradients) gradient.dispose();
      failDiverged(step, loss, learningRate);
    }
    const [outputGradient, ...own] = gradients;
    this.#network.backward(
      pass,
      [required(outputGradient, 'the gradient with respect to the embeddings')],
      (name, gradient) => {
        const weight = this.#network.parameter(name);
        this.#network.replace(name, this.#sgd.step(name, { weight, gradient, rate: learningRate }));
        gradient.dispose();
      },
    );
    for (const [index, { name }] of this.#lossParameters.entries()) {
      const gradient = required(own[index], `the gradient of "${name}"`);
      const weight = required(this.#lossTensors.get(name), `parameter "${name}" of the loss`);
      this.#lossTensors.set(name, this.#sgd.step(name, { weight, gradient, rate: learningRate }));
      weight.dispose();
    }
    for (const gradient of gradients) gradient.dispose();
    return { loss, accuracy };
  }

  /** Value of the loss and its gradients by the embeddings and by the loss's own parameters, in this order. */
  #lossStep(output: Tensor, labels: Int32Array): StepResult & { readonly gradients: readonly Tensor[] } {
    const { engine, classes, loss: choice } = this.#options;
    const { tf } = engine;
    const parameters = this.#lossParameters.map(({ name }) =>
      required(this.#lossTensors.get(name), `parameter "${name}" of the loss`),
    );
    const { loss, correct, gradients } = scoped(tf, () => {
      const truth = tf.tensor1d(labels, 'int32');
      const oneHot = rank2(tf.cast(tf.oneHot(truth, classes), 'float32'));
      const result = lossOf(choice).compute(tf, { embeddings: rank2(output), oneHot, parameters }, choice);
      return {
        loss: tf.mean(result.losses).dataSync<'float32'>()[0] ?? NaN,
        correct: tf.sum(tf.cast(tf.equal(tf.argMax(result.logits, 1), truth), 'float32')).dataSync()[0] ?? 0,
        gradients: [result.embeddingGradient, ...result.parameterGradients],
      };
    });
    return { loss, accuracy: correct / labels.length, gradients };
  }

  #checkLabels(labels: Int32Array): void {
    const { classes } = this.#options;
    const wrong = labels.find((label) => label < 0 || label >= classes);
    if (wrong === undefined) return;
    fail({
      code: 'label-out-of-range',
      message: `The data set holds label ${wrong}, but it has ${classes} identities: labels must be 0 to ${classes - 1}.`,
      hint: 'Pack the data set anew; its labels and its number of identities do not belong together.',
    });
  }

  /** The network as it is now, in inference mode. Ends with the trainer. */
  embedder(): Embedder {
    const { engine: backend, inferred } = this.#options;
    return graphEmbedder(new GraphSession({ backend, executor: this.#network, inferred }), inferred);
  }

  /** Parameters of the network, without the loss's, in MXNet's layout. */
  *parameters(): Generator<NamedArray> {
    for (const { name } of this.#options.inferred.parameters) yield this.#network.read(name);
  }

  /** Everything that a training goes on from: parameters of network and loss, and the optimiser's buffers. */
  *state(): Generator<NamedArray> {
    yield* this.parameters();
    for (const { name, shape } of this.#lossParameters) {
      yield { name, shape, values: valuesOf(required(this.#lossTensors.get(name), `parameter "${name}" of the loss`)) };
    }
    for (const name of this.#trainedNames()) {
      const velocity = this.#sgd.velocity(name);
      if (velocity === undefined) continue;
      const array = this.#lossTensors.has(name)
        ? { shape: velocity.shape, values: valuesOf(velocity) }
        : this.#network.read(name, velocity);
      yield { ...array, name: `${velocityPrefix}${name}` };
    }
  }

  /** Takes the place of what {@link state} gave. */
  restore(state: ReadonlyMap<string, NamedArray>): void {
    const { tf } = this.#options.engine;
    for (const { name } of this.#options.inferred.parameters) {
      this.#network.replace(name, this.#network.write(required(state.get(name), `array "${name}"`)));
    }
    for (const { name, shape } of this.#lossParameters) {
      this.#lossTensors.get(name)?.dispose();
      this.#lossTensors.set(name, tf.tensor(required(state.get(name), `array "${name}"`).values, [...shape]));
    }
    for (const name of this.#trainedNames()) {
      const array = state.get(`${velocityPrefix}${name}`);
      if (array === undefined) continue;
      const tensor = this.#lossTensors.has(name)
        ? tf.tensor(array.values, [...array.shape])
        : this.#network.write({ ...array, name });
      this.#sgd.setVelocity(name, tensor);
    }
  }

  #trainedNames(): string[] {
    return [...this.#network.trainable().keys(), ...this.#lossTensors.keys()];
  }

  dispose(): void {
    this.#network.dispose();
    this.#sgd.dispose();
    for (const tensor of this.#lossTensors.values()) tensor.dispose();
  }
}

function rank2(tensor: Tensor): Tensor2D {
  if (tensor.rank !== 2) throw new Error(`expected a tensor of 2 axes, found ${tensor.rank}`);
  return tensor as Tensor2D;
}

function valuesOf(tensor: Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

function failDiverged(step: number, loss: number, learningRate: number): never {
  fail({
    code: 'training-diverged',
    message: `The training has diverged: the loss of step ${step} is ${loss} (learning rate ${learningRate}).`,
    hint: 'Lower optimizer.learningRate, or let it rise slowly with schedule.warmupSteps.',
  });
}
