import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { basename, join } from 'node:path';
import type { StageContext } from '../../src/stage-api/stage.ts';
import type { FolderIdentity } from '../../src/kit/dataset/image-folder.ts';
import { embedRows } from '../../src/kit/face/features/embed-rows.ts';
import { embeddingProgress } from '../../src/kit/face/features/embedding-progress.ts';
import { RowFile } from '../../src/kit/face/features/row-file.ts';
import { openProducts } from '../../src/kit/face/similarity/products.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { type EmbeddedFold, type HardPairs, hardPairs } from './hard-pairs.ts';
import type { PeopleSource } from './people-source.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** The hard pairs of each fold by a model, which embeds images as `verify` does: each as it is and mirrored, added. */
export async function hardPairsOf(context: Context, model: string, people: DealtPeople): Promise<HardPairs[]> {
  const { params, engine, cpus: threads, signal, scratch } = context;
  const notice = researchNotice(licencesOfModels([model]));
  if (notice !== undefined) context.emit({ type: 'log', level: 'warning', message: notice });
  const embedder = await loadEmbedder({
    model,
    engine,
    threads,
    normalization: chosenNormalization(params.normalization),
  });
  const message = `looks for hard pairs by ${basename(model)}, computing with ${embedder.computesWith}`;
  context.emit({ type: 'log', level: 'info', message });
  const columns = embedder.embeddingSize;
  const file = new RowFile(join(scratch, 'rows'), columns);
  try {
    await embedAll(context, { ...people, embedder, file }).finally(() => embedder.dispose());
    const products = await openProducts({ engine, threads, columns });
    try {
      const rows = file.rows();
      const found: HardPairs[] = [];
      for (const fold of people.folds) found.push(await hardPairs(takeFold(fold, rows, columns), products, signal));
      return found;
    } finally {
      await products.dispose();
    }
  } finally {
    file.close();
  }
}

/** Who is in which fold, and where their images are. */
export interface DealtPeople {
  readonly folds: readonly (readonly FolderIdentity[])[];
  readonly source: PeopleSource;
}

interface Pass extends DealtPeople {
  readonly embedder: Awaited<ReturnType<typeof loadEmbedder>>;
  readonly file: RowFile;
}

/** Fold by fold, person by person. */
async function embedAll(context: Context, { folds, source, embedder, file }: Pass): Promise<void> {
  const { params, signal } = context;
  const names = folds.flat().flatMap(({ name, images }) => images.map((image) => ({ name, image })));
  const progress = embeddingProgress(
    (event) => {
      context.emit(event);
    },
    { total: names.length, known: file.next },
  );
  await embedRows({
    ...{ embedder, file, batch: params.batch, signal },
    images: {
      length: names.length,
      at: (index) => {
        const wanted = names[index];
        return wanted && source.imageOf(wanted.name, wanted.image);
      },
    },
    onProgress: progress,
  });
}

/** The next rows are those of its images. */
function takeFold(people: readonly FolderIdentity[], rows: ReturnType<RowFile['rows']>, columns: number): EmbeddedFold {
  const images = people.flatMap((each, person) => each.images.map((_, image) => ({ person, image })));
  const values = new Float32Array(images.length * columns);
  for (let place = 0; place < images.length; place += 1) {
    const next = rows.next();
    if (next.done === true) throw new Error('there are fewer rows than images');
    values.set(next.value.values, place * columns);
  }
  return { images, rows: values, columns };
}
