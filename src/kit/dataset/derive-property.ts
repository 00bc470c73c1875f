import { fail, FailureError } from '../../core/failure.ts';
import type { Property } from '../codec/insightface/property-file.ts';
import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import type { RecordFile } from '../codec/mxnet/record-file.ts';
import { surveyRecords } from '../codec/mxnet/survey-records.ts';
import { otherSize } from '../image/frequent-size.ts';
import { requireSound } from '../image/image.ts';
import { checkImage, isDamage } from '../image/image-header.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';

/**
 * What the `property` file of a packed set says, out of its records: one more than the largest class, and the size of the
 * first image. Today's packers (RecBuilder, scripts around MXIndexedRecordIO) leave the file out. Fails with `empty-set`
 * if no record holds an image, and with `damaged-file` if a class is no whole number.
 */
export function deriveProperty(records: RecordFile): Property {
  let identities = 0;
  let size: { readonly height: number; readonly width: number } | undefined;
  for (const { offset } of records.scan()) {
    const record = records.readAt(offset);
    if (record.payload.length === 0) continue;
    const { label } = faceLabelOf({ ...record, offset }, records.path, 'class');
    identities = Math.max(identities, label + 1);
    if (size !== undefined) continue;
    const found = checkImage(record.payload);
    if (found !== undefined && !isDamage(found)) size = found;
  }
  if (size === undefined) return fail(failures.emptySet({}, { file: records.path }));
  return { identities, height: size.height, width: size.width };
}

/**
 * The same of the records that can be read, as `openPackedSet` takes them with `unreadable: drop`: those of the size that
 * most images have. The others, but for records of identities, are handed to `onLeftOut` in words. Undefined if there is no
 * other. Where images have several sizes the file is read twice.
 */
export function deriveReadableProperty(records: RecordFile, onLeftOut: (what: string) => void): Property | undefined {
  const tallies = new Map<string, { readonly size: ImageSize; count: number; largest: number }>();
  for (const { label, size } of readableImages(records, onLeftOut)) {
    const key = `${size.width} x ${size.height}`;
    const tally = tallies.get(key) ?? { size, count: 0, largest: -1 };
    tally.count += 1;
    tally.largest = Math.max(tally.largest, label);
    tallies.set(key, tally);
  }
  const [most] = [...tallies.values()].sort((one, other) => other.count - one.count);
  if (most === undefined) return undefined;
  if (tallies.size > 1) {
    for (const { name, size } of readableImages(records, () => undefined)) {
      const problem = otherSize(size, most.size);
      if (problem !== undefined) onLeftOut(`${name}: ${problem}`);
    }
  }
  return { identities: most.largest + 1, height: most.size.height, width: most.size.width };
}

interface ReadableImage {
  readonly name: string;
  readonly label: number;
  readonly size: ImageSize;
}

function* readableImages(records: RecordFile, onLeftOut: (what: string) => void): Generator<ReadableImage> {
  for (const each of surveyRecords(records)) {
    if (each.found === 'damage') {
      onLeftOut(`bytes ${each.start} to ${each.end}: ${each.problem}`);
      continue;
    }
    const { offset } = each;
    const record = records.readAt(offset);
    const name = `record ${record.id} at byte ${offset}`;
    const problem = record.payload.length === 0 ? 'it holds no image' : undefined;
    // A record of an identity holds a range, and no image.
    if (problem !== undefined && typeof record.label !== 'number') continue;
    try {
      const { label } = faceLabelOf({ ...record, offset }, records.path, 'class');
      const size = problem === undefined ? requireSound(record.payload, { file: records.path, offset }) : undefined;
      if (size === undefined) onLeftOut(`${name}: ${problem ?? 'its size is not in its header'}`);
      else yield { name, label, size };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      onLeftOut(`${name}: ${error.failures[0].message}`);
    }
  }
}
