import { type Failure, throwIfAny } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { FeatureShape } from './feature-shape.ts';
import { type Graph, inputName, type Layer, layerOf, type LayerNode, parameterName } from './graph.ts';
import { checkAttributes } from './layers/check-attributes.ts';
import type { ParameterDeclaration } from './layers/layer-definition.ts';
import type { GraphParameter, ShapedGraph } from './shaped-graph.ts';

/** Checks a graph and works out its shapes and parameters. Throws a FailureError with everything that is wrong with it. */
export function inferShapes(graph: Graph, file?: string): ShapedGraph {
  const inference = new ShapeInference(file);
  return inference.run(graph);
}

class ShapeInference {
  readonly #at: { readonly file: string } | undefined;
  readonly #failures: Failure[] = [];
  readonly #shapes = new Map<string, FeatureShape>();
  /** Layers of the graph whose shape is not known because of an earlier mistake. */
  readonly #unknown = new Set<string>();
  readonly #parameters = new Map<string, GraphParameter>();
  readonly #multiplyAdds = new Map<string, number>();

  constructor(file: string | undefined) {
    this.#at = file === undefined ? undefined : { file };
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
      this.#failures.push(failures.duplicateLayer({ name: node.name }, this.#at));
      return;
    }
    const shape = this.#shapeOf(node);
    if (shape === undefined) this.#unknown.add(node.name);
    else this.#shapes.set(node.name, shape);
  }

  #outputs({ layers, outputs }: Graph): void {
    if (outputs.length === 0)
      this.#failures.push(failures.badGraph({ problem: 'the network has no output' }, this.#at));
    const names = new Set(layers.map(({ name }) => name));
    for (const [index, output] of outputs.entries()) {
      if (outputs.indexOf(output) < index) {
        this.#failures.push(failures.badGraph({ problem: `layer "${output}" is an output twice` }, this.#at));
      }
      if (!names.has(output)) this.#failures.push(failures.unknownOutput({ name: output, known: names }, this.#at));
    }
  }

  /** Undefined if it is not known; the reason has been reported then, here or at an earlier layer. */
  #shapeOf(node: LayerNode): FeatureShape | undefined {
    const problems = checkAttributes(node);
    this.#failures.push(...problems.map((problem) => failures.badLayer(problem, this.#at)));
    if (problems.length > 0) return undefined;
    const layer = layerOf(node);
    const inputs = this.#inputShapes(node, layer.inputs);
    if (inputs === undefined) return undefined;
    const result = layer.outputShape(inputs);
    if ('problem' in result) {
      const { name, kind } = node;
      this.#failures.push(failures.shapeMismatch({ name, kind, problem: result.problem }, this.#at));
      return undefined;
    }
    const multiplyAdds = layer.multiplyAdds(inputs, result.shape);
    if (multiplyAdds > 0) this.#multiplyAdds.set(node.name, multiplyAdds);
    for (const declaration of layer.parameters(inputs)) this.#parameter(node, declaration);
    return result.shape;
  }

  #inputShapes(node: LayerNode, expected: Layer['inputs']): readonly FeatureShape[] | undefined {
    const { name, kind } = node;
    const found = node.inputs.length;
    if (expected === 'one or more' ? found === 0 : found !== expected) {
      const inputs = expected === 1 ? 'input' : 'inputs';
      const message = `layer "${name}" (${kind}) takes ${expected} ${inputs}, not ${found}`;
      this.#failures.push(failures.badLayer({ message }, this.#at));
      return undefined;
    }
    const shapes: FeatureShape[] = [];
    for (const input of node.inputs) {
      const shape = this.#shapes.get(input);
      if (shape !== undefined) shapes.push(shape);
      else if (!this.#unknown.has(input)) {
        this.#failures.push(failures.unknownInput({ layer: name, kind, input, known: this.#shapes.keys() }, this.#at));
      }
    }
    return shapes.length === found ? shapes : undefined;
  }

  #parameter(node: LayerNode, declaration: ParameterDeclaration): void {
    const name = parameterName(node, declaration.suffix);
    const other = this.#parameters.get(name);
    if (other !== undefined) {
      this.#failures.push(failures.duplicateParameter({ name, layers: [other.layer, node.name] }, this.#at));
    }
    this.#parameters.set(name, { ...declaration, name, layer: node.name });
  }
}
