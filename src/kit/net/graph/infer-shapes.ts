import { type Failure, throwIfAny } from '../../../core/failure.ts';
import { didYouMean } from '../../../core/did-you-mean.ts';
import { type Graph, inputName, type LayerNode } from './graph.ts';
import { checkAttributes } from './layers/check-attributes.ts';
import { layers } from './layers/index.ts';
import type { FeatureShape, LayerDefinition, ParameterDeclaration } from './layers/layer-definition.ts';

/** A parameter of a graph. */
export interface GraphParameter extends ParameterDeclaration {
  /** Full name, as in MXNet. */
  readonly name: string;
  readonly layer: string;
}

/** What follows from a graph: all shapes, all parameters. */
export interface ShapedGraph {
  readonly graph: Graph;
  /** By layer name, and {@link inputName}. */
  readonly shapes: ReadonlyMap<string, FeatureShape>;
  /** In the order of the layers. */
  readonly parameters: readonly GraphParameter[];
  /** For one sample. */
  readonly multiplyAdds: number;
  /** By layer name, where there are any. */
  readonly multiplyAddsOf: ReadonlyMap<string, number>;
}

/** Checks a graph and works out its shapes and parameters. Throws a FailureError with everything that is wrong with it. */
export function inferShapes(graph: Graph, file?: string): ShapedGraph {
  const inference = new ShapeInference(file);
  return inference.run(graph);
}

/** The attributes of a layer, seen from code that treats all kinds alike. */
export function definitionOf(node: LayerNode): LayerDefinition<LayerNode['attributes']> {
  return layers[node.kind];
}

class ShapeInference {
  readonly #file: string | undefined;
  readonly #failures: Failure[] = [];
  readonly #shapes = new Map<string, FeatureShape>();
  /** Layers that stand in the graph but whose shape is not known because of an earlier mistake. */
  readonly #unknown = new Set<string>();
  readonly #parameters = new Map<string, GraphParameter>();
  readonly #multiplyAdds = new Map<string, number>();

  constructor(file: string | undefined) {
    this.#file = file;
  }

  run(graph: Graph): ShapedGraph {
    this.#shapes.set(inputName, [graph.input.channels, graph.input.height, graph.input.width]);
    for (const node of graph.layers) this.#layer(node);
    this.#outputs(graph);
    throwIfAny(this.#failures);
    const parameters = [...this.#parameters.values()];
    const multiplyAdds = [...this.#multiplyAdds.values()].reduce((sum, count) => sum + count, 0);
    return { graph, shapes: this.#shapes, parameters, multiplyAdds, multiplyAddsOf: this.#multiplyAdds };
  }

  #layer(node: LayerNode): void {
    if (this.#shapes.has(node.name) || this.#unknown.has(node.name)) {
      this.#report('duplicate-layer', `two layers are named "${node.name}"`);
      return;
    }
    const shape = this.#shapeOf(node);
    if (shape === undefined) this.#unknown.add(node.name);
    else this.#shapes.set(node.name, shape);
  }

  #outputs({ layers, outputs }: Graph): void {
    if (outputs.length === 0) this.#report('bad-graph', 'the network has no output');
    const names = new Set(layers.map(({ name }) => name));
    for (const [index, output] of outputs.entries()) {
      if (outputs.indexOf(output) < index) this.#report('bad-graph', `layer "${output}" is an output twice`);
      if (names.has(output)) continue;
      const near = didYouMean(output, names);
      this.#report(
        'unknown-layer',
        `the output of the network is to be layer "${output}", which does not exist`,
        near === undefined ? undefined : `did you mean "${near}"?`,
      );
    }
  }

  /** Undefined where it cannot be told; the reason has been reported then, here or at an earlier layer. */
  #shapeOf(node: LayerNode): FeatureShape | undefined {
    const problems = checkAttributes(node);
    for (const problem of problems) this.#report('bad-layer', problem);
    if (problems.length > 0) return undefined;
    const definition = definitionOf(node);
    const inputs = this.#inputShapes(node, definition.inputs);
    if (inputs === undefined) return undefined;
    const shape = definition.outputShape(node.attributes, inputs);
    if (typeof shape === 'string') {
      this.#report('shape-mismatch', `layer "${node.name}" (${node.kind}) ${shape}`);
      return undefined;
    }
    const multiplyAdds = definition.multiplyAdds(node.attributes, inputs, shape);
    if (multiplyAdds > 0) this.#multiplyAdds.set(node.name, multiplyAdds);
    for (const declaration of definition.parameters(node.attributes, inputs)) this.#parameter(node, declaration);
    return shape;
  }

  #inputShapes(node: LayerNode, expected: LayerDefinition<object>['inputs']): readonly FeatureShape[] | undefined {
    const found = node.inputs.length;
    if (expected === 'one or more' ? found === 0 : found !== expected) {
      const inputs = expected === 1 ? 'input' : 'inputs';
      this.#report('bad-layer', `layer "${node.name}" (${node.kind}) takes ${expected} ${inputs}, not ${found}`);
      return undefined;
    }
    const shapes: FeatureShape[] = [];
    for (const input of node.inputs) {
      const shape = this.#shapes.get(input);
      if (shape !== undefined) shapes.push(shape);
      else if (!this.#unknown.has(input)) this.#reportUnknownInput(node, input);
    }
    return shapes.length === found ? shapes : undefined;
  }

  #reportUnknownInput(node: LayerNode, input: string): void {
    const near = didYouMean(input, this.#shapes.keys());
    this.#report(
      'unknown-layer',
      `layer "${node.name}" (${node.kind}) takes its input from "${input}", and no layer before it has that name`,
      near === undefined ? undefined : `did you mean "${near}"?`,
    );
  }

  #parameter(node: LayerNode, declaration: ParameterDeclaration): void {
    const name = node.parameterNames?.[declaration.suffix] ?? `${node.name}_${declaration.suffix}`;
    const other = this.#parameters.get(name);
    if (other !== undefined) {
      this.#report('duplicate-parameter', `layers "${other.layer}" and "${node.name}" both have a parameter "${name}"`);
    }
    this.#parameters.set(name, { ...declaration, name, layer: node.name });
  }

  #report(code: string, message: string, hint?: string): void {
    this.#failures.push({
      code,
      message,
      ...(this.#file === undefined ? {} : { at: { file: this.#file } }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
