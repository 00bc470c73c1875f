import { didYouMean } from '../../../../core/did-you-mean.ts';
import { fail } from '../../../../core/failure.ts';
import type { OnnxModel } from '../../../codec/onnx/onnx-model.ts';
import type { OnnxGraph, OnnxNode, OnnxValueInfo } from '../../../codec/onnx/onnx-messages.ts';
import { type Graph, inputName, type LayerNode } from '../../graph/graph.ts';
import { definitionOf } from '../../graph/infer-shapes.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import type { NamedArray } from '../../model/named-array.ts';
import { assumedSize } from '../assumed-size.ts';
import type { ModelReadOptions } from '../model-format.ts';
import { constantOf } from './constant.ts';
import { normChains } from './norm-chain.ts';
import { type GraphUnderConstruction, type LayerParameter, OnnxNodeReader, type OnnxValue } from './onnx-node.ts';
import { operators } from './operators.ts';

export interface ReadOnnx {
  readonly graph: Graph;
  readonly arrays: readonly NamedArray[];
  /** Neither the file nor the options say how large the images are. */
  readonly isAssumedSize: boolean;
}

/**
 * An ONNX graph as layers; the batch is always open. Fails with `unknown-operator`, `unsupported-operator` and
 * `unsupported-tensor`, naming the node or tensor, and with `unsupported-input`.
 */
export function readOnnx(model: OnnxModel, options: ModelReadOptions, file: string): ReadOnnx {
  return new OnnxReader(model.graph, options, file).read();
}

interface InputSize {
  readonly isNhwc: boolean;
  readonly input: Graph['input'];
  readonly isAssumed: boolean;
}

class OnnxReader implements GraphUnderConstruction {
  readonly file: string;
  readonly isNhwc: boolean;
  readonly #isAssumedSize: boolean;
  readonly #graph: OnnxGraph;
  readonly #asked: readonly string[] | undefined;
  readonly #input: Graph['input'];
  readonly #layers: LayerNode[] = [];
  readonly #arrays: NamedArray[] = [];
  readonly #parameterNames = new Set<string>();
  readonly #shapes = new Map<string, FeatureShape>();
  readonly #values = new Map<string, OnnxValue>();
  readonly #chains: ReturnType<typeof normChains>;

  constructor(graph: OnnxGraph, options: ModelReadOptions, file: string) {
    this.file = file;
    this.#graph = graph;
    this.#asked = options.outputs;
    const weights = new Set(graph.initializers.map(({ name }) => name));
    const [input, ...others] = graph.inputs.filter(({ name }) => !weights.has(name));
    if (input?.name === undefined || others.length > 0) {
      const names = [input, ...others].map((each) => each?.name ?? '');
      this.#refuseInput('one input, the images', input === undefined ? 'none' : names.join(', '));
    }
    const size = this.#sizeOf(input, options);
    this.isNhwc = size.isNhwc;
    this.#isAssumedSize = size.isAssumed;
    this.#input = size.input;
    this.#shapes.set(inputName, [size.input.channels, size.input.height, size.input.width]);
    this.#values.set(input.name, { is: 'layer', layer: inputName });
    this.#chains = normChains(graph.nodes);
  }

  read(): ReadOnnx {
    for (const tensor of this.#graph.initializers) {
      this.#values.set(tensor.name ?? '', { is: 'constant', constant: constantOf(tensor, this.file) });
    }
    const needed = this.#needed();
    for (const node of this.#graph.nodes) if (needed.has(node)) this.#node(node);
    const outputs = this.#outputNames().map((name) => {
      const value = this.#values.get(name);
      return value?.is === 'layer' ? value.layer : this.#refuseOutput(name);
    });
    const graph = { input: this.#input, layers: this.#layers, outputs };
    return { graph, arrays: this.#arrays, isAssumedSize: this.#isAssumedSize };
  }

  valueOf(name: string, user: OnnxNode): OnnxValue | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    fail({
      code: 'damaged-file',
      message: `Node "${this.nameOf(user)}" (${user.opType ?? ''}) takes value "${name}", which no weight and no node before it gives.`,
      at: { file: this.file },
    });
  }

  /** Empty where the layer cannot be; `inferShapes` says why when the graph is whole. */
  shapeOf(layer: string): FeatureShape {
    return this.#shapes.get(layer) ?? [];
  }

  nameOf({ name, outputs }: OnnxNode): string {
    return name === undefined || name === '' ? (outputs[0] ?? '') : name;
  }

  add(layer: LayerNode, parameters: Readonly<Record<string, LayerParameter>>): string {
    const inputs = layer.inputs.map((input) => this.shapeOf(input));
    const shape = definitionOf(layer).outputShape(layer.attributes, inputs);
    if (typeof shape !== 'string') this.#shapes.set(layer.name, shape);
    const names = Object.entries(parameters).map(([suffix, parameter]) => {
      return [suffix, this.#parameter(`${layer.name}_${suffix}`, parameter)] as const;
    });
    const unusual = names.filter(([suffix, name]) => name !== `${layer.name}_${suffix}`);
    const parameterNames = Object.fromEntries(unusual);
    this.#layers.push(unusual.length === 0 ? layer : { ...layer, parameterNames });
    return layer.name;
  }

  /** Named as in the file, unless another layer uses the same array already. */
  #parameter(usual: string, { name, dims, values }: LayerParameter): string {
    const free = name === '' || this.#parameterNames.has(name) ? usual : name;
    this.#parameterNames.add(free);
    this.#arrays.push({ name: free, shape: dims, values });
    return free;
  }

  #node(node: OnnxNode): void {
    if (this.#chains.inner.has(node)) return;
    const values = this.#chains.inputs.has(node) ? [this.#chain(node)] : [this.#operator(node)].flat();
    for (const [index, output] of node.outputs.entries()) {
      const value = values[index];
      if (value !== undefined) this.#values.set(output, value);
    }
  }

  #operator(node: OnnxNode): OnnxValue | readonly OnnxValue[] {
    const { opType = '', domain = '' } = node;
    const isStandard = domain === '' || domain === 'ai.onnx';
    const reader = isStandard && Object.hasOwn(operators, opType) ? operators[opType] : undefined;
    if (reader !== undefined) return reader(new OnnxNodeReader(node, this));
    const full = isStandard ? opType : `${domain}.${opType}`;
    fail({
      code: 'unknown-operator',
      message: `Node "${this.nameOf(node)}" is of operator "${full}", for which there is no layer.`,
      at: { file: this.file },
      hint: 'The engine onnxruntime runs the file as it is; or name an output before that node.',
    });
  }

  #chain(node: OnnxNode): OnnxValue {
    const value = this.valueOf(this.#chains.inputs.get(node) ?? '', node);
    const inputs = value?.is === 'layer' ? [value.layer] : [];
    return {
      is: 'layer',
      layer: this.add({ name: this.nameOf(node), kind: 'equalize-norms', inputs, attributes: {} }, {}),
    };
  }

  #outputNames(): readonly string[] {
    if (this.#asked === undefined) return this.#graph.outputs.map(({ name = '' }) => name);
    const known = this.#graph.nodes.flatMap(({ outputs, name = '' }) =>
      outputs.map((output) => [output, name] as const),
    );
    return this.#asked.map((asked) => {
      const found = known.find(([output, name]) => output === asked || name === asked);
      if (found !== undefined) return found[0];
      const near = didYouMean(asked, known.flat());
      fail({
        code: 'unknown-layer',
        message: `Expected a node or value of the network as output, found "${asked}".`,
        at: { file: this.file },
        ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
      });
    });
  }

  /** The nodes that the outputs depend on. */
  #needed(): ReadonlySet<OnnxNode> {
    const makers = new Map(this.#graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
    const needed = new Set<OnnxNode>();
    const waiting = [...this.#outputNames()];
    for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
      const node = makers.get(value);
      if (node === undefined || needed.has(node)) continue;
      needed.add(node);
      waiting.push(...node.inputs);
    }
    return needed;
  }

  /** Channels stand second, or last where only the last size is 1 or 3. Open sizes are those of the options. */
  #sizeOf(value: OnnxValueInfo, options: ModelReadOptions): InputSize {
    const dimensions = value.type?.tensorType?.shape?.dimensions ?? [];
    const [, second, third, last, ...more] = dimensions.map((dimension) => dimension.value);
    if (dimensions.length !== 4 || more.length > 0)
      this.#refuseInput(`input "${value.name ?? ''}" to be images of four dimensions`, String(dimensions.length));
    const isChannels = (size: number | undefined): boolean => size === 1 || size === 3;
    const isNhwc = isChannels(last) && !isChannels(second);
    const [channels, height, width] = isNhwc ? [last, second, third] : [second, third, last];
    const stated = { channels, height, width };
    const input: { -readonly [Side in keyof Graph['input']]: number } = { ...assumedSize };
    for (const side of ['channels', 'height', 'width'] as const) {
      const [size = 0, asked] = [stated[side], options.input?.[side]];
      if (size > 0 && asked !== undefined && asked !== size) this.#refuseSize(side, size, asked);
      input[side] = size > 0 ? size : (asked ?? input[side]);
    }
    const isOpen = [height, width].some((size = 0) => size <= 0);
    return { isNhwc, input, isAssumed: isOpen && options.input === undefined };
  }

  #refuseSize(side: string, stated: number, asked: number): never {
    fail({
      code: 'option-not-taken',
      message: `The file fixes the ${side} of its images at ${stated}; "input" (--input) asks for ${asked}, and is for files that leave it open.`,
      at: { file: this.file },
    });
  }

  #refuseInput(expected: string, found: string): never {
    fail({ code: 'unsupported-input', message: `Expected ${expected}, found ${found}.`, at: { file: this.file } });
  }

  #refuseOutput(name: string): never {
    fail({
      code: 'unsupported-operator',
      message: `Output "${name}" is not what a layer gives.`,
      at: { file: this.file },
    });
  }
}
