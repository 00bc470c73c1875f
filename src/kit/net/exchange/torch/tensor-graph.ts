import type { Graph } from '../../graph/graph.ts';
import { GraphBuilder } from '../../graph/graph-builder.ts';
import { poolingOverImage } from '../../graph/layers/pooling.ts';
import type { NamedArray } from '../../model/model.ts';

/** Shapes of the tensors of a network, by their names in it. */
export type TensorShapes = ReadonlyMap<string, readonly number[]>;

interface ConvolutionModule {
  readonly module: string;
  readonly stride?: number;
  readonly pad?: number;
}

/**
 * Makes layers of the modules of a PyTorch network: a module is named by what its tensors begin with, and its sizes are those
 * of its tensors. Every method that adds a layer returns its name. Parameters keep the names of the tensors.
 */
export class TensorGraph {
  readonly #builder = new GraphBuilder();
  readonly #shapes: TensorShapes;
  readonly #epsilon: number;
  readonly #taken = new Set<string>();
  readonly #constants: NamedArray[] = [];
  /** Of layers whose images go into convolutions of groups. */
  readonly #channels = new Map<string, number>();

  constructor(shapes: TensorShapes, epsilon: number) {
    this.#shapes = shapes;
    this.#epsilon = epsilon;
  }

  /** Names of the tensors that are parameters of a layer. */
  get taken(): ReadonlySet<string> {
    return this.#taken;
  }

  /** Parameters that are no tensors: of normalisations without a factor and an addend. */
  get constants(): readonly NamedArray[] {
    return this.#constants;
  }

  get data(): string {
    return this.#builder.data;
  }

  numbered(hint: string): string {
    return this.#builder.numbered(hint);
  }

  has(tensor: string): boolean {
    return this.#shapes.has(tensor);
  }

  /** Empty for a tensor that does not exist. */
  shape(tensor: string): readonly number[] {
    return this.#shapes.get(tensor) ?? [];
  }

  /**
   * A convolution, which keeps the size of the image where its stride is 1 unless `pad` says otherwise; its groups are as many
   * as channels come in beyond those that its weight has.
   */
  convolve(name: string, input: string, { module, stride = 1, pad }: ConvolutionModule): string {
    const [filters = 1, perGroup = 1, height = 1, width = 1] = this.shape(`${module}.weight`);
    const channels = this.#channels.get(input) ?? perGroup;
    this.#channels.set(name, filters);
    const bias = this.has(`${module}.bias`);
    const attributes = {
      filters,
      kernel: [height, width] as const,
      stride: [stride, stride] as const,
      pad: [pad ?? Math.floor(height / 2), pad ?? Math.floor(width / 2)] as const,
      groups: Math.max(1, Math.round(channels / perGroup)),
      bias,
    };
    return this.#builder.add('convolution', name, input, attributes, this.#weightAndBias(module, bias));
  }

  normalize(name: string, input: string, module: string): string {
    this.#keepChannels(name, input);
    const isAffine = this.has(`${module}.weight`);
    const attributes = { epsilon: this.#epsilon, momentum: 0.9, fixGamma: !isAffine };
    const statistics = {
      moving_mean: this.#take(`${module}.running_mean`),
      moving_var: this.#take(`${module}.running_var`),
    };
    if (isAffine) {
      const own = { gamma: this.#take(`${module}.weight`), beta: this.#take(`${module}.bias`), ...statistics };
      return this.#builder.add('batch-normalization', name, input, attributes, own);
    }
    const [channels = 0] = this.shape(`${module}.running_mean`);
    for (const [suffix, value] of [['gamma', 1] as const, ['beta', 0] as const]) {
      const values = new Float32Array(channels).fill(value);
      this.#constants.push({ name: `${name}_${suffix}`, shape: [channels], values });
    }
    return this.#builder.add('batch-normalization', name, input, attributes, statistics);
  }

  prelu(name: string, input: string, module: string): string {
    this.#keepChannels(name, input);
    return this.#builder.add('prelu', name, input, {}, { gamma: this.#take(`${module}.weight`) });
  }

  dense(name: string, input: string, module: string): string {
    const [units = 1] = this.shape(`${module}.weight`);
    const bias = this.has(`${module}.bias`);
    return this.#builder.add('fully-connected', name, input, { units, bias }, this.#weightAndBias(module, bias));
  }

  activate(name: string, input: string, activation: 'relu' | 'sigmoid'): string {
    return this.#builder.add('activation', name, input, { function: activation });
  }

  add(name: string, left: string, right: string): string {
    this.#keepChannels(name, left);
    return this.#builder.add('add', name, [left, right]);
  }

  multiply(name: string, input: string, factors: string): string {
    return this.#builder.add('multiply', name, [input, factors]);
  }

  dropout(input: string, rate: number): string {
    return this.#builder.add('dropout', this.numbered('dropout'), input, { rate });
  }

  averageOverImage(name: string, input: string): string {
    return this.#builder.add('pooling', name, input, poolingOverImage('average'));
  }

  /** Every n-th position of the image. */
  every(stride: number, name: string, input: string): string {
    const attributes = {
      function: 'max',
      global: false,
      kernel: [1, 1],
      stride: [stride, stride],
      pad: [0, 0],
      convention: 'valid',
    } as const;
    return this.#builder.add('pooling', name, input, attributes);
  }

  build(input: Graph['input'], output: string): Graph {
    return this.#builder.build(input, output);
  }

  #weightAndBias(module: string, bias: boolean): Record<string, string> {
    const weight = this.#take(`${module}.weight`);
    return bias ? { weight, bias: this.#take(`${module}.bias`) } : { weight };
  }

  #keepChannels(name: string, input: string): void {
    const channels = this.#channels.get(input);
    if (channels !== undefined) this.#channels.set(name, channels);
  }

  #take(tensor: string): string {
    this.#taken.add(tensor);
    return tensor;
  }
}
