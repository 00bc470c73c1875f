import { meanOf, sampleDeviation } from '../../src/core/statistics.ts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown-table.ts';

/** As bench/loss-table.ts writes it. */
interface LossTable {
  readonly trainings: readonly TableTraining[];
}

interface TableTraining {
  readonly loss: string;
  readonly gradient: string;
  readonly seed: number;
  /** Over ten folds. */
  readonly accuracy: number;
  readonly areaUnderCurve: number;
  readonly steps: number;
  readonly batch: number;
  readonly engine: string;
}

/** The section of docs/losses.md on what bench/results/loss-table.json has measured, the best first; none before it was measured. */
export function lossTable(root: string): string[] {
  const file = join(root, 'bench', 'results', 'loss-table.json');
  if (!existsSync(file)) return [];
  const { trainings } = JSON.parse(readFileSync(file, 'utf8')) as LossTable;
  const [first] = trainings;
  if (first === undefined) throw new Error(`${file} has no trainings`);
  const losses = [...new Set(trainings.map(({ loss }) => loss))];
  const rows = losses.map((loss) => ({
    loss,
    cells: ['exact', 'straight-through'].map((gradient) => {
      const own = trainings.filter((training) => training.loss === loss && training.gradient === gradient);
      return { accuracy: own.map(({ accuracy }) => accuracy), area: own.map(({ areaUnderCurve }) => areaUnderCurve) };
    }),
  }));
  const meanOfExact = ({ cells }: (typeof rows)[number]): number => meanOf(cells[0]?.accuracy ?? []);
  return [
    '## Side by side',
    '',
    `Measured with [pipelines/loss-table.yaml](../pipelines/loss-table.yaml): y1 with 128 floats from nothing, ${first.steps} steps of ${first.batch} drawn`,
    'images of 40 people, verified on 600 pairs of 20 others. Accuracy in percent, mean and standard deviation over the seeds,',
    'and the mean area under the curve. So short a training tells how fast a loss begins to teach, not how good it gets: its',
    'margins and scales are for millions of images. Differences of less than two deviations say nothing.',
    '',
    ...markdownTable(
      ['loss', 'seeds', 'accuracy, exact', 'area', 'seeds', 'accuracy, straight-through', 'area'],
      [...rows]
        .sort((a, b) => meanOfExact(b) - meanOfExact(a))
        .map(({ loss, cells }) => [
          `\`${loss}\``,
          ...cells.flatMap(({ accuracy, area }) =>
            accuracy.length === 0 ? ['', '', ''] : [String(accuracy.length), spread(accuracy), meanOf(area).toFixed(3)],
          ),
        ]),
    ),
    '',
    `Engine: ${first.engine}.`,
    '',
  ];
}

/** Mean and sample standard deviation, in percent. */
function spread(values: readonly number[]): string {
  const percent = (share: number): string => (100 * share).toFixed(1);
  const average = percent(meanOf(values));
  return values.length === 1 ? average : `${average} ± ${percent(sampleDeviation(values))}`;
}
