import type { EngineIdentity } from '../../core/engine-identity.ts';
import type { InputNormalization } from '../net/exchange/model-format.ts';
import { licencesOfModels, researchNotice } from '../net/model/weight-licences.ts';
import { loadEmbedder } from '../net/sessions/embedder.ts';
import { EmbeddedSet } from './embedded-set.ts';
import { type EmbeddingEvent, embeddingProgress } from './features/embedding-progress.ts';

export interface EmbedOneSet {
  /** Folder of a packed set. */
  readonly dataset: string;
  /** A model folder, or a file of any model format. */
  readonly model: string;
  /** Where the rows are kept while they are computed. */
  readonly rowsFile: string;
  readonly engine: EngineIdentity;
  readonly threads: number;
  readonly normalization?: InputNormalization | undefined;
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly emit: (event: EmbeddingEvent | LogEvent) => void;
}

interface LogEvent {
  readonly type: 'log';
  readonly level: 'info' | 'warning';
  readonly message: string;
}

/** Embeds a packed set with a model; the caller closes it. Fails as `loadEmbedder`, `PackedDataset` and `embedImages` do. */
export async function embedSet(options: EmbedOneSet): Promise<EmbeddedSet> {
  const { dataset, model, rowsFile, engine, threads, normalization, batch, signal, emit } = options;
  const notice = researchNotice(licencesOfModels([model]));
  if (notice !== undefined) emit({ type: 'log', level: 'warning', message: notice });
  const embedder = await loadEmbedder({ model, engine, threads, normalization });
  try {
    const set = new EmbeddedSet(dataset, rowsFile, embedder.embeddingSize);
    try {
      emit({ type: 'log', level: 'info', message: `computing with ${embedder.computesWith}` });
      const onProgress = embeddingProgress(emit, { total: set.set.imageCount, known: set.done });
      await set.embed({ embedder, batch, signal, onProgress });
      return set;
    } catch (error) {
      set.close();
      throw error;
    }
  } finally {
    await embedder.dispose();
  }
}
