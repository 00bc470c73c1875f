import { parseArgs } from 'node:util';
import { coverageOf } from './intervals/coverage.ts';
import { designs } from './intervals/simulated-set.ts';

/**
 * How often 95 % intervals hold the truth, in sets that are simulated with a known one: of accuracy, of the difference of two
 * models, of TAR at FAR, of the EER, of the area, and of two groups. `npm run --silent build && node dist/bench/intervals.js`; a share of 1,000 sets has a
 * standard error of 0.7 %.
 */
const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: '1000' },
    /** Draws for each interval: fewer than the 1,000 of the stage, which would take hours. */
    draws: { type: 'string', default: '200' },
    /** Only designs whose name holds this. */
    only: { type: 'string', default: '' },
  },
});

const sets = Array.from({ length: Number(values.sets) }, (_, set) => set + 1);

for (const [name, design] of Object.entries(designs)) {
  if (!name.includes(values.only)) continue;
  const coverages = coverageOf({ design, sets, draws: Number(values.draws), rates: [0.1, 0.01] });
  process.stdout.write(`${name}\n`);
  for (const { figure, held, below, above, without } of coverages) {
    const given = held + below + above;
    const percent = (count: number): string => `${((100 * count) / given).toFixed(1)} %`;
    const missed = `interval below it ${percent(below)}, above it ${percent(above)}`;
    const none = without === 0 ? '' : `; of ${without} sets none is given`;
    const says = given === 0 ? 'no interval is given' : `holds the truth ${percent(held)}, ${missed}${none}`;
    process.stdout.write(`  ${figure.padEnd(28)} ${says}\n`);
  }
}
