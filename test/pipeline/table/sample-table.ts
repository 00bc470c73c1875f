import type { FilledCell, FilledTable } from '../../../src/pipeline/table/filled-table.ts';

/** A cell with a value and nothing else, changed as given. */
export function sampleCell(column: string, changes: Partial<FilledCell> = {}): FilledCell {
  return {
    ...{ column, value: 99.8333, spread: null, count: 1, published: null, difference: null, tier: null },
    ...{ isBest: false, notes: [], missing: '', tasks: ['lfw: verify[set=lfw]'], ...changes },
  };
}

/** A table with everything that a table can have, and signs that mean something in Markdown, LaTeX and HTML. */
export const sampleTable: FilledTable = {
  format: 'faceflow-table',
  version: 1,
  name: 'sample_1',
  title: 'Margins | 100 % & more_or_less <b>',
  caption: 'Target cosine cos(m1 θ + m2) − m3; files in C:\\temp, ~50 #1 {a} $x^2$ [1](2) *not bold*.',
  isSmoke: false,
  columns: [
    {
      id: 'lfw',
      title: 'LFW',
      unit: '%',
      digits: 2,
      direction: 'higher',
      group: 'Verification',
      tolerance: 0.005,
      notes: [0],
      hasPublished: true,
    },
    {
      id: 'cfp',
      title: 'CFP_FP',
      unit: '%',
      digits: 1,
      direction: 'higher',
      group: 'Verification',
      tolerance: 0.05,
      notes: [],
      hasPublished: false,
    },
    {
      id: 'loss',
      title: 'loss',
      unit: '',
      digits: 3,
      direction: 'lower',
      group: '',
      tolerance: 0.0005,
      notes: [],
      hasPublished: false,
    },
  ],
  rows: [
    {
      id: 'arcface',
      label: 'ArcFace, s = 64 | m = 0.5',
      group: 'One margin',
      notes: [],
      cells: [
        sampleCell('lfw', {
          spread: { kind: 'interval', low: 99.7, high: 99.95 },
          published: { value: 99.8, atLeast: true },
          difference: 0.0333,
          tier: 'reproduced',
          isBest: true,
        }),
        sampleCell('cfp', { value: 94.04, spread: { kind: 'deviation', value: 0.21 }, count: 3, notes: [1] }),
        sampleCell('loss', { value: -0.0004 }),
      ],
    },
    {
      id: 'none',
      label: 'softmax_1 <script>',
      group: 'No margin',
      notes: [2],
      cells: [
        sampleCell('lfw', {
          value: 99.28,
          published: { value: 99.4, atLeast: false },
          difference: -0.12,
          tier: 'differs',
        }),
        sampleCell('cfp', {
          value: null,
          count: 0,
          tier: 'not run',
          notes: [3],
          missing: 'not run: needs data/lfw.bin',
          tasks: [],
        }),
        sampleCell('loss', { value: 1.25 }),
      ],
    },
  ],
  notes: [
    '6,000 pairs.',
    'undecided: 94.0 less that of softmax_1 is +0.1 [−0.2, +0.4]',
    'Not a margin.',
    'not run: needs data/lfw.bin',
  ],
  remarks: ['In brackets 95 % intervals.'],
  source: { citation: 'Deng & others_2018 [arXiv]', url: 'https://example.org/a_(b)' },
  results: {
    'lfw: verify[set=lfw]': {
      key: '0123456789abcdef'.repeat(4),
      run: '20260101-120000-lfw',
      outputs: { verification: 'fedcba9876543210'.repeat(4) },
      document: null,
      upstream: [],
    },
  },
};
