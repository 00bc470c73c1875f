import { type Html, type Insertable, markup } from '../../src/kit/draw/html.ts';
import { fixed, groupedInteger } from '../../src/kit/draw/number-text.ts';
import { type Column, drawTable } from '../../src/kit/draw/table.ts';
import type { Identification, IdentifiedRate } from './read-identifications.ts';

/** How often the mate was found among distractors, a line per evaluation; undefined if there are none. */
export function identificationSection(identifications: readonly Identification[]): Html | undefined {
  if (identifications.length === 0) return undefined;
  const ranks = [...new Set(identifications.flatMap(({ result }) => result.identification.map(({ rank }) => rank)))];
  const rates = [...new Set(identifications.flatMap(({ result }) => result.verification.map(({ far }) => far)))];
  return markup`<section id="identification">
    <h2>Identification</h2>
    <p>
      Of every two images of one person among the probes, one is hidden among the distractors and the other looks for it.
      Rank-1 is the share of these trials in which no distractor is closer.
    </p>
    ${drawTable(
      identifications,
      [
        { title: 'evaluation', cell: ({ name }) => name },
        { title: 'distractors', numeric: true, cell: ({ result }) => groupedInteger(result.size) },
        { title: 'excluded', numeric: true, cell: ({ result }) => groupedInteger(result.excluded) },
        { title: 'trials', numeric: true, cell: ({ result }) => groupedInteger(result.trials) },
        ...ranks.sort((a, b) => a - b).map(rankColumn),
        ...rates.sort((a, b) => b - a).map(rateColumn),
      ],
      markup`<b>Searches among distractors.</b> Below each rate its 95 % interval over draws of other people. Excluded:
        distractors that count, but are noise and never closer. TAR: share of the pairs of one person that are
        accepted at a threshold which accepts at most this share (FAR) of all pairs of a probe and a distractor; a dash
        where there are too few pairs to tell.`,
    )}
  </section>`;
}

function rankColumn(rank: number): Column<Identification> {
  return {
    title: `rank-${rank}`,
    numeric: true,
    cell: ({ result }) => rateText(result.identification.find((each) => each.rank === rank)),
  };
}

function rateColumn(far: number): Column<Identification> {
  return {
    title: `TAR at FAR ${far}`,
    numeric: true,
    cell: ({ result }) => rateText(result.verification.find((each) => each.far === far && each.isMeasurable)),
  };
}

function rateText(rate: IdentifiedRate | undefined): Insertable {
  if (rate === undefined) return '-';
  const { value, interval } = rate;
  if (interval === undefined) return fixed(value, 4);
  return markup`${fixed(value, 4)}<br /><small>${fixed(interval.low, 4)} to ${fixed(interval.high, 4)}</small>`;
}
