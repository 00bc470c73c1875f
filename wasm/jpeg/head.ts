import { naturalOrder } from './coefficients';
import { buildTable, tableOf } from './huffman';

/*
 * What stands before the entropy-coded data (ITU-T T.81, annex B), of the kind of file that cameras and libraries write most:
 * baseline, YCbCr with chroma at full or half resolution, one scan, no restart intervals.
 */

/** Pixels. */
export let width: i32 = 0;
export let height: i32 = 0;
/** Samples of luma for one of chroma: 1 or 2. */
export let across: i32 = 0;
export let down: i32 = 0;
/** Where the entropy-coded data start. */
export let dataAt: usize = 0;

/** An image of fewer pixels is left to the library: the filter of libjpeg needs three samples of chroma. */
const minWidth: i32 = 6;

const marker_sof0: i32 = 0xc0;
const marker_sof1: i32 = 0xc1;
const marker_dht: i32 = 0xc4;
const marker_sos: i32 = 0xda;
const marker_dqt: i32 = 0xdb;
const marker_app0: i32 = 0xe0;
const marker_exif: i32 = 0xe1;
const marker_adobe: i32 = 0xee;
const marker_app15: i32 = 0xef;
const marker_comment: i32 = 0xfe;

/** Four tables of 64 steps of coefficients, 16 bits each, in natural order. */
const steps: usize = memory.data(4 * 128, 16);

/** Of each of three components: the number of its steps, then where its steps and its two Huffman tables are. */
const components: usize = memory.data(3 * 16, 16);

// Bits by number: which tables this file has, and not one before.
let knownSteps: i32 = 0;
let knownTables: i32 = 0;

export function stepsOf(component: usize): usize {
  return load<u32>(components + component * 16 + 4);
}

export function firstTableOf(component: usize): usize {
  return load<u32>(components + component * 16 + 8);
}

export function otherTableOf(component: usize): usize {
  return load<u32>(components + component * 16 + 12);
}

/** False where something is of another kind. `passesExif`: an orientation is of no interest. */
export function readHead(start: usize, end: usize, passesExif: bool): bool {
  knownSteps = 0;
  knownTables = 0;
  across = 0;
  let at = start + 2;
  while (at + 4 <= end) {
    const kind = <i32>load<u8>(at + 1);
    const length = word(at + 2);
    const segment = at + 4;
    const following = at + 2 + length;
    if (load<u8>(at) != 0xff || length < 2 || following > end) return false;
    if (kind == marker_sos) {
      dataAt = following;
      return readScan(segment, length - 2);
    }
    if (!readSegment(kind, segment, following, passesExif)) return false;
    at = following;
  }
  return false;
}

function readSegment(kind: i32, segment: usize, end: usize, passesExif: bool): bool {
  switch (kind) {
    case marker_sof0:
    case marker_sof1:
      return across == 0 && readFrame(segment, <i32>(end - segment));
    case marker_dqt:
      return readSteps(segment, end);
    case marker_dht:
      return readTables(segment, end);
    case marker_comment:
      return true;
    case marker_exif:
      return passesExif;
    // Other colours.
    case marker_adobe:
      return false;
    default:
      return kind >= marker_app0 && kind <= marker_app15;
  }
}

function word(at: usize): i32 {
  return ((<i32>load<u8>(at)) << 8) | (<i32>load<u8>(at + 1));
}

function readFrame(segment: usize, length: i32): bool {
  if (length != 15 || load<u8>(segment) != 8 || load<u8>(segment + 5) != 3) return false;
  height = word(segment + 1);
  width = word(segment + 3);
  if (height == 0 || width < minWidth) return false;
  for (let index: usize = 0; index < 3; index += 1) {
    const component = segment + 6 + 3 * index;
    const table = <i32>load<u8>(component + 2);
    if (<usize>load<u8>(component) != index + 1 || table > 3) return false;
    if (index > 0 && load<u8>(component + 1) != 0x11) return false;
    store<i32>(components + index * 16, table);
  }
  const sampling = <i32>load<u8>(segment + 7);
  across = sampling >> 4;
  down = sampling & 15;
  return across >= 1 && across <= 2 && down >= 1 && down <= across;
}

function readSteps(segment: usize, end: usize): bool {
  for (let at = segment; at < end; at += 65) {
    const id = <i32>load<u8>(at);
    if (id > 3 || at + 65 > end) return false;
    for (let place: usize = 0; place < 64; place += 1) {
      const natural = (<usize>load<u8>(naturalOrder + place)) << 1;
      store<i16>(steps + id * 128 + natural, <i16>load<u8>(at + 1 + place));
    }
    knownSteps |= 1 << id;
  }
  return true;
}

function readTables(segment: usize, end: usize): bool {
  let at = segment;
  while (at < end) {
    if (at + 17 > end) return false;
    const kind = (<i32>load<u8>(at)) >> 4;
    const id = (<i32>load<u8>(at)) & 15;
    let symbols: i32 = 0;
    for (let bits: usize = 1; bits <= 16; bits += 1) symbols += <i32>load<u8>(at + bits);
    const following = at + 17 + symbols;
    if (kind > 1 || id > 3 || symbols > 256 || following > end) return false;
    if (!buildTable(tableOf(kind, id), at + 1, symbols, kind)) return false;
    knownTables |= 1 << (kind * 4 + id);
    at = following;
  }
  return true;
}

function readScan(segment: usize, length: i32): bool {
  if (across == 0 || length != 10 || load<u8>(segment) != 3) return false;
  for (let index: usize = 0; index < 3; index += 1) {
    const choice = <i32>load<u8>(segment + 2 + 2 * index);
    const first = choice >> 4;
    const other = choice & 15;
    const table = load<i32>(components + index * 16);
    if (<usize>load<u8>(segment + 1 + 2 * index) != index + 1 || first > 3 || other > 3) return false;
    const hasTables = (knownTables & (1 << first)) != 0 && (knownTables & (16 << other)) != 0;
    if (!hasTables || (knownSteps & (1 << table)) == 0) return false;
    store<u32>(components + index * 16 + 4, <u32>(steps + table * 128));
    store<u32>(components + index * 16 + 8, <u32>tableOf(0, first));
    store<u32>(components + index * 16 + 12, <u32>tableOf(1, other));
  }
  return true;
}
