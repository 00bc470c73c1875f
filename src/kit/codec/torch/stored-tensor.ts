import { halfToNumber, littleEndianFloats } from '../little-endian-floats.ts';

/** Types of elements as safetensors writes them, with their bytes. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof elementBytes;

/** A tensor of a PyTorch program, whose values are read when they are asked for. */
export interface StoredTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The elements row by row, little-endian. Fails as the file does. */
  read(): Uint8Array;
}

/** The values as float32: a view where they are stored so; undefined where they are no floats. */
export function floatsOf({ type }: Pick<StoredTensor, 'type'>, bytes: Uint8Array): Float32Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (size: number, read: (offset: number) => number): Float32Array => {
    const values = new Float32Array(Math.floor(bytes.length / size));
    for (let index = 0; index < values.length; index += 1) values[index] = read(index * size);
    return values;
  };
  if (type === 'F32') return littleEndianFloats(bytes);
  if (type === 'F64') return each(8, (offset) => view.getFloat64(offset, true));
  if (type === 'F16') return each(2, (offset) => halfToNumber(view.getUint16(offset, true)));
  return type === 'BF16' ? floatsOfBrain(view) : undefined;
}

/** bfloat16 is the upper half of a float32. */
function floatsOfBrain(view: DataView): Float32Array {
  const bits = new Uint32Array(view.byteLength / 2);
  for (let index = 0; index < bits.length; index += 1) bits[index] = view.getUint16(2 * index, true) << 16;
  return new Float32Array(bits.buffer);
}
