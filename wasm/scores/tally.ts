/*
 * Counts scores, and finds those that have to be looked at more closely. Addresses come from the caller, who lays out the memory:
 * src/kit/face/similarity/scan-memory.ts.
 */

/** Bins of a score: 2^15 for each unit, from `lowest` on. */
const binsPerUnit: f32 = 32768;
const lowest: f32 = -1.0625;
const bins: i32 = 69632;
/** So many neighbouring bins, as a power of two, are one step of a table of ranks. */
const stepBits: i32 = 5;
/** In a table of ranks: the score has to be compared itself. */
const unsure: u16 = 0xffff;

/** Scores that are at least this are counted in the histogram, and noted as kept where their bin is marked. */
let least: f32 = 0;
let histogram: usize = 0;
let marks: usize = 0;
/** Within so much of a threshold a score is not ranked. */
let margin: f32 = 0;
/** Lists of what was noted, with room for so many: the place in the block, and the score. */
let kept: usize = 0;
let undecided: usize = 0;
let room: i32 = 0;
let keptCount: i32 = 0;
let undecidedCount: i32 = 0;

export function count(from: f32, into: usize, marked: usize, unsure: f32): void {
  least = from;
  histogram = into;
  marks = marked;
  margin = unsure;
}

export function note(keptList: usize, undecidedList: usize, entries: i32): void {
  kept = keptList;
  undecided = undecidedList;
  room = entries;
}

export function keptScores(): i32 {
  return keptCount;
}

export function undecidedScores(): i32 {
  return undecidedCount;
}

export function emptyLists(): void {
  keptCount = 0;
  undecidedCount = 0;
}

/** Whether the lists have room for so many more scores. */
export function hasRoom(more: i32): bool {
  return max(keptCount, undecidedCount) + more <= room;
}

/** `ranking`: of the column, see `begin`; 0: the score is not ranked. */
export function consider(score: f32, place: i32, ranking: usize): void {
  if (score >= least) {
    const bin = binOf(score);
    increment(histogram, bin);
    if (load<u8>(marks + bin) !== 0) {
      store<i32>(kept + (keptCount << 3), place);
      store<f32>(kept + (keptCount << 3), score, 4);
      keptCount += 1;
    }
  }
  if (ranking === 0) return;
  if (!(score > load<f32>(ranking))) return;
  const table = <usize>load<u32>(ranking, 4);
  let passed = <i32>load<u16>(table + ((<usize>(binOf(score) >> stepBits)) << 1));
  if (passed === <i32>unsure) {
    passed = below(ranking, score - margin);
    if (passed !== below(ranking, score + margin)) {
      store<i32>(undecided + (undecidedCount << 3), place);
      store<f32>(undecided + (undecidedCount << 3), score, 4);
      undecidedCount += 1;
      return;
    }
  }
  increment(<usize>load<u32>(ranking, 8), passed);
}

/** How many thresholds are less. */
function below(ranking: usize, value: f32): i32 {
  const thresholds = <usize>load<u32>(ranking, 12);
  let low: i32 = 0;
  let high = load<i32>(ranking, 16);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f32>(thresholds + (middle << 2)) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function binOf(score: f32): i32 {
  const bin = <i32>((score - lowest) * binsPerUnit);
  return min(max(bin, 0), bins - 1);
}

function increment(counts: usize, place: i32): void {
  const at = counts + ((<usize>place) << 2);
  store<u32>(at, load<u32>(at) + 1);
}
