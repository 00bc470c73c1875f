import { unitSum } from '../pair-distances.ts';
import type { FeatureIndex, FeatureLayout } from './feature-index.ts';
import { FeatureWriter } from './feature-writer.ts';
import type { NamedImages } from './named-images.ts';
import type { RowFile } from './row-file.ts';

export interface RowsRequest {
  readonly images: NamedImages;
  /** One per network; all hold rows of the same images. */
  readonly files: readonly RowFile[];
  readonly columns: number;
  readonly layout: FeatureLayout;
  readonly suffix: string;
  readonly folder: string;
  readonly facts: Pick<FeatureIndex, 'models' | 'engine' | 'contract'>;
}

/** Writes a folder of features from rows; docs/formats/features.md describes it. Returns how many images have no row. */
export function writeRows({ images, files, columns, layout, suffix, folder, facts }: RowsRequest): number {
  const [first] = files;
  const writer = new FeatureWriter({ folder, columns, layout, suffix });
  const unreadable: string[] = [...images.unreadable];
  let position = 0;
  const passUntil = (end: number): void => {
    for (; position < end; position += 1) unreadable.push(images.nameAt(position));
  };
  for (let row = 0; row < (first?.count ?? 0); row += 1) {
    const parts = files.map((file) => file.at(row));
    const [found, ...others] = parts.map((part) => part.position);
    // An image that one network was given and another was not has changed meanwhile.
    if (found === undefined || others.some((other) => other !== found))
      throw new Error(`row ${row} is of several images`);
    passUntil(found);
    writer.add(
      images.nameAt(found),
      joined(
        parts.map((part) => part.values),
        columns,
      ),
    );
    position = found + 1;
  }
  passUntil(images.length);
  writer.finish({ ...facts, ...(unreadable.length === 0 ? {} : { unreadable }) });
  return unreadable.length;
}

/** The rows of one image by all networks behind each other, brought to length 1 again where there are several. */
function joined(parts: readonly Float32Array[], columns: number): Float32Array {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const row = new Float32Array(columns);
  let place = 0;
  for (const part of parts) {
    row.set(part, place);
    place += part.length;
  }
  const unit = new Float64Array(columns);
  unitSum([row], unit);
  return Float32Array.from(unit);
}
