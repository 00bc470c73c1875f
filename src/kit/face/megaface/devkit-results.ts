import type { Point } from '../../draw/points.ts';
import { exactCloseness } from '../similarity/exact-score.ts';
import { sortedRanks } from './gallery-figures.ts';
import { matesOf, type ProbeSet } from './probe-set.ts';

/*
 * The result files of MegaFace's development kit, as public copies of them show: curves are two lists, numbers are float32, and of a
 * curve the first point is kept, then each that is 0.01 above the last that was kept, and its end.
 *
 *   cmc              ranks from 0 and the share of ordered pairs of one person whose mate has at most so many distractors before it
 *   roc              share of probes and distractors that are accepted, and of pairs of one person. The kit counts some 100 x N of the
 *                    former, which is not explained anywhere; here they are all
 *   traditional_cmc  the gallery is one photo of each person, the first in the list, and the distractors
 */
export interface DevkitCurves {
  readonly cmc: DevkitCurve;
  readonly roc: DevkitCurve;
  readonly traditional_cmc: DevkitCurve;
}

type DevkitCurve = readonly [x: readonly number[], y: readonly number[]];

const keptStep = 0.01;

export interface DevkitRequest {
  readonly probes: ProbeSet;
  readonly ranks: readonly Uint32Array[];
  /** Distractors. */
  readonly size: number;
  /** FAR and TAR, from low to high. */
  readonly roc: readonly Point[];
}

export function devkitCurves({ probes, ranks, size, roc }: DevkitRequest): DevkitCurves {
  const { people } = probes;
  const traditional = traditionalRanks(probes, ranks);
  const first: Point = [0, roc.find(([far]) => far > 0)?.[1] ?? 0];
  return {
    cmc: thinned(cumulative(sortedRanks(ranks)), size),
    roc: thinned([first, ...roc], 1),
    traditional_cmc: thinned(cumulative(traditional), size + people.people - 1),
  };
}

/** `matches_*.json`: for each photo of the probes as the mate, the probes of its person and the rank it has for them. */
export function devkitMatches({ people }: ProbeSet, ranks: readonly Uint32Array[]): readonly DevkitMatches[] {
  return Array.from(people.person, (_, photo) => {
    const idx = [...matesOf(people, photo)];
    const rank = idx.map((probe) => ranks[probe]?.[matesOf(people, probe).indexOf(photo)] ?? NaN);
    return { probes: { idx, rank } };
  });
}

interface DevkitMatches {
  readonly probes: { readonly idx: readonly number[]; readonly rank: readonly number[] };
}

/** Every rank that occurs, from 0, and the share at or before it. */
function cumulative(sorted: Uint32Array): readonly Point[] {
  const points: Point[] = [];
  for (const [index, rank] of sorted.entries()) {
    if (sorted[index + 1] !== rank) points.push([rank, (index + 1) / sorted.length]);
  }
  // A curve begins at rank 0, also where no trial has it.
  return points[0]?.[0] === 0 ? points : [[0, 0], ...points];
}

function thinned(curve: readonly Point[], end: number): DevkitCurve {
  const kept: Point[] = [];
  for (const [x, y] of curve) {
    const last = kept.at(-1);
    if (last === undefined || Math.fround(y) >= last[1] + keptStep) kept.push([x, Math.fround(y)]);
  }
  if (kept.at(-1)?.[0] !== end) kept.push([end, 1]);
  return [kept.map(([x]) => x), kept.map(([, y]) => y)];
}

/** Rising ranks of all probes but those that are the photo of their person in the gallery. */
function traditionalRanks(probes: ProbeSet, ranks: readonly Uint32Array[]): Uint32Array {
  const { people, values, columns, count, mates } = probes;
  const gallery = Array.from({ length: people.people }, (_, person) => people.rowsOf(person)[0] ?? 0);
  const found: number[] = [];
  for (let probe = 0; probe < count; probe += 1) {
    const person = people.person[probe] ?? 0;
    const mate = gallery[person];
    if (mate === undefined || mate === probe) continue;
    const place = matesOf(people, probe).indexOf(mate);
    const closeness = mates[probe]?.[place] ?? NaN;
    const others = gallery.filter((photo, other) => {
      if (other === person) return false;
      return exactCloseness({ values, at: probe * columns }, { values, at: photo * columns }, columns) > closeness;
    });
    found.push((ranks[probe]?.[place] ?? NaN) + others.length);
  }
  return Uint32Array.from(found).sort();
}
