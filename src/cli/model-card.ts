import { licenceText, type WeightLicence } from '../kit/net/model/weight-licences.ts';
import type { Interval } from '../kit/face/uncertainty/proportion.ts';
import type { SharedPeople } from '../kit/face/shared-people.ts';
import type { VerificationResult } from '../kit/face/verification-result.ts';
import type { Json } from '../core/digest.ts';

/** What a model card tells of a network. */
export interface ModelFacts {
  readonly name: string;
  /** Files beside the card, with their SHA-256. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly input: { readonly width: number; readonly height: number; readonly template: string };
  readonly embeddingSize: number;
  readonly layers: number;
  readonly parameterCount: number;
  /** How much the written network differs from the one that was read, a line each. */
  readonly comparison: readonly string[];
  readonly licences: readonly WeightLicence[];
  /** How it came to be, as its file tells it. */
  readonly origin: Readonly<Record<string, Json>>;
  readonly results: readonly VerificationResult[];
  /** What the training has found of people that are in its validation sets too; undefined: its log is not known. */
  readonly sharedPeople: readonly SharedPeople[] | undefined;
}

/** A model card in Markdown: figures with their intervals, thresholds, origin, licences; what is not known is named too. */
export function modelCard(facts: ModelFacts): string {
  const { name, files, input, embeddingSize, layers, parameterCount, comparison, licences, origin, results } = facts;
  const sections = [
    `# ${name}`,
    `Turns a face into ${embeddingSize} numbers: ${layers} layers, ${parameterCount.toLocaleString('en')} parameters. It takes RGB images of ${input.width} x ${input.height} pixels, bytes 0 to 255, with the face aligned to the template \`${input.template}\`; vectors are compared by their angle.`,
    '## Files',
    table(
      ['file', 'SHA-256'],
      files.map((file) => [`\`${file.name}\``, `\`${file.sha256}\``]),
    ),
    '## Figures',
    results.length === 0 ? 'Not measured: no record of a verification was given.' : figures(results),
    '## Thresholds',
    results.length === 0 ? 'None is known. That of another model means nothing.' : thresholds(results),
    '## Training',
    Object.keys(origin).length === 0
      ? 'Not recorded in the model.'
      : `\`\`\`json\n${JSON.stringify(origin, undefined, 2)}\n\`\`\``,
    '## People shared with test sets',
    people(facts),
    '## Licence',
    licences.length === 0
      ? 'Not known: the files are none that faceflow knows.'
      : licences.map((licence) => `- ${licence.name}: ${licenceText(licence)}`).join('\n'),
    '## Conversion',
    comparison.map((line) => `- ${line}`).join('\n'),
  ];
  return `${sections.join('\n\n')}\n`;
}

function figures(results: readonly VerificationResult[]): string {
  const rows = results.map(({ set, pairs, accuracy, deviation, uncertainty }) => [
    set,
    String(pairs),
    `${percent(accuracy)} ± ${percent(deviation)}`,
    uncertainty === undefined ? 'not measured' : intervalText(uncertainty.accuracy.interval),
    uncertainty === undefined
      ? 'not measured'
      : `${percent(uncertainty.eer.value)} ${intervalText(uncertainty.eer.interval)}`,
  ]);
  return table(['set', 'pairs', 'accuracy (%)', '95 % interval', 'EER (%)'], rows);
}

function thresholds(results: readonly VerificationResult[]): string {
  const rows = results.flatMap(({ set, uncertainty }) =>
    (uncertainty?.tarAtFar ?? [])
      .filter(({ isMeasurable }) => isMeasurable)
      .map(({ far, distance, value, interval }) => [
        ...[set, String(far), (1 - distance / 2).toFixed(4), distance.toFixed(4)],
        `${percent(value)} ${intervalText(interval)}`,
      ]),
  );
  return table(
    ['set', 'false acceptance rate', 'least similarity', 'squared distance', 'accepted of one person (%)'],
    rows,
  );
}

/** What the log of the training says, or else what the publishers of the weights do. */
function people({ sharedPeople, licences }: ModelFacts): string {
  const stated = licences.map(
    ({ name, trainingData }) => `As their publishers say, ${name} was trained with: ${trainingData}.`,
  );
  if (sharedPeople === undefined) {
    const unknown =
      'Not known: no log of a training was given. The stages train and remove-overlap find people of a training set in a test set.';
    return [...stated, unknown].join('\n\n');
  }
  if (sharedPeople.length === 0) return 'Not looked for: the training had no validation sets.';
  const rows = sharedPeople.map(({ set, equalImages, equalIdentities, byCentres }) => [
    set,
    String(equalImages),
    String(equalIdentities.length),
    byCentres === undefined ? 'not looked for' : String(byCentres.identities.length),
    byCentres === undefined ? '' : byCentres.closest.toFixed(2),
  ]);
  return table(['set', 'equal images', 'identities of these', 'identities by their centres', 'closest cosine'], rows);
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function intervalText(interval: Interval | undefined): string {
  return interval === undefined ? '' : `[${percent(interval.low)}, ${percent(interval.high)}]`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
