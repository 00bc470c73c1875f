import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import type { OnnxTensor } from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';

/** Writes an ONNX model as today's exporter of PyTorch does: the arrays one after the other in a file beside it. */
export function writeOnnxWithData(file: string, bytes: Uint8Array, location: string): void {
  const model = onnxModel.decode(new Cursor(bytes, file));
  const data: Buffer[] = [];
  const outside = ({ rawData = new Uint8Array(), ...tensor }: OnnxTensor): OnnxTensor => {
    const place = {
      location,
      offset: String(data.reduce((sum, { length }) => sum + length, 0)),
      length: String(rawData.length),
    };
    data.push(Buffer.from(rawData));
    return { ...tensor, externalData: Object.entries(place).map(([key, value]) => ({ key, value })), dataLocation: 1 };
  };
  const initializers = model.graph.initializers.map((each) => (each.dataType === 1 ? outside(each) : each));
  writeFileSync(file, onnxModel.encode({ ...model, graph: { ...model.graph, initializers } }));
  writeFileSync(join(dirname(file), location), Buffer.concat(data));
}
