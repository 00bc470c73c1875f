import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import type { GraphExecutor } from '../backends/graph-executor.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';
import { brokenInWords, normOf, notFinite } from './divergence.ts';
import type { Communicator } from '../ranks/communicator.ts';
import type { LossTensors } from './loss-tensors.ts';

/** What is wrong with a training whose loss or whose values are lost. Nothing is kept for it where all is well. */
export class Diagnosis {
  readonly #tf: TensorLibrary;
  readonly #executor: GraphExecutor;
  readonly #lossTensors: LossTensors;
  readonly #shaped: ShapedGraph;
  readonly #ranks: Communicator;

  constructor(subject: {
    readonly tf: TensorLibrary;
    readonly executor: GraphExecutor;
    readonly lossTensors: LossTensors;
    readonly shaped: ShapedGraph;
    readonly ranks: Communicator;
  }) {
    this.#tf = subject.tf;
    this.#executor = subject.executor;
    this.#lossTensors = subject.lossTensors;
    this.#shaped = subject.shaped;
    this.#ranks = subject.ranks;
  }

  /** Euclidean norms of the trained parameters of the network and of the arrays of the loss. */
  async norms(): Promise<{ readonly network: number; readonly loss: number }> {
    return {
      network: await normOf(this.#tf, [...this.#executor.trainable()]),
      loss: await normOf(this.#tf, this.#lossArrays()),
    };
  }

  /**
   * What a network that is not broken itself makes of `images`: the forward pass is done once more, layer by layer, in training
   * mode with the seed of its dropout, without one in inference mode.
   */
  async causeIn(executor: GraphExecutor, images: Tensor, dropoutSeed?: number): Promise<string> {
    const layer = await executor.firstNotFinite(images, dropoutSeed);
    return layer === undefined
      ? 'all that the network computes is finite'
      : `layer "${layer}" is the first whose output is not finite, its inputs and all parameters are`;
  }

  /** Trained arrays that are not finite; moving statistics, which take in what a step computes, do not count unless they are asked for. */
  async broken({ statistics = false } = {}): Promise<string | undefined> {
    const parameters = this.#shaped.parameters
      .filter(({ role }) => statistics || role !== 'auxiliary')
      .map(({ name }) => [name, this.#executor.parameter(name)] as const);
    const [network, loss] = [await notFinite(this.#tf, parameters), await notFinite(this.#tf, this.#lossArrays())];
    const own = network.length + loss.length === 0 ? undefined : brokenInWords({ network, loss });
    // All ranks end together, also where the values that are lost are those of one.
    const isBroken = Float32Array.of(own === undefined ? 0 : 1);
    this.#ranks.max(isBroken);
    return isBroken[0] === 0 ? undefined : (own ?? 'the classes that another rank holds');
  }

  #lossArrays(): (readonly [string, Tensor])[] {
    return this.#lossTensors.names().map((name) => [name, this.#lossTensors.get(name)] as const);
  }
}
