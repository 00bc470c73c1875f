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

/** The bits of the float16 that is nearest to a number, of two the even one (IEEE 754-2019, 4.3.1). */
export function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // Half a step above the largest: 65504 and 16.
  if (size >= 65_520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  // Of 10 bits behind the point; below 2^-14 steps stay as they are.
  const steps = roundToEven(size / 2 ** (exponent - 10));
  // The leading bit of what is no subnormal counts up the exponent, and so does a carry.
  return sign | (((exponent + 14) << 10) + steps);
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
