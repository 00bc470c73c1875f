import { type Measured, nonMatch } from '../../src/kit/face/uncertainty/measured.ts';
import type { TarAtFar, VerificationResult, WrongPair } from '../../src/kit/face/verification-result.ts';
import { chartFigure, quietColour, type Series } from '../../src/kit/draw/chart.ts';
import { histogram, type Point } from '../../src/kit/draw/points.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { fixed, groupedInteger, percentText } from '../../src/kit/draw/number-text.ts';
import { discardDetails } from './discard-section.ts';
import { groupDetails } from './group-section.ts';
import type { Verification } from './read-inputs.ts';
import { errorCurves } from './error-curves.ts';
import { meanThreshold } from './roc.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { drawTable } from '../../src/kit/draw/table.ts';
import { counted } from '../../src/core/human.ts';

const histogramBins = 48;
/** Of more sets than these the details are folded away: the table above and the curves have all of them. */
const mostOpen = 3;

/** What the verifications measured; undefined if there are none. */
export function verificationSection(verifications: readonly Verification[]): Html | undefined {
  if (verifications.length === 0) return undefined;
  return markup`<section id="verification">
    <h2>Verification</h2>
    <p>
      Two images count as one person where the squared distance of their embeddings is below a threshold. An embedding
      is the sum of the network's outputs for an image and for its mirror image, scaled to length one; distances are
      between 0 and 4.
    </p>
    ${resultsTable(verifications)}
    ${errorCurves(verifications)}
    ${verifications.map((each) => (verifications.length > mostOpen ? foldedDetails(each) : setDetails(each, verifications.length > 1)))}
  </section>`;
}

function resultsTable(verifications: readonly Verification[]): Html {
  const folds = Math.max(...verifications.map(({ result }) => result.folds.length));
  const choice =
    folds > 1
      ? `The pairs are cut into ${folds} folds; the threshold of each is the one that decides most pairs of the other folds rightly, so no pair chooses the threshold it is judged by.`
      : 'The threshold was chosen on the same pairs it is judged by, which flatters the accuracy.';
  return drawTable(
    verifications,
    [
      { title: 'set', cell: ({ name }) => name },
      { title: 'pairs', numeric: true, cell: ({ result }) => pairsText(result) },
      { title: 'accuracy', numeric: true, cell: ({ result }) => markup`<b>${fixed(result.accuracy, 4)}</b>` },
      { title: '±', numeric: true, cell: ({ result }) => fixed(result.deviation, 4) },
      { title: '95 %', numeric: true, cell: ({ result }) => intervalText(result.uncertainty?.accuracy) },
      { title: 'EER', numeric: true, cell: ({ result }) => measuredText(result.uncertainty?.eer) },
      { title: 'without mirror', numeric: true, cell: ({ result }) => fixed(result.accuracyWithoutFlip, 4) },
      { title: 'area under ROC', numeric: true, cell: ({ result }) => fixed(result.areaUnderCurve, 4) },
      { title: 'threshold', numeric: true, cell: ({ result }) => fixed(meanThreshold(result), 3) },
      { title: 'norm', numeric: true, cell: ({ result }) => fixed(result.xnorm, 2) },
    ],
    markup`<b>Results.</b> ${choice} ±: standard deviation over the folds. 95 %: interval over draws of other people, see
      below. EER: equal error rate, with its interval. Threshold: mean over the folds. Norm: mean
      length of the embeddings before scaling.${leftOutText(verifications)}`,
  );
}

/** With how many there were, where some were left out. */
function pairsText({ pairs, leftOut }: VerificationResult): string {
  const isPart = leftOut !== undefined && leftOut.pairs.length > 0;
  return isPart ? `${groupedInteger(pairs)} of ${groupedInteger(leftOut.of)}` : groupedInteger(pairs);
}

function leftOutText(verifications: readonly Verification[]): Html {
  const sentences = verifications.flatMap(({ name, result: { leftOut, folds } }) => {
    if (leftOut === undefined || leftOut.pairs.length === 0) return [];
    const { pairs, images, inOtherFolds } = leftOut;
    const moved =
      folds.length > 1
        ? `; folds are cut out of the others, ${groupedInteger(inOtherFolds)} in another fold than before`
        : '';
    return [
      ` Of ${name}, ${counted(pairs.length, 'pair')} were left out, since ${counted(images, 'image')} cannot be read${moved}.`,
    ];
  });
  return markup`${sentences}`;
}

function intervalText(measured: Measured | undefined): string {
  if (measured === undefined) return '-';
  const { interval } = measured;
  return interval === undefined ? 'too few people' : `${fixed(interval.low, 4)} to ${fixed(interval.high, 4)}`;
}

function measuredText(measured: Measured | undefined): string {
  if (measured === undefined) return '-';
  return measured.interval === undefined
    ? fixed(measured.value, 4)
    : `${fixed(measured.value, 4)} (${intervalText(measured)})`;
}

/** Rates over all pairs at once, with their intervals: what a set can tell, and what it cannot. */
function ratesTable({ uncertainty, pairs, samePairs }: VerificationResult): Html | undefined {
  if (uncertainty === undefined) return undefined;
  const { draws, unit, units, decidability, areaUnderCurve } = uncertainty;
  const different = pairs - samePairs;
  const drawn =
    unit === 'groups'
      ? 'groups of pairs that share no person'
      : 'people (as far as equal images and pairs of one person tell who is who)';
  return drawTable(
    uncertainty.tarAtFar,
    [
      { title: 'FMR at most', numeric: true, cell: (row) => String(row.far) },
      { title: 'FNMR', numeric: true, cell: (row) => (row.isMeasurable ? fixed(1 - row.value, 4) : 'not measurable') },
      {
        title: '95 %',
        numeric: true,
        cell: (row) => (row.isMeasurable ? intervalText(nonMatch(row)) : `below 1/${groupedInteger(different)}`),
      },
      { title: 'FMR reached', numeric: true, cell: (row) => (row.isMeasurable ? row.reached.toPrecision(2) : '-') },
      { title: 'distance', numeric: true, cell: (row) => (row.isMeasurable ? fixed(row.distance, 3) : '-') },
    ],
    markup`<b>Error rates at stated points</b> (ISO/IEC 19795-1: false non-match rate, FNMR, where the false match rate, FMR, is
      at most a target), over all pairs at once. 95 %: percentiles over ${groupedInteger(draws)} draws of the set's ${groupedInteger(units)} ${drawn}
      with replacement; pairs of one person come and go together. Area under ROC ${intervalText(areaUnderCurve)},
      d' ${fixed(decidability.value, 2)} (${intervalText(decidability)}). Too few people: for an interval that would hold the truth as
      often as it says, in all or among the pairs that set the threshold.`,
  );
}

function foldedDetails(verification: Verification): Html {
  return markup`<details>
    <summary>${verification.name}: accuracy ${fixed(verification.result.accuracy, 4)}</summary>
    ${setDetails(verification, false)}
  </details>`;
}

function setDetails({ name, result }: Verification, named: boolean): Html {
  return markup`<div class="set">
    ${named ? markup`<h3>${name}</h3>` : undefined}
    <div class="columns">
      ${distanceFigure(result)}
      <div>${tarTable(result)} ${ratesTable(result)}</div>
    </div>
    <div class="columns">${foldTable(result)}${foldFigure(result)}</div>
    ${worstFigure(result)} ${result.groups === undefined ? undefined : groupDetails(result.groups)}
    ${discardDetails(result.discard ?? [])}
  </div>`;
}

function distanceFigure(result: VerificationResult): Html {
  const distancesOf = (kind: boolean): number[] => result.distances.filter((_, pair) => result.same[pair] === kind);
  const domain = niceDomain([0, ...result.distances]);
  const bars = ([true, false] as const).map((kind): Series => {
    const { edges, counts } = histogram(distancesOf(kind), domain, histogramBins);
    const points = edges.map((edge, index): Point => [edge, counts[index] ?? 0]);
    return { name: kind ? 'same person' : 'different people', kind: 'area', colour: kind ? 0 : 1, points };
  });
  const highest = bars.flatMap(({ points }) => points.map(([, count]) => count));
  return chartFigure(
    'Distances',
    {
      summary: 'Histogram of the distances of same and of different pairs',
      x: { label: 'squared distance', domain },
      y: { label: 'pairs', domain: niceDomain([0, ...highest]) },
      series: bars,
      marks: [{ x: meanThreshold(result), label: `threshold ${fixed(meanThreshold(result), 2)}` }],
    },
    `${groupedInteger(result.samePairs)} pairs of the same and ${groupedInteger(differentPairs(result))} of different people in bins of ${fixed((domain[1] - domain[0]) / histogramBins, 3)}.`,
  );
}

function tarTable(result: VerificationResult): Html {
  const measured = (row: TarAtFar, text: string): Html | string =>
    isBeyond(row, result) ? markup`<span class="dim">-</span>` : text;
  const tar = (row: TarAtFar): Html | string =>
    isBeyond(row, result) ? markup`<span class="dim">not measurable</span>` : fixed(row.tar, 4);
  return drawTable(
    result.tarAtFar,
    [
      { title: 'FAR', numeric: true, cell: (row) => String(row.far) },
      { title: 'TAR', numeric: true, cell: tar },
      { title: '±', numeric: true, cell: (row) => measured(row, fixed(row.deviation, 4)) },
      { title: 'FAR measured', numeric: true, cell: (row) => measured(row, fixed(row.measuredFar, 4)) },
      { title: 'threshold', numeric: true, cell: (row) => measured(row, fixed(row.threshold, 3)) },
    ],
    markup`<b>True acceptance at a false acceptance rate.</b> The threshold is where the other folds reach the rate; TAR
      and the FAR measured are those of the fold itself, means over the folds. Not measurable: so small a rate is less than one of the
      ${groupedInteger(differentPairs(result))} different pairs.`,
  );
}

function isBeyond({ far, folds }: TarAtFar, result: VerificationResult): boolean {
  return folds === 0 || far * differentPairs(result) < 1;
}

function foldTable(result: VerificationResult): Html {
  return drawTable(
    result.folds,
    [
      { title: 'fold', numeric: true, cell: (_, index) => index + 1 },
      { title: 'pairs', numeric: true, cell: (fold) => groupedInteger(fold.pairs) },
      { title: 'threshold', numeric: true, cell: (fold) => fixed(fold.threshold, 2) },
      { title: 'accuracy', numeric: true, cell: (fold) => fixed(fold.accuracy, 4) },
    ],
    markup`<b>Folds.</b> The threshold of each fold was chosen on all others.`,
  );
}

function foldFigure(result: VerificationResult): Html | undefined {
  const { folds, accuracy } = result;
  if (folds.length < 2) return undefined;
  const accuracies = folds.map((fold) => fold.accuracy);
  // Below the lowest dot, which would otherwise be on the axis.
  const lowest = Math.max(0, Math.floor(Math.min(...accuracies) * 20 - 0.2) / 20);
  return chartFigure(
    'Accuracy of the folds',
    {
      summary: 'Accuracy of each fold and their mean',
      x: { label: 'fold', domain: [0, folds.length + 1] },
      y: { label: 'accuracy', domain: [lowest, 1] },
      series: [
        {
          name: '',
          kind: 'dashed',
          colour: quietColour,
          points: [
            [0, accuracy],
            [folds.length + 1, accuracy],
          ],
        },
        { name: 'fold', kind: 'dots', colour: 0, points: accuracies.map((each, index): Point => [index + 1, each]) },
      ],
    },
    `Dashed: their mean, ${percentText(accuracy)}.`,
  );
}

function worstFigure({ worst }: VerificationResult): Html {
  const shown = [...worst.falseAccepts, ...worst.falseRejects].filter(({ thumbnails }) => thumbnails.length === 2);
  if (worst.falseAccepts.length + worst.falseRejects.length === 0) return markup`<p>No pair was decided wrongly.</p>`;
  if (shown.length === 0) return markup``;
  return markup`<div class="columns">
    ${pairSheet('Different people taken for one', 'nearest first', worst.falseAccepts)}
    ${pairSheet('One person taken for two', 'farthest first', worst.falseRejects)}
  </div>`;
}

function pairSheet(title: string, order: string, pairs: readonly WrongPair[]): Html {
  const cards = pairs.map(
    ({ pair, distance, threshold, thumbnails }) =>
      markup`<li>
        ${thumbnails.filter(isImage).map((source, side) => markup`<img src="${source}" alt="pair ${pair + 1}, ${side === 0 ? 'left' : 'right'}" />`)}<span
          >${apart(distance, threshold)}</span
        >
      </li>`,
  );
  const none =
    pairs.length === 0
      ? 'None.'
      : `The worst ${pairs.length}, ${order}; below each its distance and the threshold of its fold.`;
  return markup`<figure class="pairs">
    <ul>
      ${cards}
    </ul>
    <figcaption><b>${title}.</b> ${none}</figcaption>
  </figure>`;
}

/** Both with so many digits that they differ as the sign between them says. */
function apart(distance: number, threshold: number): Html {
  let digits = 2;
  while (digits < 6 && fixed(distance, digits) === fixed(threshold, digits)) digits += 1;
  const sign = distance < threshold ? '<' : '≥';
  return markup`${fixed(distance, digits)} <i>${sign} ${fixed(threshold, digits)}</i>`;
}

/** Only images that are part of the page itself: a page must not ask anyone for anything. */
function isImage(source: string): boolean {
  return /^data:image\/(?:jpeg|png);base64,[\w+/=]+$/.test(source);
}

function differentPairs({ pairs, samePairs }: VerificationResult): number {
  return pairs - samePairs;
}
