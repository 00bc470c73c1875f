import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { pairSheet, type SheetPair } from '../../src/kit/face/pair-sheet.ts';
import { decodeImage, encodeJpeg } from '../../src/kit/image/image.ts';
import type { Findings } from './report.ts';

const sheetQuality = 90;

interface ShownImage {
  readonly position: number;
  readonly cosine: number;
  /** Position of the image of its identity that is nearest to the centre. */
  readonly typical: number;
}

/**
 * Writes dropped images, each to the right of the image of its identity that is nearest to the centre: the least alike, and those
 * nearest to the threshold, with as many that were kept.
 */
export async function writeShownImages(
  findings: Findings,
  { count, threshold }: { readonly count: number; readonly threshold: number },
  folder: string,
): Promise<void> {
  const half = Math.ceil(count / 2);
  const leastAlike = least(shownOf(findings, 'dropped'), count, ({ cosine }) => cosine);
  const lastDropped = least(shownOf(findings, 'dropped'), half, ({ cosine }) => -cosine).reverse();
  const firstKept = least(shownOf(findings, 'kept'), half, ({ cosine }) => cosine);
  makeOwnFolder(folder);
  const write = async (shown: readonly ShownImage[], name: string): Promise<void> => {
    const pairs: SheetPair[] = [];
    for (const { position, typical, cosine } of shown) {
      pairs.push({
        value: cosine,
        faces: await Promise.all([typical, position].map((each) => faceAt(findings, each))),
      });
    }
    const sheet = pairSheet(pairs, threshold);
    if (sheet !== undefined) writeFileSync(join(folder, name), encodeJpeg(sheet, sheetQuality));
  };
  await write(leastAlike, 'dropped.jpg');
  await write([...lastDropped, ...firstKept], 'near-threshold.jpg');
}

/** All images that could be shown, but for those that are the typical ones themselves. */
function* shownOf({ identities, cosines }: Findings, which: 'dropped' | 'kept'): Generator<ShownImage> {
  const cosineOf = (position: number): number => cosines[position] ?? NaN;
  for (const identity of identities) {
    const all = [...identity.kept, ...identity.dropped];
    const typical = all.reduce(
      (best, position) => (cosineOf(position) > cosineOf(best) ? position : best),
      all[0] ?? 0,
    );
    for (const position of identity[which]) {
      if (position !== typical || which === 'dropped') yield { position, typical, cosine: cosineOf(position) };
    }
  }
}

/** The `count` items of the least value, in rising order; of millions only these are kept. */
function least<Item>(items: Iterable<Item>, count: number, valueOf: (item: Item) => number): Item[] {
  const kept: { readonly item: Item; readonly value: number }[] = [];
  for (const item of items) {
    const value = valueOf(item);
    if (kept.length === count && value >= (kept.at(-1)?.value ?? 0)) continue;
    const after = kept.findIndex((each) => each.value > value);
    kept.splice(after < 0 ? kept.length : after, 0, { item, value });
    if (kept.length > count) kept.pop();
  }
  return kept.map(({ item }) => item);
}

function faceAt({ set }: Findings, position: number): ReturnType<typeof decodeImage> {
  const { payload, offset } = set.set.readImage(position);
  return decodeImage(Uint8Array.from(payload), { file: set.set.recordPath, offset });
}
