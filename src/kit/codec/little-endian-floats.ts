/**
 * Float32 numbers that are stored as they are in memory, none of them read one by one: a view if the bytes are aligned,
 * else one copy. (Every machine that Node.js runs TensorFlow or onnxruntime on is little-endian.)
 */
export function littleEndianFloats(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const count = Math.floor(byteLength / Float32Array.BYTES_PER_ELEMENT);
  if (byteOffset % Float32Array.BYTES_PER_ELEMENT === 0) return new Float32Array(buffer, byteOffset, count);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + count * Float32Array.BYTES_PER_ELEMENT));
}

/** The same the other way round: a view, never a copy. */
export function littleEndianBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The number that 16 bits of IEEE 754 binary16 are. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
