import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { pairSheet, type SheetPair } from '../../src/kit/face/pair-sheet.ts';
import { decodeImage, encodeJpeg } from '../../src/kit/image/image.ts';
import type { Candidate, Comparison } from './find-overlap.ts';
import type { Findings } from './report.ts';

const sheetQuality = 90;

/** Two people who are alike, and how to get an image of each. */
interface AlikePair {
  readonly cosine: number;
  readonly images: () => Promise<readonly Uint8Array[]>;
}

/**
 * Writes the pairs to look at as images: the closest of all, those on both sides of the threshold, and the closest of several
 * sets. Of each identity the image that is most like the other one is shown.
 */
export async function writeClosestPairs(findings: Findings, count: number, folder: string): Promise<void> {
  const { threshold, mergeThreshold } = findings.comparison;
  const excluded = await pairsWithExcluded(findings);
  const above = excluded.filter(({ cosine }) => cosine >= threshold);
  const half = Math.ceil(count / 2);
  const near = [...above.slice(-half), ...excluded.slice(above.length, above.length + half)];
  makeOwnFolder(folder);
  await writeSheet(excluded.slice(0, count), threshold, join(folder, 'closest-pairs.jpg'));
  await writeSheet(near, threshold, join(folder, 'near-threshold.jpg'));
  await writeSheet(duplicates(findings).slice(0, count), mergeThreshold, join(folder, 'closest-of-sets.jpg'));
}

async function writeSheet(pairs: readonly AlikePair[], threshold: number, file: string): Promise<void> {
  const decoded: SheetPair[] = [];
  for (const { cosine, images } of pairs) {
    const encoded = await images();
    decoded.push({ value: cosine, faces: await Promise.all(encoded.map((bytes) => decodeImage(bytes, file))) });
  }
  const sheet = pairSheet(decoded, threshold);
  if (sheet !== undefined) writeFileSync(file, encodeJpeg(sheet, sheetQuality));
}

/** The closest first. */
async function pairsWithExcluded({ comparison, overlap }: Findings): Promise<AlikePair[]> {
  const vectors = await Promise.all(comparison.exclusions.map((each) => Promise.resolve(each.vectors())));
  const pairs = overlap.candidates.flatMap((candidate, number): AlikePair[] => {
    const { nearest } = candidate;
    if (nearest === undefined) return [];
    const { cosine, exclusion, index } = nearest;
    const images = async (): Promise<readonly Uint8Array[]> => {
      const row = (await vectors[exclusion]?.read(index, 1)) ?? new Float32Array();
      const other = comparison.exclusions[exclusion]?.imageOf(index, overlap.centres.centre(number));
      return [imageOf(comparison, candidate, row), other ?? new Uint8Array()];
    };
    return [{ cosine, images }];
  });
  return pairs.sort((one, other) => other.cosine - one.cosine);
}

function duplicates({ comparison, overlap }: Findings): AlikePair[] {
  const { candidates, centres } = overlap;
  const pairs = candidates.flatMap((candidate, number): AlikePair[] => {
    const { duplicate } = candidate;
    const other = candidates[duplicate?.of ?? -1];
    if (duplicate === undefined || other === undefined) return [];
    const images = (): Promise<readonly Uint8Array[]> =>
      Promise.resolve([
        imageOf(comparison, candidate, centres.centre(duplicate.of)),
        imageOf(comparison, other, centres.centre(number)),
      ]);
    return [{ cosine: duplicate.cosine, images }];
  });
  return pairs.sort((one, other) => other.cosine - one.cosine);
}

function imageOf({ sets }: Comparison, { set, identity }: Candidate, row: Float32Array): Uint8Array {
  return sets[set]?.imageNearest(identity, row) ?? new Uint8Array();
}
