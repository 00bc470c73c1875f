import type { FeatureStore } from './feature-store.ts';

/** Rows that follow each other are read so many bytes at a time. */
const chunkBytes = 1 << 22;

/** Rows of a store by their numbers, in this order. Of neighbours many are read at once; `values` are valid until the next row. */
export function* eachRow(
  store: FeatureStore,
  rows: ArrayLike<number>,
): Generator<{ readonly place: number; readonly values: Float32Array }> {
  const { columns } = store;
  const most = Math.max(1, Math.floor(chunkBytes / (4 * columns)));
  const chunk = new Float32Array(most * columns);
  for (let place = 0; place < rows.length;) {
    const first = rows[place] ?? 0;
    let count = 1;
    while (count < most && rows[place + count] === first + count) count += 1;
    store.read(first, count, chunk);
    for (let row = 0; row < count; row += 1, place += 1) {
      yield { place, values: chunk.subarray(row * columns, (row + 1) * columns) };
    }
  }
}
