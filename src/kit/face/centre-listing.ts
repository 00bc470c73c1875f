import { closeSync, openSync, writeSync } from 'node:fs';
import type { PackedDataset } from '../dataset/packed-dataset.ts';

/** Lines that are written at a time. */
const linesAtOnce = 4096;

/**
 * Writes the listing of dataset_c2c (insightface, src/data/dataset_c2c.py): a line for each image, its number from 1, its cosine
 * to the centre of its identity with six decimals, and its second label, separated by commas. An image of one label was
 * aligned before it was packed, so its second counts as 1.
 */
export function writeCentreListing(file: string, set: PackedDataset, cosines: Float64Array): void {
  const descriptor = openSync(file, 'w');
  try {
    let lines: string[] = [];
    for (const [position, cosine] of cosines.entries()) {
      const { label } = set.readImage(position);
      const second = typeof label === 'number' ? 1 : (label[1] ?? 1);
      lines.push(`${position + 1},${cosine.toFixed(6)},${second}\n`);
      if (lines.length < linesAtOnce && position + 1 < cosines.length) continue;
      writeSync(descriptor, lines.join(''));
      lines = [];
    }
  } finally {
    closeSync(descriptor);
  }
}
