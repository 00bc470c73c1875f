import { fail } from '../../../../core/failure.ts';
import type { MxnetArray } from '../../../codec/mxnet/mxnet-params.ts';
import { littleEndianBytes } from '../../../codec/little-endian-floats.ts';
import type { MxnetSymbol } from '../../../codec/mxnet/mxnet-symbol.ts';
import type { ParameterizedGraph } from '../../model/model.ts';
import type { ShapedGraph } from '../../graph/shaped-graph.ts';
import { inputName, layerNode, type LayerNodeOf, parameterName } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import { notExpressible, written } from '../not-in.ts';
import { layerWriters } from './layer-writers.ts';
import { SymbolWriter } from './symbol-writer.ts';

/** A graph as a symbol that MXNet 1.1 to 1.9 load. */
export function symbolOf(shaped: ShapedGraph): MxnetSymbol {
  const writer = new SymbolWriter();
  const { channels, height, width } = shaped.graph.input;
  // What `mx.sym.Variable('data', shape=...)` leaves in a symbol; 0: any batch. Sizes that MXNet is given override it.
  const data = writer.variable(inputName, { __shape__: [0, channels, height, width] });
  writer.setValue(inputName, data);
  for (const node of shaped.graph.layers) writeLayer(writer, node, shaped);
  return writer.build(shaped.graph.outputs);
}

/** The parameters as MXNet saves them; their values are not copied. */
export function arraysOf({ shaped, parameters }: ParameterizedGraph): MxnetArray[] {
  return shaped.parameters.map(({ name, shape, role }) => {
    const array = parameters.get(name);
    if (array === undefined) throw new Error(`the model has no parameter "${name}"`);
    return {
      name: `${role === 'auxiliary' ? 'aux' : 'arg'}:${name}`,
      version: 2,
      shape,
      type: 'float32',
      device: { type: 1, id: 0 },
      data: littleEndianBytes(array.values),
    };
  });
}

function writeLayer<Kind extends LayerKind>(
  writer: SymbolWriter,
  node: LayerNodeOf<Kind>,
  { shapes }: ShapedGraph,
): void {
  const value = written(layerWriters[node.kind], {
    node,
    writer,
    inputs: node.inputs.map((input) => writer.value(input)),
    shapes: node.inputs.map((input) => shapes.get(input) ?? []),
    parameter: (suffix) => writer.variable(parameterName(node, suffix)),
  });
  if ('notIn' in value) fail(notExpressible(layerNode(node), value));
  writer.setValue(node.name, value);
}
