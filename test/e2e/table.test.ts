import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilledTable } from '../../src/pipeline/table/filled-table.ts';
import { type Ended, Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

const experiment = `name: margins
params: { plus: 0, control: '' }
stages:
  train:
    uses: ./stages/measured
    matrix:
      margin: [{ name: small, value: 0.1 }, { name: large, value: 0.5 }, { name: huge, value: 0.7 }]
      seed: [1, 2, 3]
    with: { curves: { loss: [3, 1, 2] }, plus: "\${matrix.margin.value}", control: "\${params.control}" }
  verify:
    uses: ./stages/measured
    matrix: \${stages.train.matrix}
    with:
      before: \${stages.train.outputs.out}
      figures: { accuracy: "\${matrix.seed}", accuracyLow: 0, accuracyHigh: 10 }
      plus: "\${matrix.margin.value}"
profiles:
  smoke: { stages: { train: { matrix: { seed: [1] } } } }
`;

const table = `experiment: ../margins.yaml
title: Margins
over: [seed]
rows: [{ matrix: train, label: "m = {margin.value}" }]
columns:
  - { of: verify, figure: accuracy, title: LFW, direction: higher }
  - { of: train, figure: loss, direction: lower, select: best, digits: 1 }
published:
  citation: A paper (2018)
  url: https://example.org/paper
  rows:
    - { where: { margin: small }, values: { lfw: 2.104 } }
    - { where: { margin: large }, values: { lfw: 3 } }
    - { where: { margin: huge }, values: { lfw: 9 } }
`;

const forms = ['json', 'md', 'tex', 'csv', 'html'];

function read(folder: string, name = 'margins'): Record<string, string> {
  return Object.fromEntries(forms.map((form) => [form, rig.read(join(folder, `${name}.${form}`))]));
}

function filled(path = 'tables/results/margins.json'): FilledTable {
  return JSON.parse(rig.read(path)) as FilledTable;
}

function prepare(changed = table): void {
  rig.write('margins.yaml', experiment);
  rig.write('tables/margins.yaml', changed);
}

async function flow(...args: string[]): Promise<Ended> {
  return await rig.flow(['table', ...args]);
}

/** Cells by row and column, as the Markdown has them. */
function markdownRows(): string[][] {
  return rig
    .read('tables/results/margins.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

describe('flow table', () => {
  it('runs what is missing and writes five forms; again it runs nothing, and every byte is the same', async () => {
    prepare();
    const first = await flow('tables/margins.yaml');
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('18 tasks');
    const before = read('tables/results');
    expect(markdownRows()).toEqual([
      ['', 'LFW', 'published', 'loss'],
      [/^-+$/, /^-+:$/, /^-+:$/, /^-+:$/].map((rule) => expect.stringMatching(rule) as string),
      ['m = 0.1', '2.10 ± 1.00', '2.104 (0.00, reproduced)', '**1.1 ± 0.0**'],
      ['m = 0.5', '2.50 ± 1.00', '3 (−0.50, within spread)', '1.5 ± 0.0'],
      ['m = 0.7', '**2.70 ± 1.00**', '9 (−6.30, differs, below)', '1.7 ± 0.0'],
    ]);
    const runs = rig.runs().length;
    const second = await flow('tables/margins.yaml');
    expect(second.code).toBe(0);
    expect(rig.runs()).toHaveLength(runs);
    expect(read('tables/results')).toEqual(before);
    // Neither a date nor a time: in another workspace everything but the names of runs is the same.
    const other = new Rig();
    try {
      other.write('margins.yaml', experiment);
      other.write('tables/margins.yaml', table);
      expect((await other.flow(['table', 'tables/margins.yaml'])).code).toBe(0);
      for (const form of ['md', 'tex', 'csv']) {
        expect(other.read(`tables/results/margins.${form}`)).toBe(before[form]);
      }
      const withoutRuns = (text: string): string => text.replaceAll(/[0-9]{8}-[0-9]{6}-[a-z0-9-]+/g, '<run>');
      expect(withoutRuns(other.read('tables/results/margins.json'))).toBe(withoutRuns(before['json'] ?? ''));
    } finally {
      await other.dispose();
    }
  });

  it('runs one row again when one margin has changed', async () => {
    prepare();
    const control = ['--set', `params.control=${rig.control}`];
    expect((await flow('tables/margins.yaml', ...control)).code).toBe(0);
    // Seeds make no difference to this stage: one task for each margin.
    expect(rig.notes()).toHaveLength(3);
    rig.write('margins.yaml', experiment.replace('value: 0.5', 'value: 0.4'));
    const ended = await flow('tables/margins.yaml', ...control);
    expect(ended.code).toBe(0);
    expect(rig.notes().slice(3)).toEqual(['start {} + 0.4']);
    expect(filled().rows.map(({ label }) => label)).toEqual(['m = 0.1', 'm = 0.4', 'm = 0.7']);
  });

  it('links each figure to the results it is made of, with their runs and digests', async () => {
    prepare();
    expect((await flow('tables/margins.yaml')).code).toBe(0);
    const { rows, results } = filled();
    const [cell] = rows[0]?.cells ?? [];
    expect(cell?.tasks).toEqual([1, 2, 3].map((seed) => `margins: verify[margin=small,seed=${seed}]`));
    for (const task of cell?.tasks ?? []) {
      const result = results[task];
      expect(result?.run).toBe(rig.runs()[0]);
      expect(result?.key).toMatch(/^[0-9a-f]{64}$/);
      expect(result?.outputs['out']).toMatch(/^[0-9a-f]{64}$/);
      expect(result?.upstream).toEqual([task.replace('verify', 'train')]);
      expect(Object.keys(results)).toContain(task.replace('verify', 'train'));
    }
    const page = rig.read('tables/results/margins.html');
    const place = /<a href="#(result-\d+)" title="margins: verify\[margin=small,seed=1\]/.exec(page)?.[1] ?? '';
    expect(page).toMatch(new RegExp(`<tr id="${place}">\\s*<th scope="row">margins: verify\\[margin=small,seed=1\\]`));
    expect(page).toContain(rig.runs()[0]);
  });

  it('prints nothing in bold where the paired interval holds 0, and tells so', async () => {
    rig.write(
      'chance.yaml',
      `name: chance
stages:
  a:
    uses: ./stages/measured
    matrix:
      row: [one, two]
      seed: [1, 2]
      include:
        - { row: one, seed: 1, value: 0.95 }
        - { row: one, seed: 2, value: 0.91 }
        - { row: two, seed: 1, value: 0.92 }
        - { row: two, seed: 2, value: 0.93 }
    with: { figures: { accuracy: "\${matrix.value}" } }
tables:
  chance:
    over: [seed]
    rows: [{ matrix: a, label: "{row}" }]
    columns: [{ of: a, figure: accuracy, title: Accuracy, unit: '%', digits: 1, direction: higher }]
`,
    );
    expect((await flow('chance.yaml')).code).toBe(0);
    const { rows, notes } = filled('results/chance.json');
    expect(rows.map(({ cells }) => cells[0]?.isBest)).toEqual([false, false]);
    // Differences +3 and -2: mean 0.5, deviation 3.54, Student's t of one degree of freedom 12.706.
    expect(notes).toEqual(['undecided: Accuracy less that of two is +0.5 [−31.3, +32.3]']);
    expect(rows[0]?.cells[0]?.notes).toEqual([0]);
  });
});

describe('a cell without a value', () => {
  const withData = experiment.replace(
    'before: ${stages.train.outputs.out}',
    'before: ["${stages.train.outputs.out}", "./data/${matrix.margin.name}"]',
  );

  it('says what it lacks, and what it would cost by comparable tasks of the record', async () => {
    prepare();
    rig.write('margins.yaml', withData);
    for (const name of ['small', 'large']) rig.write(`data/${name}`, name);
    const ended = await flow('tables/margins.yaml');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('without a value: 1 of 6');
    expect(ended.stdout).toMatch(
      / {2}m = 0\.7, LFW: not run: needs \.\/data\/huge, which is not on this machine \(3 tasks, about \d/,
    );
    const { rows, notes } = filled();
    expect(notes).toContain('not run: needs ./data/huge, which is not on this machine');
    expect(rows[2]?.cells[0]).toMatchObject({ value: null, tier: 'not run', published: { value: 9 } });
    expect(markdownRows()[4]).toEqual(['m = 0.7', expect.stringMatching(/^–<sup>/), '9 (not run)', '1.7 ± 0.0']);
    const before = read('tables/results');
    await flow('tables/margins.yaml');
    expect(read('tables/results')).toEqual(before);
  });

  it('says how the task has ended that failed, and the command ends with 1', async () => {
    prepare();
    rig.write(
      'margins.yaml',
      experiment
        .replace('plus: "${matrix.margin.value}"\nprofiles', 'plus: 0\nprofiles')
        .replace('curves: { loss: [3, 1, 2] }', 'curves: { loss: [3, 1, 2] }, fails: true'),
    );
    const ended = await flow('tables/margins.yaml');
    expect(ended.code).toBe(1);
    expect(filled().notes[0]).toMatch(/^not run: train\[margin=small,seed=1\] ended with .*told to fail/);
  });

  it('runs nothing with --no-run', async () => {
    prepare();
    const ended = await flow('tables/margins.yaml', '--no-run');
    expect(ended.code).toBe(0);
    expect(rig.runs()).toEqual([]);
    expect(filled().rows.flatMap(({ cells }) => cells.map(({ tier }) => tier))).toEqual(Array(6).fill('not run'));
    expect(ended.stdout).toContain('(6 tasks, nothing comparable is recorded)');
  });
});

describe('a smoke run', () => {
  it('writes beside the real figures, calls all of its own smoke, and marks nothing as best', async () => {
    prepare();
    expect((await flow('tables/margins.yaml', '--smoke')).code).toBe(0);
    expect(existsSync(rig.path('tables/results/margins.json'))).toBe(false);
    const { rows, isSmoke } = filled('tables/results/margins.smoke.json');
    expect(isSmoke).toBe(true);
    const cells = rows.flatMap((row) => row.cells);
    expect(cells.map(({ tier }) => tier)).toEqual(Array(6).fill('smoke'));
    expect(cells.map(({ isBest }) => isBest)).toEqual(Array(6).fill(false));
    expect(cells[0]).toMatchObject({ value: 1.1, count: 1, spread: { kind: 'interval', low: 0.1, high: 10.1 } });
  });
});

describe('flow table --check', () => {
  it('ends with 0 as long as every value is what was written', async () => {
    prepare();
    await flow('tables/margins.yaml');
    const { code, stdout } = await flow('tables/margins.yaml', '--check');
    expect(stdout).toBe('margins: as in tables/results/margins.json\n');
    expect(code).toBe(0);
  });

  it('ends with 1 and shows each moved cell with both values, the tolerance and the cause', async () => {
    prepare();
    await flow('tables/margins.yaml');
    const before = read('tables/results');
    rig.write('margins.yaml', experiment.replace('value: 0.5', 'value: 0.4'));
    const { code, stdout } = await flow('tables/margins.yaml', '--check');
    expect(code).toBe(1);
    expect(stdout.slice(stdout.indexOf('margins: 2 of'))).toBe(`margins: 2 of 6 cells have moved
  m = 0.4, LFW: 2.50 ± 1.00 -> 2.40 ± 1.00 (tolerance 0.005)
    margins: train[margin=large,seed=1]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: verify[margin=large,seed=1]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: train[margin=large,seed=2]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: verify[margin=large,seed=2]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: train[margin=large,seed=3]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: verify[margin=large,seed=3]: plus 0.5 -> 0.4 (margins.yaml:7)
  m = 0.4, loss: 1.5 ± 0.0 -> 1.4 ± 0.0 (tolerance 0.05)
    margins: train[margin=large,seed=1]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: train[margin=large,seed=2]: plus 0.5 -> 0.4 (margins.yaml:7)
    margins: train[margin=large,seed=3]: plus 0.5 -> 0.4 (margins.yaml:7)
margins: the table says other things than tables/results/margins.json
  label of row margin=large: m = 0.5 -> m = 0.4
`);
    // It has written nothing.
    expect(read('tables/results')).toEqual(before);
  });

  it('knows the cause in a workspace that has never run the old one', async () => {
    prepare();
    await flow('tables/margins.yaml');
    const other = new Rig();
    try {
      other.write('margins.yaml', experiment.replace('value: 0.5', 'value: 0.4'));
      other.write('tables/margins.yaml', table);
      other.write('tables/results/margins.json', rig.read('tables/results/margins.json'));
      const { code, stdout } = await other.flow(['table', 'tables/margins.yaml', '--check']);
      expect(code).toBe(1);
      expect(stdout).toContain('train[margin=large,seed=1]: plus 0.5 -> 0.4 (margins.yaml:7)');
    } finally {
      await other.dispose();
    }
  });

  it('lets a value move by the tolerance of its column', async () => {
    const tolerant = table
      .replace('title: LFW,', 'title: LFW, tolerance: 0.2,')
      .replace('select: best, digits: 1', 'select: best, digits: 1, tolerance: 0.2')
      .replace('m = {margin.value}', '{margin}');
    prepare(tolerant);
    await flow('tables/margins.yaml');
    rig.write('margins.yaml', experiment.replace('value: 0.5', 'value: 0.4'));
    expect((await flow('tables/margins.yaml', '--check')).code).toBe(0);
  });

  it('ends with 1 where a form was changed by hand', async () => {
    prepare();
    await flow('tables/margins.yaml');
    rig.write('tables/results/margins.md', rig.read('tables/results/margins.md').replace('2.10', '9.99'));
    const { code, stdout } = await flow('tables/margins.yaml', '--check');
    expect(stdout).toContain('tables/results/margins.md is not what tables/results/margins.json says');
    expect(code).toBe(1);
  });

  it.each([
    ['3 }', '2.9 }', 'published value of m = 0.5, LFW: 3 -> 2.9'],
    [
      '(2018)',
      '(2019)',
      'source: A paper (2018) https://example.org/paper -> A paper (2019) https://example.org/paper',
    ],
    ['title: Margins', 'title: Margin', 'title: Margins -> Margin'],
    ['m = {', 'n = {', 'label of row margin=small: m = 0.1 -> n = 0.1'],
    ['title: LFW', 'id: lfw, title: "LFW 2"', 'title of column lfw: LFW -> LFW 2'],
  ])('ends with 1 where the table says another thing now: %s -> %s', async (before, after, told) => {
    prepare();
    await flow('tables/margins.yaml');
    rig.write('tables/margins.yaml', table.replace(before, after));
    const { code, stdout } = await flow('tables/margins.yaml', '--check');
    expect(stdout).toMatch(/^margins: the table says other things than tables\/results\/margins\.json\n/);
    expect(stdout).toContain(`  ${told}\n`);
    expect(code).toBe(1);
  });

  it('refuses to compare with nothing, and with something else', async () => {
    prepare();
    expect((await flow('tables/margins.yaml', '--check')).stderr).toBe(
      'no-stored-table: there is no tables/results/margins.json to compare with\n  flow table without --check writes it.\n',
    );
    rig.write('tables/results/margins.json', '{}');
    const { code, stderr } = await flow('tables/margins.yaml', '--check');
    expect(stderr).toBe(
      'tables/results/margins.json: stored-table-invalid: expected a table of faceflow, found another kind of file\n  Write it again: flow table FILE.\n',
    );
    expect(code).toBe(2);
  });
});

describe('a file that is no table yet', () => {
  it.each([
    [
      '',
      'expected a table or an experiment, found an empty file\n  A table has at least rows and columns, an experiment a name and stages.',
    ],
    ['# nothing\n', 'expected a table or an experiment, found an empty file'],
    ['title: Margins\n', 'table "margins" needs the parameter "rows"'],
  ])('is refused in words of tables: %j', async (text, expected) => {
    prepare(text);
    const { code, stderr } = await flow('tables/margins.yaml');
    expect(stderr).toContain(expected);
    expect(code).toBe(2);
  });
});

describe('the block of a table in a Markdown file', () => {
  const block =
    '# Ours\n\n```\n<!-- flow table margins -->\n```\n\n<!-- flow table margins -->\nold\n<!-- /flow table margins -->\n\nafter\n';

  it('is written again in place, and checked', async () => {
    prepare(`${table}into: [../README.md]\n`);
    rig.write('README.md', block);
    expect((await flow('tables/margins.yaml')).code).toBe(0);
    const text = rig.read('README.md');
    expect(text).toContain(
      `<!-- flow table margins -->\n\n${rig.read('tables/results/margins.md')}\n<!-- /flow table margins -->\n\nafter\n`,
    );
    expect(text.startsWith('# Ours\n\n```\n<!-- flow table margins -->\n```\n')).toBe(true);
    expect(text).not.toContain('\nold\n');
    expect((await flow('tables/margins.yaml', '--check')).code).toBe(0);
    rig.write('README.md', block);
    expect((await flow('tables/margins.yaml', '--to', 'elsewhere')).code).toBe(0);
    expect(rig.read('README.md')).toBe(block);
    const { code, stdout } = await flow('tables/margins.yaml', '--check');
    expect(stdout).toContain('README.md is not what tables/results/margins.json says');
    expect(code).toBe(1);
  });

  it('is left as it is, as are the forms, where figures are missing now that are there, unless that is wanted', async () => {
    prepare(`${table}into: [../README.md]\n`);
    rig.write('README.md', block);
    expect((await flow('tables/margins.yaml')).code).toBe(0);
    const before = { ...read('tables/results'), text: rig.read('README.md') };
    const args = ['tables/margins.yaml', '--set', 'params.plus=0', '--set', 'stages.train.with.plus=5', '--no-run'];
    const { code, stdout } = await flow(...args);
    expect(code).toBe(0);
    const files = [...forms.map((form) => `tables/results/margins.${form}`), 'README.md'].join(', ');
    expect(stdout).toContain(
      `left as they are: ${files}; they have figures that are missing here (--drop-figures writes them all the same)\n`,
    );
    expect(stdout).not.toContain('wrote ');
    expect({ ...read('tables/results'), text: rig.read('README.md') }).toEqual(before);
    // Elsewhere there is nothing to keep; a block that has figures is kept by itself.
    const elsewhere = await flow(...args, '--to', 'elsewhere', '--into', 'README.md');
    expect(elsewhere.stdout).toContain('wrote elsewhere/margins.json');
    expect(elsewhere.stdout).toContain('left as they are: README.md; they have');
    expect(rig.read('README.md')).toBe(before.text);
    expect((await flow(...args, '--drop-figures')).stdout).toContain('wrote tables/results/margins.json');
    expect(rig.read('README.md')).not.toBe(before.text);
    expect(filled().rows[0]?.cells[1]?.value).toBeNull();
  });

  it.each([
    ['\u0001old\u0002\u0001old\u0002', [1, 3, 4, 6]],
    ['\u0001\u0001old\u0002\u0002', [1, 2, 4, 5]],
    ['\u0001mine\n\u0001old\u0002', [1, 3, 5]],
  ])('is refused where it stands twice or in itself, and the file stays as it is: %j', async (text, lines) => {
    prepare();
    const [begin, end] = ['<!-- flow table margins -->\n', '\n<!-- /flow table margins -->\n'];
    const written = text.replaceAll('\u0001', begin).replaceAll('\u0002', end).replaceAll('\n\n', '\n');
    rig.write('README.md', written);
    const { code, stderr } = await flow('tables/margins.yaml', '--no-run', '--into', 'README.md');
    expect(code).toBe(2);
    expect(stderr).toContain(
      `several-table-blocks: expected one line ${begin.trim()} and one line ${end.trim()}, found them in lines ${lines.join(', ')}\n`,
    );
    expect(rig.read('README.md')).toBe(written);
  });

  it('keeps the line endings of its file, and is found beside longer fences with fences in them', async () => {
    prepare();
    const fenced = '````\n```\n<!-- flow table margins -->\n````\n';
    rig.write('README.md', `${fenced}${block.slice(block.lastIndexOf('<!-- flow'))}`.replaceAll('\n', '\r\n'));
    expect((await flow('tables/margins.yaml', '--no-run', '--into', 'README.md')).code).toBe(0);
    expect(rig.read('README.md')).toMatch(/m = 0\.1/);
    expect(rig.read('README.md').replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('is looked for before anything is computed, in a file that can be written back as it was', async () => {
    prepare();
    mkdirSync(rig.path('folder.md'));
    writeFileSync(rig.path('latin.md'), Buffer.from(block.replace('# Ours', '# Gr\u00f6\u00dfe'), 'latin1'));
    for (const [file, found] of [
      ['folder.md', 'a folder'],
      ['latin.md', 'bytes that are not UTF-8'],
    ] as const) {
      const { code, stderr } = await flow('tables/margins.yaml', '--into', file);
      expect(code).toBe(2);
      expect(stderr).toContain(
        `not-markdown: expected a Markdown file in UTF-8 with the block of a table, found ${found}\n`,
      );
    }
    expect(rig.runs()).toEqual([]);
  });

  it('has to be there', async () => {
    prepare();
    rig.write('README.md', '# Ours\n');
    const { code, stderr } = await flow('tables/margins.yaml', '--into', 'README.md');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'no-table-block: expected a line <!-- flow table margins --> and, below it, a line <!-- /flow table margins -->',
    );
  });
});

describe('columns and rows', () => {
  it('take the last, the best or a certain value of a curve, and say which', async () => {
    prepare(
      table.replace(
        'select: best, digits: 1 }',
        'select: best, digits: 1 }\n  - { of: train, figure: loss, id: last, title: Last }\n  - { of: train, figure: loss, id: at, title: First, select: { at: 10 } }',
      ),
    );
    expect((await flow('tables/margins.yaml')).code).toBe(0);
    const { rows, remarks } = filled();
    expect(rows[0]?.cells.slice(1).map(({ value }) => value)).toEqual([1.1, 2.1, 3.1]);
    expect(remarks).toContain('loss: the lowest value of the curve.');
    expect(remarks).toContain('First: the value at step 10.');
  });

  it('are of other values, of models and of recorded runs', async () => {
    rig.write(
      'one.yaml',
      `name: one
params: { model: a, figure: 1 }
stages:
  measure: { uses: ./stages/measured, with: { figures: { accuracy: "\${params.figure}" }, before: "./\${params.model}" } }
`,
    );
    for (const model of ['a', 'b']) rig.write(model, model);
    expect((await rig.flow(['run', 'one.yaml', '--set', 'params.figure=7'])).code).toBe(0);
    rig.write(
      'rows.yaml',
      `experiment: one.yaml
rows:
  - { label: plain }
  - { label: set, set: [params.figure=2] }
  - { label: model b, model: b, group: Models }
  - { label: recorded, run: one, group: Recorded, footnotes: [Not run here.] }
columns: [{ of: measure, figure: accuracy }]
`,
    );
    expect((await flow('rows.yaml', '--to', 'out')).code).toBe(0);
    const { rows, notes } = filled('out/rows.json');
    expect(rows.map(({ label, cells }) => [label, cells[0]?.value])).toEqual([
      ['plain', 1],
      ['set', 2],
      ['model b', 1],
      // The last run before this table ran the others.
      ['recorded', 7],
    ]);
    expect(rows[3]?.notes.map((note) => notes[note])).toEqual(['Not run here.']);
  });

  it('are those of all choices of a matrix, also of choices whose names differ in signs or case only', async () => {
    const names = ['LFW', 'lfw', 'l_f', 'l-f', '\u00e4', '\u00f6'];
    rig.write(
      'signs.yaml',
      `name: signs
stages:
  a:
    uses: ./stages/measured
    matrix: { set: [${names.join(', ')}] }
    with: { figures: { accuracy: 1 } }
tables:
  signs:
    rows: [{ matrix: a, label: "  {set}\\n\\0\\e[1m  x" }]
    columns: [{ of: a, figure: accuracy }]
`,
    );
    expect((await flow('signs.yaml')).code).toBe(0);
    const { rows } = filled('results/signs.json');
    expect(rows.map(({ label }) => label)).toEqual(names.map((name) => `${name} x`));
    expect(rows.slice(0, 4).map(({ id }) => id)).toEqual(['set=lfw', 'set=lfw-2', 'set=l-f', 'set=l-f-2']);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(names.length);
    for (const form of forms) expect(rig.read(`results/signs.${form}`)).not.toMatch(/[\u0000\u001b]/);
  });

  it('have no value where a figure is not a number, neither of the curve before it nor as the end of an interval', async () => {
    rig.write(
      'stages/diverged/stage.json',
      JSON.stringify({
        name: 'diverged',
        version: 1,
        summary: 'Diverges.',
        params: { type: 'object', additionalProperties: false, properties: {} },
        inputs: {},
        outputs: { out: { kind: 'file', summary: 'A file.', path: 'out' } },
      }),
    );
    rig.write(
      'stages/diverged/run.js',
      `import { writeFileSync } from 'node:fs';
export async function run({ outputs, emit }) {
  emit({ type: 'metric', name: 'loss', value: 2, step: 1 });
  for (const [name, value] of [['loss', NaN], ['area', 1], ['areaLow', NaN], ['areaHigh', 2]]) emit({ type: 'metric', name, value });
  writeFileSync(outputs.out, '');
}
`,
    );
    rig.write(
      'diverged.yaml',
      `name: diverged
stages: { a: { uses: ./stages/diverged } }
tables:
  diverged:
    rows: [{ label: one, published: { loss: 2 } }]
    columns: [{ of: a, figure: loss }, { of: a, figure: area }]
    published: { citation: A paper }
`,
    );
    expect((await flow('diverged.yaml')).code).toBe(0);
    const { rows, notes } = filled('results/diverged.json');
    expect(rows[0]?.cells).toMatchObject([
      { value: null, tier: 'not run' },
      { value: 1, spread: null },
    ]);
    expect(notes).toEqual(['the "loss" of a is not a number']);
  });

  it('say that a rate is not measurable where it is too small for the pairs, and refuse one that no task could have', async () => {
    const text = (figure: string): string => `name: rates
stages: { a: { uses: ./stages/measured, with: { figures: { fnmrAtFmr1e-2: 0.1, fnmrAtFmr1e-3: 0.2 } } } }
tables:
  rates:
    rows: [{ label: one }]
    columns: [{ of: a, figure: ${figure} }]
`;
    rig.write('rates.yaml', text('fnmrAtFmr1e-4'));
    expect((await flow('rates.yaml')).code).toBe(0);
    const { rows, notes } = filled('results/rates.json');
    expect(rows[0]?.cells).toMatchObject([{ value: null, tier: 'not run' }]);
    expect(notes).toEqual(['"fnmrAtFmr1e-4" is not measurable: it is below one of the pairs of a']);
    rig.write('rates.yaml', text('tarAtFmr1e-4'));
    const { code, stderr } = await flow('rates.yaml', '--no-run');
    expect(code).toBe(2);
    expect(stderr).toContain('unknown-table-figure: stage "a" has no figure "tarAtFmr1e-4"');
  });

  it('give macros for numbers in running text', async () => {
    prepare();
    expect((await flow('tables/margins.yaml', '--latex-macros')).code).toBe(0);
    const macros = rig.read('tables/results/margins-macros.tex');
    expect(macros).toContain(String.raw`\expandafter\def\csname ffvalue@margins.margin=small.lfw\endcsname{2.10}`);
    expect(macros).toContain(
      String.raw`\expandafter\def\csname ffvalue@margins.margin=small.lfw.full\endcsname{2.10 $\pm$ 1.00}`,
    );
  });
});

it('tables of an experiment are shown by its file, one of them by its name', async () => {
  const inside = table.replace('experiment: ../margins.yaml\n', '').replaceAll(/^(?=.)/gm, '    ');
  rig.write('margins.yaml', `${experiment}tables:\n  first:\n${inside}  second:\n${inside}`);
  const { code } = await flow('margins.yaml', '--table', 'second');
  expect(code).toBe(0);
  expect(existsSync(rig.path('results/first.json'))).toBe(false);
  expect(rig.read('results/second.md')).toContain('**Margins**');
  expect((await flow('margins.yaml')).code).toBe(0);
  expect(existsSync(rig.path('results/first.json'))).toBe(true);
});
