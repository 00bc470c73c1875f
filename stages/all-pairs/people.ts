import { fail } from '../../src/core/failure.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import { failures } from './failures.ts';

/** Who is on the image of each row: the folder in its name, or the label in the packed set. */
export function peopleOf(store: FeatureStore, dataset: string | undefined): readonly (string | number)[] {
  if (dataset === undefined) return Array.from(store.names, folderOf);
  const set = new PackedDataset(dataset);
  try {
    return Array.from(store.names, (name) => {
      const index = Number(name.slice(name.lastIndexOf('/') + 1));
      if (!Number.isInteger(index) || index < 0 || index >= set.imageCount) {
        const facts = { found: `a row is named ${name}`, expected: `a number below ${set.imageCount}` };
        return fail(failures.otherDataset(facts, { file: dataset }));
      }
      const { label } = set.readImage(index);
      return typeof label === 'number' ? label : (label[0] ?? 0);
    });
  } finally {
    set.close();
  }
}

/** An image that is in no folder is alone. */
function folderOf(name: string): string {
  const end = name.lastIndexOf('/');
  return end < 0 ? name : name.slice(0, end);
}
