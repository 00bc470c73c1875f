import { type Communicator, shareOf } from '../ranks/communicator.ts';
import type { Embedder } from './inference-session.ts';

/** An embedder whose work is shared among ranks: each is asked the same, embeds a part of it, and has the answer of all. */
export function spreadEmbedder(embedder: Embedder, ranks: Communicator): Embedder {
  const { height, width, embeddingSize, computesWith } = embedder;
  return {
    ...{ height, width, embeddingSize, computesWith },
    dispose: () => embedder.dispose(),
    async embed(pixels, count) {
      const { first, count: own } = shareOf(count, ranks);
      const bytes = height * width * 3;
      // Messages are of equal length: where the images do not divide, the last row of some is empty.
      const most = Math.ceil(count / ranks.size);
      const rows = new Float32Array(most * embeddingSize);
      if (own > 0) rows.set(await embedder.embed(pixels.subarray(first * bytes, (first + own) * bytes), own));
      const all = ranks.gather(rows);
      const result = new Float32Array(count * embeddingSize);
      for (let rank = 0; rank < ranks.size; rank += 1) {
        const part = shareOf(count, { rank, size: ranks.size });
        const start = rank * most * embeddingSize;
        result.set(all.subarray(start, start + part.count * embeddingSize), part.first * embeddingSize);
      }
      return result;
    },
  };
}
