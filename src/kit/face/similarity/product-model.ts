import { onnxModel } from '../../codec/onnx/onnx-model.ts';
import type { GraphWriter } from '../../net/exchange/onnx/graph-writer.ts';

/** Type of the numbers, as `elementTypes` has it, and how many are in a row. */
type Matrix = readonly [elementType: number, columns: number];

/** A network of one product of matrices: `left` in, `scores` out, of any number of rows. */
export function encodeProduct(
  writer: GraphWriter,
  { left, scores }: { readonly left: Matrix; readonly scores: Matrix },
): Uint8Array {
  const matrix = (name: string, [elementType, columns]: Matrix) => ({
    name,
    type: { tensorType: { elementType, shape: { dimensions: [{ parameter: 'rows' }, { value: columns }] } } },
  });
  return onnxModel.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    metadata: [],
    graph: {
      name: 'products',
      nodes: writer.nodes,
      initializers: writer.initializers,
      inputs: [matrix('left', left)],
      outputs: [matrix('scores', scores)],
      valueInfo: [],
    },
  });
}
