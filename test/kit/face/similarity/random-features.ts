import { Random } from '../../../../src/core/random.ts';
import { FeatureWriter } from '../../../../src/kit/face/features/feature-writer.ts';

/** Vectors of people: each person has a direction, from which images differ by `spread`. Length 1, float32. */
export function personVectors(
  images: readonly number[],
  { columns, spread, seed }: { readonly columns: number; readonly spread: number; readonly seed: number },
): Float32Array {
  const random = new Random(seed);
  const values = new Float32Array(images.reduce((sum, count) => sum + count, 0) * columns);
  let row = 0;
  for (const count of images) {
    const centre = Array.from({ length: columns }, () => random.normal());
    for (let image = 0; image < count; image += 1) {
      const vector = centre.map((value) => value + spread * random.normal());
      const length = Math.hypot(...vector);
      values.set(
        vector.map((value) => value / length),
        row * columns,
      );
      row += 1;
    }
  }
  return values;
}

/** Writes a folder of features as the stages do; the row of each name. */
export function writeFeatureFolder(
  folder: string,
  names: readonly string[],
  { values, columns, contract = 'c0ffee' }: { values: Float32Array; columns: number; contract?: string },
): void {
  const writer = new FeatureWriter({ folder, columns, layout: 'matrix', suffix: '' });
  for (const [row, name] of names.entries()) writer.add(name, values.slice(row * columns, (row + 1) * columns));
  writer.finish({ models: ['model'], engine: { name: 'cpu', version: '0' }, contract });
}

/** `<person>/<image>` of so many images of each person. */
export function personNames(images: readonly number[]): readonly string[] {
  return images.flatMap((count, person) =>
    Array.from({ length: count }, (_, image) => `person ${person}/${image}.jpg`),
  );
}
