import { bitsLeft, damaged, openData, paddingBytes, readFirst, readOthers } from './coefficients';
import { paintPairs, paintSingles, sumRows } from './colour';
import { across, dataAt, down, firstTableOf, height, otherTableOf, readHead, stepsOf, width } from './head';
import { fillBlock, transformBlock } from './transform';

/*
 * Decodes JPEG images one after the other, with the pixels of libjpeg's default, bit for bit. The file is put where `place` says,
 * then `decode` is called; everything it needs comes after the file in memory. Parameters are many here and there, since
 * there are no objects: this module has no heap.
 */
export { height, width };

/** Where the pixels are: `width` x `height` x 3 bytes, red first. */
export let pixels: usize = 0;

// The pixels that are needed, the ends not included; the others are unspecified.
export let left: i32 = 0;
export let top: i32 = 0;
export let right: i32 = 0;
export let bottom: i32 = 0;

/** Vectors are read and written beyond the end of a row. */
const marginBytes: usize = 64;

const block: usize = memory.data(128, 16);
const lastFirsts: usize = memory.data(3 * 4, 16);

let unitsAcross: i32 = 0;
let unitsDown: i32 = 0;
let entropy: usize = 0;
let luma: usize = 0;
let lumaStride: usize = 0;
let blue: usize = 0;
let red: usize = 0;
let chromaStride: usize = 0;
let blueSums: usize = 0;
let redSums: usize = 0;

/** Where a file of `bytes` bytes is to be put; 0 if there is no memory for it. */
export function place(bytes: i32): usize {
  const at = aligned(__heap_base);
  return reserve(at + bytes + marginBytes) ? at : 0;
}

/**
 * Decodes the file that was put there. False if it is damaged or of another kind than `readHead` knows, or memory is short: ask a
 * library.
 */
export function decode(bytes: i32, passesExif: bool): bool {
  const file = aligned(__heap_base);
  const end = file + bytes;
  if (!readHead(file, end, passesExif)) return false;
  unitsAcross = (width + 8 * across - 1) / (8 * across);
  unitsDown = (height + 8 * down - 1) / (8 * down);
  // A block takes at least one bit for its first coefficient and one for the end of the others: no size is believed without.
  const leastBits = <i64>unitsAcross * unitsDown * (across * down + 2) * 2;
  if (leastBits > <i64>(end - dataAt) * 8 || !layOut(end)) return false;
  if (!openData(dataAt, end, entropy) || !decodePlanes()) return false;
  for (let y = max(0, top); y < min(height, bottom); y += 1) paintRow(y);
  return true;
}

function aligned(at: usize): usize {
  return (at + 15) & ~15;
}

function reserve(end: usize): bool {
  const pages = <i32>((end + 0xffff) >> 16);
  const present = memory.size();
  return pages <= present || memory.grow(pages - present) >= 0;
}

/** Memory after the file. False if there is not enough. */
function layOut(end: usize): bool {
  lumaStride = unitsAcross * 8 * across;
  chromaStride = unitsAcross * 8;
  const lumaBytes = lumaStride * unitsDown * 8 * down + marginBytes;
  const chromaBytes = chromaStride * unitsDown * 8 + marginBytes;
  entropy = aligned(end + marginBytes);
  luma = aligned(entropy + (end - dataAt) + paddingBytes + marginBytes);
  blue = luma + lumaBytes;
  red = blue + chromaBytes;
  blueSums = red + chromaBytes;
  redSums = blueSums + 2 * chromaStride + marginBytes;
  pixels = redSums + 2 * chromaStride + marginBytes;
  const all = <u64>pixels + <u64>width * <u64>height * 3 + marginBytes;
  return all < 0xffff0000 && reserve(<usize>all);
}

/** All blocks are read; those that the area needs become samples. False where the data are damaged. */
function decodePlanes(): bool {
  memory.fill(lastFirsts, 0, 12);
  // The filter of the chroma looks one sample, two pixels, around.
  const firstX = (left - 2) / (8 * across);
  const lastX = (right + 1) / (8 * across);
  const firstY = (top - 2) / (8 * down);
  const lastY = (bottom + 1) / (8 * down);
  for (let y: i32 = 0; y < min(lastY + 1, unitsDown); y += 1) {
    for (let x: i32 = 0; x < unitsAcross; x += 1) {
      if (!decodeUnit(x, y, y >= firstY && x >= firstX && x <= lastX) || bitsLeft() < 0) return false;
    }
  }
  return lastY + 1 < unitsDown || bitsLeft() < 8;
}

function decodeUnit(x: usize, y: usize, isNeeded: bool): bool {
  for (let row: usize = 0; row < <usize>down; row += 1) {
    for (let column: usize = 0; column < <usize>across; column += 1) {
      const at = luma + (y * down + row) * 8 * lumaStride + (x * across + column) * 8;
      if (!decodeBlock(0, at, lumaStride, isNeeded)) return false;
    }
  }
  const offset = y * 8 * chromaStride + x * 8;
  return decodeBlock(1, blue + offset, chromaStride, isNeeded) && decodeBlock(2, red + offset, chromaStride, isNeeded);
}

function decodeBlock(component: usize, target: usize, stride: usize, isNeeded: bool): bool {
  const difference = readFirst(firstTableOf(component));
  if (difference == damaged) return false;
  const first = load<i32>(lastFirsts + component * 4) + difference;
  store<i32>(lastFirsts + component * 4, first);
  const steps = stepsOf(component);
  const last = readOthers(otherTableOf(component), steps, block);
  const scaled = <i16>(first * <i32>load<i16>(steps));
  if (last < 0 || !isNeeded) {
    memory.fill(block, 0, 128);
  } else if (last == 0) {
    fillBlock(scaled, target, stride);
  } else {
    store<i16>(block, scaled);
    transformBlock(block, target, stride);
  }
  return last >= 0;
}

/** The colours of row `y`, from the first to the last column that is needed. */
function paintRow(y: i32): void {
  // From the start of a vector.
  const from = max(0, left) & ~15;
  const count = min(width, right) - from;
  const target = pixels + (<usize>y * width + from) * 3;
  const light = luma + <usize>y * lumaStride + from;
  if (across == 1) {
    const offset = <usize>y * chromaStride + from;
    return paintSingles(light, blue + offset, red + offset, count, target);
  }
  const samples = (width + 1) >> 1;
  const row = down == 1 ? y : y >> 1;
  const beside = (y & 1) == 0 ? row - 1 : row + 1;
  const near = <usize>row * chromaStride;
  const other = down == 1 ? near : <usize>min(((height + 1) >> 1) - 1, max(0, beside)) * chromaStride;
  sumRows(blue + near, blue + other, samples, blueSums + 16);
  sumRows(red + near, red + other, samples, redSums + 16);
  paintPairs(light, blueSums + 16 + from, redSums + 16 + from, count, down == 2, target);
}
