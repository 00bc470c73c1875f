import { wasmInstance } from '../../../../src/core/wasm-instance.ts';
import {
  mostOfRow,
  type Quantized,
  quantizedAt,
  type QuantizeExport,
  quantizedNumbers,
} from '../../../../src/kit/face/similarity/quantized.ts';

interface Module extends QuantizeExport {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  free(): number;
}

/** A vector as the modules quantize it. */
export function quantized(vector: Float32Array, most: number): Quantized & { readonly codes: Int8Array | Int16Array } {
  const module = wasmInstance('search') as Module;
  module.memory.grow(Math.ceil((8 * vector.length) / 65_536) + 1);
  const at = Math.ceil(module.free() / 16) * 16;
  const { buffer } = module.memory;
  const codes = at + 16 + 4 * vector.length;
  new Float32Array(buffer, at + 16, vector.length).set(vector);
  const isWide = most > mostOfRow;
  module.quantize(at + 16, vector.length, codes, isWide ? 1 : 0, most, at);
  const numbers = quantizedAt(new Float32Array(buffer, at, quantizedNumbers), 0);
  return { ...numbers, codes: new (isWide ? Int16Array : Int8Array)(buffer, codes, vector.length) };
}
