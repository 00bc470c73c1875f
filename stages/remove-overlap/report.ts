import { basename } from 'node:path';
import type { Params } from './contract.ts';
import type { Exclusion } from './exclusion.ts';
import type { Candidate, Comparison, Overlap } from './find-overlap.ts';

/** What overlap.json holds; docs/overlap.md describes it. */
export interface OverlapReport {
  readonly format: 'faceflow-overlap';
  readonly version: 1;
  readonly model: string;
  readonly threshold: number;
  readonly mergeThreshold: number;
  readonly sets: readonly SetSummary[];
  readonly exclusions: readonly ExclusionSummary[];
  /** Who was left out, in the order of the sets. */
  readonly removed: readonly RemovedIdentity[];
  /** The pairs with the greatest cosines, whether left out or kept. */
  readonly closest: readonly RemovedIdentity[];
  /** How many identities, with how many images, would be left out because of the exclusions at other thresholds. */
  readonly atThreshold: readonly AtThreshold[];
  /** The widest range of thresholds, above the median cosine, in which the number of identities does not change. */
  readonly gap: Gap | undefined;
}

interface SetSummary {
  readonly name: string;
  readonly identities: number;
  readonly images: number;
  readonly removed: { readonly duplicate: Count; readonly excluded: Count };
}

interface Count {
  readonly identities: number;
  readonly images: number;
}

interface ExclusionSummary {
  readonly name: string;
  readonly compared: 'images' | 'identities';
  readonly count: number;
  /** Identities that are most like a person of this set. */
  readonly removed: number;
  readonly closest: number;
}

interface RemovedIdentity {
  readonly set: string;
  /** In its packed set. */
  readonly label: number;
  readonly images: number;
  readonly outcome: Candidate['outcome'];
  readonly cosine: number;
  /** The set of whom it is like, and the image or identity there. */
  readonly like: { readonly set: string; readonly what: string };
}

interface AtThreshold extends Count {
  readonly threshold: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly identities: number;
}

/** What the texts of a report are made of. */
export interface Findings {
  readonly comparison: Comparison;
  readonly overlap: Overlap;
}

export function overlapReport(
  { comparison, overlap }: Findings,
  { threshold, mergeThreshold, closestPairs }: Params,
  model: string,
): OverlapReport {
  const { sets, exclusions } = comparison;
  const { candidates } = overlap;
  const rows = candidates.map((candidate) => describeCandidate({ comparison, overlap }, candidate));
  const isKnown = (row: RemovedIdentity | undefined): row is RemovedIdentity => row !== undefined;
  const closest = rows.filter(isKnown).sort((one, other) => other.cosine - one.cosine);
  const compared = comparedWith(comparison, candidates);
  return {
    ...{ format: 'faceflow-overlap', version: 1, model: basename(model), threshold, mergeThreshold },
    sets: sets.map(({ set, identities }, at) => {
      const own = candidates.filter((candidate) => candidate.set === at);
      const removed = {
        duplicate: countOf(comparison, own, 'duplicate'),
        excluded: countOf(comparison, own, 'excluded'),
      };
      return { name: basename(set.folder), identities: identities.length, images: set.imageCount, removed };
    }),
    exclusions: exclusions.map((exclusion, at) => summaryOf(exclusion, at, candidates)),
    removed: rows.filter(isKnown).filter(({ outcome }) => outcome !== 'kept'),
    closest: closest.slice(0, closestPairs),
    atThreshold: compared.length === 0 ? [] : thresholds().map((each) => atThreshold(compared, each)),
    gap: widestGap(compared.map(({ cosine }) => cosine)),
  };
}

function summaryOf(exclusion: Exclusion, at: number, candidates: readonly Candidate[]): ExclusionSummary {
  const own = candidates.filter(({ nearest }) => nearest?.exclusion === at);
  return {
    name: exclusion.name,
    compared: exclusion.kind === 'image' ? 'images' : 'identities',
    count: exclusion.count,
    removed: own.filter(({ outcome }) => outcome === 'excluded').length,
    closest: own.reduce((greatest, { nearest }) => Math.max(greatest, nearest?.cosine ?? -1), -1),
  };
}

/** Undefined where it was compared with no other. */
function describeCandidate({ comparison, overlap }: Findings, candidate: Candidate): RemovedIdentity | undefined {
  const { sets, exclusions } = comparison;
  const { set, identity, outcome, nearest, duplicate } = candidate;
  const own = sets[set];
  const { label = NaN, positions = [] } = own?.identities[identity] ?? {};
  const row = { set: basename(own?.set.folder ?? ''), label, images: positions.length, outcome };
  if (nearest !== undefined) {
    const exclusion = exclusions[nearest.exclusion];
    const like = { set: exclusion?.name ?? '', what: exclusion?.nameOf(nearest.index) ?? '' };
    return { ...row, cosine: nearest.cosine, like };
  }
  const other = overlap.candidates[duplicate?.of ?? -1];
  if (duplicate === undefined || other === undefined) return undefined;
  const from = sets[other.set];
  const what = `identity ${from?.identities[other.identity]?.label ?? NaN}`;
  return { ...row, cosine: duplicate.cosine, like: { set: basename(from?.set.folder ?? ''), what } };
}

function countOf({ sets }: Comparison, candidates: readonly Candidate[], outcome: Candidate['outcome']): Count {
  const own = candidates.filter((candidate) => candidate.outcome === outcome);
  const imagesOf = ({ set, identity }: Candidate): number => sets[set]?.identities[identity]?.positions.length ?? 0;
  return { identities: own.length, images: own.reduce((sum, each) => sum + imagesOf(each), 0) };
}

/** The table of all identities: what another threshold would leave out can be read off it. */
export function identityTable(findings: Findings): string {
  const { comparison, overlap } = findings;
  const lines = overlap.candidates.map((candidate) => {
    const row = describeCandidate(findings, candidate);
    const { label = NaN, positions = [] } = comparison.sets[candidate.set]?.identities[candidate.identity] ?? {};
    const compared = row === undefined ? ['', '', ''] : [row.cosine.toFixed(6), row.like.set, row.like.what];
    return [candidate.set, label, positions.length, candidate.outcome, ...compared].join('\t');
  });
  return `${['set\tlabel\timages\toutcome\tcosine\tlike set\tlike', ...lines].join('\n')}\n`;
}

interface Compared {
  readonly cosine: number;
  readonly images: number;
}

function comparedWith({ sets }: Comparison, candidates: readonly Candidate[]): Compared[] {
  return candidates.flatMap(({ nearest, set, identity }) => {
    const images = sets[set]?.identities[identity]?.positions.length ?? 0;
    return nearest === undefined ? [] : [{ cosine: nearest.cosine, images }];
  });
}

/** 0.00 to 1.00. */
function thresholds(): number[] {
  return Array.from({ length: 101 }, (_, hundredths) => hundredths / 100);
}

function atThreshold(compared: readonly Compared[], threshold: number): AtThreshold {
  const above = compared.filter(({ cosine }) => cosine >= threshold);
  return { threshold, identities: above.length, images: above.reduce((sum, { images }) => sum + images, 0) };
}

/**
 * The widest range of thresholds without a cosine in it, above the median of all: where people who are in both are far from
 * those who are not, it is between the two. Undefined of fewer than two.
 */
function widestGap(cosines: readonly number[]): Gap | undefined {
  const sorted = cosines.toSorted((one, other) => one - other);
  let widest: Gap | undefined;
  for (let at = Math.floor(sorted.length / 2); at + 1 < sorted.length; at += 1) {
    const [from = 0, to = 0] = sorted.slice(at, at + 2);
    if (widest !== undefined && to - from <= widest.to - widest.from) continue;
    widest = { from, to, identities: sorted.length - at - 1 };
  }
  return widest;
}
