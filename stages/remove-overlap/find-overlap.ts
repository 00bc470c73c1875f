import type { EmbeddedSet } from '../../src/kit/face/embedded-set.ts';
import { failOfCentre } from '../../src/kit/face/embedded-set.ts';
import { IdentityCentres } from '../../src/kit/face/identity-centres.ts';
import { nearestRows } from '../../src/kit/face/nearest-rows.ts';
import type { Products } from '../../src/kit/face/similarity/products.ts';
import { chosenVectors } from '../../src/kit/face/similarity/vector-source.ts';
import type { Exclusion } from './exclusion.ts';

/** One identity of the sets that are joined. */
export interface Candidate {
  /** Which set it is in, and which of its identities it is, from 0. */
  readonly set: number;
  readonly identity: number;
  /** Whom it is most like among the earlier sets; absent in the first set. */
  duplicate?: { readonly cosine: number; readonly of: number };
  /** Whom it is most like among the excluded; absent if it is a duplicate, or there are no exclusions. */
  nearest?: { readonly cosine: number; readonly exclusion: number; readonly index: number };
  outcome: 'kept' | 'duplicate' | 'excluded';
}

export interface Comparison {
  readonly sets: readonly EmbeddedSet[];
  readonly exclusions: readonly Exclusion[];
  readonly products: Products;
  readonly columns: number;
  readonly threshold: number;
  readonly mergeThreshold: number;
  readonly signal: AbortSignal;
}

export interface Overlap {
  /** All identities, set by set. */
  readonly candidates: readonly Candidate[];
  readonly centres: IdentityCentres;
}

/**
 * Who is in several sets, in the order of dataset_merge (insightface, src/data/dataset_merge.py): the first set is kept whole; of
 * each further one an identity is dropped whose centre is like that of one kept from the sets before; then everybody is
 * dropped whose centre is like an excluded person. Identities of one set are not compared with each other.
 */
export async function findOverlap(comparison: Comparison): Promise<Overlap> {
  const { sets } = comparison;
  const candidates = sets.flatMap(({ identities }, set) =>
    identities.map((_, identity): Candidate => ({ set, identity, outcome: 'kept' })),
  );
  const centres = centresOf(comparison);
  for (let set = 1; set < sets.length; set += 1) await dropDuplicates(comparison, { candidates, centres }, set);
  for (const exclusion of comparison.exclusions.keys()) {
    await compareWith(comparison, { candidates, centres }, exclusion);
  }
  for (const candidate of candidates) {
    if ((candidate.nearest?.cosine ?? -Infinity) >= comparison.threshold) candidate.outcome = 'excluded';
  }
  return { candidates, centres };
}

/** Of all sets, in the order of the candidates. Fails with `embedding-is-zero`. */
function centresOf({ sets, columns }: Comparison): IdentityCentres {
  const centres = new IdentityCentres(columns);
  let first = 0;
  const firsts = sets.map((set) => {
    set.addCentres(centres, first);
    first += set.identities.length;
    return first - set.identities.length;
  });
  const zero = centres.normalize();
  if (zero !== undefined) {
    const at = firsts.findLastIndex((each) => each <= zero);
    const set = sets[at];
    if (set !== undefined) failOfCentre(set, zero - (firsts[at] ?? 0));
  }
  return centres;
}

/** Numbers of the candidates that are kept so far and fulfil a condition. */
function keptWhere({ candidates }: Overlap, fits: (candidate: Candidate) => boolean): number[] {
  return candidates.flatMap((candidate, index) => (candidate.outcome === 'kept' && fits(candidate) ? [index] : []));
}

async function dropDuplicates(comparison: Comparison, overlap: Overlap, set: number): Promise<void> {
  const { products, signal, mergeThreshold } = comparison;
  const own = keptWhere(overlap, (candidate) => candidate.set === set);
  const earlier = keptWhere(overlap, (candidate) => candidate.set < set);
  const vectors = overlap.centres.vectors();
  const [rows, others] = [chosenVectors(vectors, own), chosenVectors(vectors, earlier)];
  const { cosines, nearest } = await nearestRows({ products, rows, others, signal });
  for (const [place, index] of own.entries()) {
    const candidate = overlap.candidates[index];
    const [cosine, of] = [cosines[place] ?? -Infinity, earlier[nearest[place] ?? -1]];
    if (candidate === undefined || of === undefined) continue;
    candidate.duplicate = { cosine, of };
    if (cosine >= mergeThreshold) candidate.outcome = 'duplicate';
  }
}

async function compareWith(comparison: Comparison, overlap: Overlap, exclusion: number): Promise<void> {
  const { products, signal, exclusions } = comparison;
  const others = exclusions[exclusion]?.vectors();
  if (others === undefined) return;
  const kept = keptWhere(overlap, () => true);
  const rows = chosenVectors(overlap.centres.vectors(), kept);
  const { cosines, nearest } = await nearestRows({ products, rows, others, signal });
  for (const [place, number] of kept.entries()) {
    const candidate = overlap.candidates[number];
    const [cosine, index] = [cosines[place] ?? -Infinity, nearest[place] ?? -1];
    if (candidate === undefined || index < 0 || cosine <= (candidate.nearest?.cosine ?? -Infinity)) continue;
    candidate.nearest = { cosine, exclusion, index };
  }
}
