import { fail } from '../../core/failure.ts';
import type { Property } from '../codec/insightface/property-file.ts';
import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import type { RecordFile } from '../codec/mxnet/record-file.ts';
import { checkImage, isDamage } from '../image/image-header.ts';
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
