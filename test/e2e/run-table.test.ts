import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  rig.write(
    'e.yaml',
    `name: e
stages:
  train:
    uses: ./stages/measured
    matrix: { seed: [1, 2], margin: [{ name: small, value: 0.1 }, { name: large, value: 0.5 }] }
    with: { figures: { loss: "\${matrix.seed}" }, plus: "\${matrix.margin.value}" }
  verify:
    uses: ./stages/measured
    matrix: \${stages.train.matrix}
    with:
      before: \${stages.train.outputs.out}
      figures: { accuracy: "\${matrix.margin.value}", accuracyLow: 0, accuracyHigh: 1, pairs: 300 }
      plus: "\${matrix.seed}"
  report:
    uses: report
`,
  );
  rig.write('plain.yaml', 'name: plain\nstages:\n  a: { uses: ./stages/measured }\n');
  expect((await rig.flow(['run', 'e.yaml'])).code).toBe(0);
  expect((await rig.flow(['run', 'plain.yaml'])).code).toBe(0);
});

afterAll(async () => {
  await rig.dispose();
});

async function table(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.flow(['table', 'e', ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

describe('flow table of a run', () => {
  it('has a row for each choice, and the parameters and figures that differ as columns', async () => {
    const [head = '', ...rows] = (await table('--csv')).trim().split('\r\n');
    const columns = head.split(',');
    expect(columns.slice(0, 3)).toEqual(['seed', 'margin', 'train plus']);
    expect(columns).toContain('verify accuracy');
    // The same in each row.
    expect(columns).not.toContain('verify figures.pairs');
    expect(rows).toHaveLength(4);
    expect(rows[0]?.split(',').slice(0, 3)).toEqual(['1', 'small', '0.1']);
  });

  it('is sorted by a column: figures from the highest', async () => {
    const order = async (...args: string[]): Promise<string[]> =>
      (await table('--csv', ...args))
        .trim()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',').slice(0, 2).join(' '));
    expect(await order('--sort', 'train loss')).toEqual(['2 large', '2 small', '1 large', '1 small']);
    expect(await order('--sort', 'train loss', '--reverse')).toEqual(['1 small', '1 large', '2 small', '2 large']);
    expect(await order('--sort', 'margin')).toEqual(['1 large', '2 large', '1 small', '2 small']);
  });

  it('is Markdown, LaTeX or JSON where that is asked for', async () => {
    const markdown = await table('--markdown');
    expect(markdown).toMatch(/^\| +seed \| margin \|/);
    expect(markdown).toMatch(/1\.10 \[1, 2\]/);
    expect(await table('--latex')).toMatch(/^\\begin\{tabular\}\{@\{\}rl/);
    const { run, tables } = JSON.parse(await table('--json')) as { run: string; tables: { rows: unknown[] }[] };
    expect(run).toBe(rig.runs()[0]);
    expect(tables.map(({ rows }) => rows.length)).toEqual([4]);
  });

  it('says which columns there are, and where there is nothing to show', async () => {
    const unknown = await rig.flow(['table', 'e', '--sort', 'verify acuracy']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(
      'unknown-sort-column: the table has no column "verify acuracy" (did you mean "verify accuracy"?)\n  It has: seed, margin, ',
    );
    const empty = await rig.flow(['table', 'plain']);
    expect(empty.code).toBe(2);
    expect(empty.stderr).toBe(
      `no-figures: run ${rig.runs().at(-1) ?? ''} has neither a matrix nor figures\n  flow metrics shows the figures of a run, and flow runs lists all runs.\n`,
    );
  });
});
