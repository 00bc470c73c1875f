import { PersonRows } from '../similarity/person-rows.ts';
import { exactCloseness } from '../similarity/exact-score.ts';

/** Probes in memory, and how close those of one person are to each other. */
export interface ProbeSet {
  /** e.g. facescrub. */
  readonly name: string;
  readonly count: number;
  readonly columns: number;
  /** count x columns, each of length 1. */
  readonly values: Float32Array;
  readonly people: PersonRows;
  /** For each probe p the closeness to the other images of its person, in the order of `people.rowsOf`, p itself left out. */
  readonly mates: readonly Float64Array[];
}

export interface ProbeVectors {
  readonly name: string;
  readonly values: Float32Array;
  readonly columns: number;
  /** Who is on each. */
  readonly ids: readonly string[];
}

export function probeSet({ name, values, columns, ids }: ProbeVectors): ProbeSet {
  const people = new PersonRows(ids);
  const closenessOf = (one: number, other: number): number =>
    exactCloseness({ values, at: one * columns }, { values, at: other * columns }, columns);
  const mates = ids.map((_, probe) => Float64Array.from(matesOf(people, probe), (mate) => closenessOf(probe, mate)));
  return { name, count: ids.length, columns, values, people, mates };
}

/** The other images of the person of a probe. */
export function matesOf(people: PersonRows, probe: number): Int32Array {
  return people.rowsOf(people.person[probe] ?? 0).filter((row) => row !== probe);
}

/** The closeness of the pairs of one person, each pair once, person after person; and how many pairs each person has. */
export function samePairs({ people, mates }: ProbeSet): {
  readonly closeness: Float64Array;
  readonly trials: Float64Array;
} {
  const closeness = new Float64Array(people.samePairs);
  const trials = new Float64Array(people.people);
  let pair = 0;
  for (let person = 0; person < people.people; person += 1) {
    for (const probe of people.rowsOf(person)) {
      for (const [place, mate] of matesOf(people, probe).entries()) {
        if (mate < probe) continue;
        closeness[pair] = mates[probe]?.[place] ?? NaN;
        pair += 1;
        trials[person] = (trials[person] ?? 0) + 1;
      }
    }
  }
  return { closeness, trials };
}
