import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBeside } from '../../../codec/beside.ts';
import type { OnnxTensor } from '../../../codec/onnx/onnx-messages.ts';

/**
 * The bytes of a tensor whose values are in a file beside the model (onnx/onnx.proto, TensorProto.external_data:
 * `location`, a path relative to the model, `offset` and `length`, 0 and all there is unless given); or why there are
 * none. `expected`: how many its sizes and type make, so that no more is read than that. A location that leads out of the
 * folder of the model is not followed.
 */
export function externalBytes(tensor: OnnxTensor, file: string, expected: number): Uint8Array | string {
  const entries = new Map(tensor.externalData.map(({ key = '', value = '' }) => [key, value]));
  const location = entries.get('location') ?? '';
  if (location === '') return 'is stored in another file, whose name is missing';
  if (!isBeside(location)) return `is stored in ${JSON.stringify(location)}, which is not beside the model`;
  const path = join(dirname(file), location);
  if (!existsSync(path) || !statSync(path).isFile()) return `is stored in ${location}, which is not there`;
  const { size } = statSync(path);
  const offset = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? size - offset);
  const isWithin = Number.isSafeInteger(offset) && offset >= 0 && length === expected && offset + length <= size;
  if (!isWithin) {
    return `is ${expected} bytes, and stored in bytes ${offset} to ${offset + length} of ${location}, which has ${size}`;
  }
  // Its own memory: views of numbers begin at multiples of their size.
  const bytes = new Uint8Array(length);
  const descriptor = openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const count = readSync(descriptor, bytes, done, length - done, offset + done);
      if (count === 0) return `is stored in ${location}, which has become shorter`;
      done += count;
    }
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}
