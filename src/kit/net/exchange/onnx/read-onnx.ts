import { fail } from '../../../../core/failure.ts';
import type { OnnxModel } from '../../../codec/onnx/onnx-model.ts';
import type { OnnxGraph, OnnxNode, OnnxValueInfo } from '../../../codec/onnx/onnx-messages.ts';
import { repeatedName } from '../../../codec/repeated-name.ts';
import { failures } from '../../failures.ts';
import { type Graph, inputName, type LayerNode } from '../../graph/graph.ts';
import { reachable } from '../../graph/reachable.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { NamedArray } from '../../model/model.ts';
import { type ImageSizeRead, statedOrAssumed } from '../assumed-size.ts';
import { batchMeanNote } from '../imported-graph.ts';
import type { ModelReadOptions } from '../model-format.ts';
import { ImportedGraph } from '../imported-graph.ts';
import { constantOf } from './constant.ts';
import { normChains } from './norm-chain.ts';
import { type GraphUnderConstruction, type LayerParameter, OnnxNodeReader, type OnnxValue } from './onnx-node.ts';
import { harmlessAttributes, operators } from './operators.ts';

export interface ReadOnnx {
  readonly graph: Graph;
  readonly arrays: readonly NamedArray[];
  /** Neither the file nor the options state how large the images are. */
  readonly isAssumedSize: boolean;
  /** For people: where the file was not read by the letter. */
  readonly notes: readonly string[];
}

/**
 * An ONNX graph as layers; the batch is always open. Fails with `unknown-operator`, `unsupported-operator` and
 * `unsupported-tensor`, naming the node or tensor, and with `unsupported-input`.
 */
export function readOnnx(model: OnnxModel, options: ModelReadOptions, file: string): ReadOnnx {
  return new OnnxReader(model, options, file).read();
}

interface StatedInput extends ImageSizeRead {
  readonly isNhwc: boolean;
}

class OnnxReader implements GraphUnderConstruction {
  readonly file: string;
  readonly channelsLast = new Set<string>();
  readonly opset: number;
  readonly batch: number | undefined;
  readonly #notes: string[] = [];
  readonly #isAssumedSize: boolean;
  readonly #graph: OnnxGraph;
  readonly #requested: readonly string[] | undefined;
  readonly #input: Graph['input'];
  readonly #imported: ImportedGraph;
  readonly #arrays: NamedArray[] = [];
  readonly #parameterNames = new Set<string>();
  readonly #values = new Map<string, OnnxValue>();
  readonly #chains: ReturnType<typeof normChains>;

  constructor({ graph, opsetImport }: OnnxModel, options: ModelReadOptions, file: string) {
    this.file = file;
    this.opset = opsetImport.find(({ domain = '' }) => isStandardDomain(domain))?.version ?? 1;
    this.#graph = graph;
    this.#requested = options.outputs;
    const weights = new Set(graph.initializers.map(({ name }) => name));
    const [input, ...others] = graph.inputs.filter(({ name }) => !weights.has(name));
    if (input?.name === undefined || others.length > 0) {
      const names = [input, ...others].map((each) => each?.name ?? '');
      this.#refuseInput('one input, the images', input === undefined ? 'none' : names.join(', '));
    }
    const size = this.#sizeOf(input, options);
    this.batch = input.type?.tensorType?.shape?.dimensions[0]?.value;
    if (size.isNhwc) this.channelsLast.add(inputName);
    this.#isAssumedSize = size.isAssumed;
    this.#input = size.input;
    this.#imported = new ImportedGraph(size.input);
    this.#values.set(input.name, { is: 'layer', layer: inputName });
    this.#chains = normChains(graph, file);
    for (const last of this.#chains.overBatch) this.#notes.push(batchMeanNote(this.nameOf(last)));
  }

  read(): ReadOnnx {
    this.#checkNames();
    for (const tensor of this.#graph.initializers) {
      this.#values.set(tensor.name ?? '', { is: 'constant', constant: constantOf(tensor, this.file) });
    }
    const names = this.#outputNames();
    const links = { inputs: ({ inputs }: OnnxNode) => inputs, outputs: ({ outputs }: OnnxNode) => outputs };
    for (const node of reachable(this.#graph.nodes, names, links)) this.#node(node);
    const outputs = names.map((name) => {
      const value = this.#values.get(name);
      // An embedding and its norm, as AdaFace exports them.
      if (value?.is === 'norm' && names.length > 1) fail(failures.severalOutputs({ names }, { file: this.file }));
      return value?.is === 'layer' ? value.layer : fail(failures.outputIsNoLayer({ name }, { file: this.file }));
    });
    const graph = { input: this.#input, layers: this.#imported.layers, outputs };
    return { graph, arrays: this.#arrays, isAssumedSize: this.#isAssumedSize, notes: this.#notes };
  }

  valueOf(name: string, user: OnnxNode): OnnxValue | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    const facts = { name: this.nameOf(user), type: user.opType ?? '', value: name };
    return fail(failures.missingValue(facts, { file: this.file }));
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  shapeOf(layer: string): FeatureShape {
    return this.#imported.shapeOf(layer);
  }

  nameOf({ name, outputs }: OnnxNode): string {
    return name === undefined || name === '' ? (outputs[0] ?? '') : name;
  }

  add(layer: LayerNode, parameters: Readonly<Record<string, LayerParameter>>): string {
    const names = Object.entries(parameters).map(([suffix, parameter]) => {
      return [suffix, this.#parameter(`${layer.name}_${suffix}`, parameter)] as const;
    });
    const unusual = names.filter(([suffix, name]) => name !== `${layer.name}_${suffix}`);
    const parameterNames = Object.fromEntries(unusual);
    return this.#imported.add(unusual.length === 0 ? layer : { ...layer, parameterNames });
  }

  /** Named as in the file, unless another layer uses the same array already. */
  #parameter(usual: string, { name, dims, values }: LayerParameter): string {
    const free = name === '' || this.#parameterNames.has(name) ? usual : name;
    this.#parameterNames.add(free);
    this.#arrays.push({ name: free, shape: dims, values });
    return free;
  }

  /** Fails with `damaged-file` if two values have one name: one of them would be lost. */
  #checkNames(): void {
    const { initializers, nodes, inputs } = this.#graph;
    const computed = nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ''));
    // Inputs may have a default, which is an initializer of the same name.
    const given = new Set([...initializers, ...inputs].map(({ name = '' }) => name));
    const twice = repeatedName(initializers.map(({ name = '' }) => name)) ?? repeatedName([...given, ...computed]);
    if (twice !== undefined) fail(failures.nameTwice({ what: 'values', name: twice }, { file: this.file }));
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
    const isStandard = isStandardDomain(domain);
    const reader = isStandard && Object.hasOwn(operators, opType) ? operators[opType] : undefined;
    if (reader !== undefined) {
      const reading = new OnnxNodeReader(node, this);
      const value = reader(reading);
      reading.checkAllRead(harmlessAttributes[opType] ?? []);
      return value;
    }
    const type = isStandard ? opType : `${domain}.${opType}`;
    const hint = 'The engine onnxruntime runs the file as it is; or name an output before that node.';
    return fail(failures.unknownOperator({ name: this.nameOf(node), type, hint }, { file: this.file }));
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
    if (this.#requested === undefined) return this.#graph.outputs.map(({ name = '' }) => name);
    const known = this.#graph.nodes.flatMap(({ outputs, name = '' }) =>
      outputs.map((output) => [output, name] as const),
    );
    return this.#requested.map((asked) => {
      const found = known.find(([output, name]) => output === asked || name === asked);
      if (found !== undefined) return found[0];
      return fail(failures.unknownValue({ name: asked, known: known.flat() }, { file: this.file }));
    });
  }

  /** Channels are second, or last if only the last size is 1 or 3. Open sizes are those of the options. */
  #sizeOf(value: OnnxValueInfo, options: ModelReadOptions): StatedInput {
    const dimensions = value.type?.tensorType?.shape?.dimensions ?? [];
    const [, second, third, last, ...more] = dimensions.map((dimension) => dimension.value);
    if (dimensions.length !== 4 || more.length > 0)
      this.#refuseInput(`input "${value.name ?? ''}" to be images of four dimensions`, String(dimensions.length));
    const isChannels = (size: number | undefined): boolean => size === 1 || size === 3;
    const isNhwc = isChannels(last) && !isChannels(second);
    const [channels, height, width] = isNhwc ? [last, second, third] : [second, third, last];
    return { isNhwc, ...statedOrAssumed({ channels, height, width }, options.input, this.file) };
  }

  #refuseInput(expected: string, found: string): never {
    fail(failures.unsupportedInput({ expected, found }, { file: this.file }));
  }
}

function isStandardDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}
