import { writeFileSync } from 'node:fs';
import { packingList, type FaceEntry } from '../../src/kit/codec/insightface/packing-list.ts';
import type { FaceRecord } from './face-record.ts';

/**
 * Writes the packing list of what was aligned, identities together as face2rec wants them, each in the order of its
 * images. Labels are those of the list that was read, or count the identities in their order from 0, those without an
 * image left out.
 */
export function writeList(path: string, records: Iterable<FaceRecord>): { readonly identities: number } {
  const labels = new Map<string, number>();
  const entries: FaceEntry[] = [];
  for (const record of records) {
    if (record.outcome === 'left-out') continue;
    const known = record.label ?? labels.get(record.identity) ?? labels.size;
    if (record.label === undefined) labels.set(record.identity, known);
    entries.push(entryOf(record, known));
  }
  entries.sort((a, b) => a.label - b.label);
  writeFileSync(path, packingList.encode({ form: 'face2rec2', entries }));
  return { identities: new Set(entries.map(({ label }) => label)).size };
}

/** An aligned image of the output, or an image of the input with its box and points. */
function entryOf({ image, file, box, points }: FaceRecord, label: number): FaceEntry {
  if (file !== undefined) return { aligned: true, path: file, label, line: 0 };
  // Boxes are whole numbers in such lists.
  const [left = 0, top = 0, right = 0, bottom = 0] = (box ?? []).map(Math.trunc);
  return {
    aligned: false,
    path: image,
    label,
    line: 0,
    ...(box === undefined ? {} : { box: [left, top, right, bottom] as const }),
    ...(points === undefined ? {} : { points: [...points.map(([x]) => x), ...points.map(([, y]) => y)] }),
  };
}
