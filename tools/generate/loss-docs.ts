import type { Json } from '../../src/core/digest.ts';
import { losses } from '../../src/kit/net/losses/index.ts';
import type { Loss } from '../../src/kit/net/losses/loss.ts';
import { lossTable } from './loss-table.ts';
import { markdownTable } from './markdown-table.ts';

/** What this page shows of a loss. */
type Shown = Pick<Loss<never>, 'summary' | 'formula' | 'source' | 'index'> & {
  readonly options: object;
  readonly sampling?: unknown;
};

/** docs/losses.md: every loss of the registry with its formula, source, options, and number in the 2018 system. */
export function lossDocs(root: string): string {
  const entries = Object.entries<Shown>(losses);
  return [
    '# Losses',
    '',
    'Generated from the registry in `src/kit/net/losses` by `npm run generate`; not to be edited.',
    '',
    'A loss is chosen by name in an experiment, `loss: { name: arcface, margin: 0.5 }`. Each option has a default, or may be left',
    'out and then does nothing. Values, gradients and states are compared with the automatic derivative of PyTorch in float64',
    '(`npm run test:peers`) and with the formulas on plain numbers (`npm test`), on all engines.',
    '',
    'Letters: e is an embedding, x the same at length 1 (norms are sqrt(sum e^2 + 1e-10)), y the label, w_j the centre of class j',
    'at length 1, c_j = x.w_j, c = c_y = cos(theta), s the scale. Where a formula is a term of the label only, the other classes have',
    's c_j, and the loss is -log softmax at the label, its mean over the batch. Angles are taken of cosines kept 1e-7 away from 1 and',
    '-1, where the derivative is infinite; the 2018 system does not do that, and gets NaN there.',
    '',
    '## Overview',
    '',
    'The number is that of `--loss-type`. Losses that compare the images of a batch need several of each identity in it.',
    '',
    ...markdownTable(
      ['loss', 'in 2018', 'what it does', 'batches'],
      entries.map(([name, { index, summary, sampling }]) => [
        `[\`${name}\`](#${name})`,
        index === undefined ? '' : String(index),
        summary,
        sampling === undefined ? 'shuffled' : 'by identity',
      ]),
    ),
    '',
    ...lossTable(root),
    ...entries.flatMap(([name, loss]) => section(name, loss)),
  ].join('\n');
}

function section(name: string, { summary, formula, source, options }: Shown): string[] {
  const rows = Object.entries<Readonly<Record<string, Json>>>({ ...options }).map(([option, schema]) => [
    `\`${option}\``,
    valuesOf(schema),
    schema['default'] === undefined ? '(left out)' : textOf(schema['default']),
    textOf(schema['description']),
  ]);
  return [
    `## ${name}`,
    '',
    summary,
    '',
    '```text',
    formula,
    '```',
    '',
    `Source: ${source}.`,
    '',
    ...(rows.length === 0 ? [] : [...markdownTable(['option', 'values', 'default', 'meaning'], rows), '']),
  ];
}

const textOf = (value: Json = ''): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Names, or a type and its limits. */
function valuesOf(schema: Readonly<Record<string, Json>>): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].join(', ');
  const limits = [
    ['minimum', 'from'],
    ['exclusiveMinimum', 'above'],
    ['maximum', 'to'],
    ['exclusiveMaximum', 'below'],
  ].flatMap(([keyword = '', word = '']) => {
    const limit = schema[keyword];
    return typeof limit === 'number' ? [`${word} ${Number(limit.toFixed(4))}`] : [];
  });
  return [textOf(schema['type']), ...limits].join(' ');
}
