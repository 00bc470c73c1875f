import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  rig.write(
    'e.yaml',
    `name: e
stages:
  a:
    uses: ./stages/measured
    matrix: { seed: [1, 2], set: [lfw, cfp] }
    with: { figures: { accuracy: 1, eer: 2 }, plus: "\${matrix.seed}" }
tables:
  inside:
    experiment: other.yaml
    over: [seed]
    rows: [{ where: { set: lfw } }]
    columns: [{ of: a, figure: accuracy }]
`,
  );
  expect((await rig.flow(['run', 'e.yaml'])).code).toBe(0);
  rig.write('plain.yaml', 'name: plain\nstages:\n  a: { uses: ./stages/measured }\n');
});

afterAll(async () => {
  await rig.dispose();
});

async function printed(text: string | undefined, ...args: string[]): Promise<string> {
  if (text !== undefined) rig.write('t.yaml', text);
  const { code, stderr } = await rig.flow(['table', ...(text === undefined ? [] : ['t.yaml', '--no-run']), ...args]);
  expect(code).toBe(2);
  return stderr;
}

const head = 'experiment: e.yaml\nover: [seed]\n';
const columns = 'columns: [{ of: a, figure: accuracy }]\n';

it.each([
  [
    'an experiment that nobody names',
    `rows: [{ label: one }]\n${columns}`,
    `t.yaml:1:8 table-without-experiment: this row has no "experiment", and the table has none
  rows: [{ label: one }]
         ~~~~~~~~~~~~~~
  Name the experiment file beside "rows", or a recorded run in the row: run: NAME.
`,
  ],
  [
    'a stage that is not there, of a row',
    `${head}rows: [{ matrix: b }]\n${columns}`,
    `t.yaml:3:18 unknown-table-stage: the experiment e has no stage "b" (did you mean "a"?)
  rows: [{ matrix: b }]
                   ~
  It has: a.
`,
  ],
  [
    'a stage that is not there, of a column',
    `${head}rows: [{ matrix: a }]\ncolumns: [{ of: aa, figure: accuracy }]\n`,
    `t.yaml:4:17 unknown-table-stage: the experiment e has no stage "aa" (did you mean "a"?)
  columns: [{ of: aa, figure: accuracy }]
                  ~~
  It has: a.
`,
  ],
  [
    'a name that no matrix has',
    `${head}rows: [{ where: { ste: lfw } }]\n${columns}`,
    `t.yaml:3:24 unknown-table-choice: no stage of this table has "ste" in its matrix (did you mean "set"?)
  rows: [{ where: { ste: lfw } }]
                         ~~~
  They have: seed, set.
`,
  ],
  [
    'a value that no task has',
    `${head}rows: [{ where: { set: lfv } }]\n${columns}`,
    `t.yaml:3:10 no-table-task: no task of stage "a" has set=lfv
  rows: [{ where: { set: lfv } }]
           ~~~~~
  Tasks: a[seed=1,set=lfw], a[seed=1,set=cfp], a[seed=2,set=lfw], a[seed=2,set=cfp].
`,
  ],
  [
    'a cell of several tasks',
    `experiment: e.yaml\nrows: [{ label: LFW, where: { set: lfw } }]\n${columns}`,
    `t.yaml:3:11 several-table-tasks: row "LFW" has 2 tasks in column "accuracy", which differ in seed
  columns: [{ of: a, figure: accuracy }]
            ~~~~~~~~~~~~~~~~~~~~~~~~~~~
  Choose one by "where", or take means: over: [seed]. The tasks: a[seed=1,set=lfw], a[seed=2,set=lfw].
`,
  ],
  [
    'a figure that no task gave',
    `${head}rows: [{ matrix: a }]\ncolumns: [{ of: a, figure: acuracy }]\n`,
    `t.yaml:4:28 unknown-table-figure: stage "a" has no figure "acuracy" (did you mean "accuracy"?)
  columns: [{ of: a, figure: acuracy }]
                             ~~~~~~~
  It has: accuracy, eer.
`,
  ],
  [
    'published values of another column',
    `${head}rows: [{ where: { set: lfw }, published: { acc: 1 } }]\n${columns}published: { citation: x }\n`,
    `t.yaml:3:8 unknown-table-name: the table has no column "acc"
  rows: [{ where: { set: lfw }, published: { acc: 1 } }]
         ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  It has: accuracy.
`,
  ],
  [
    'published values of another row',
    `${head}rows: [{ matrix: a }]\n${columns}published: { citation: x, rows: [{ where: { set: lfv }, values: { accuracy: 1 } }] }\n`,
    `t.yaml:5:34 unknown-table-name: the table has no row "set=lfv" (did you mean "set=lfw"?)
  published: { citation: x, rows: [{ where: { set: lfv }, values: { accuracy: 1 } }] }
                                   ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
  It has: set=lfw, set=cfp.
`,
  ],
  [
    'two columns of one name',
    `${head}rows: [{ matrix: a }]\ncolumns: [{ of: a, figure: accuracy }, { of: a, figure: accuracy }]\n`,
    `t.yaml:4:40 table-name-twice: two columns have the id "accuracy"
  columns: [{ of: a, figure: accuracy }, { of: a, figure: accuracy }]
                                         ~~~~~~~~~~~~~~~~~~~~~~~~~~~
  Set another "id" for one of them.
`,
  ],
  [
    'the best of values of which none is better',
    `${head}rows: [{ matrix: a }]\ncolumns: [{ of: a, figure: accuracy, select: best }]\n`,
    `t.yaml:4:46 best-without-direction: column "accuracy" takes the best value, and has no "direction"
  columns: [{ of: a, figure: accuracy, select: best }]
                                               ~~~~
  Add direction: higher, or direction: lower.
`,
  ],
  [
    'a row of a matrix without the choice',
    `${head}rows: [{ matrix: a, where: { set: lfv } }]\n${columns}`,
    `t.yaml:3:21 no-table-task: no task of stage "a" has set=lfv
  rows: [{ matrix: a, where: { set: lfv } }]
                      ~~~~~
  Tasks: a[seed=1,set=lfw], a[seed=1,set=cfp], a[seed=2,set=lfw], a[seed=2,set=cfp].
`,
  ],
  [
    'a mean over what no matrix has',
    `experiment: e.yaml\nover: [sed]\nrows: [{ matrix: a }]\n${columns}`,
    `t.yaml:2:8 unknown-table-choice: no stage of this table has "sed" in its matrix (did you mean "seed"?)
  over: [sed]
         ~~~
  They have: seed, set.
`,
  ],
  [
    'a published value that nobody is named for',
    `${head}rows: [{ where: { set: lfw }, published: { accuracy: 1 } }]\n${columns}`,
    `t.yaml:3:31 published-without-citation: published values without a citation
  rows: [{ where: { set: lfw }, published: { accuracy: 1 } }]
                                ~~~~~~~~~
  Say where they are from, beside "rows" and "columns": published: { citation: ..., url: ... }.
`,
  ],
  [
    'an empty citation',
    `${head}rows: [{ matrix: a }]\n${columns}published: { citation: ' ', rows: [{ where: { set: lfw }, values: { accuracy: 1 } }] }\n`,
    `t.yaml:5:24 published-without-citation: published values without a citation
  published: { citation: ' ', rows: [{ where: { set: lfw }, values: { accuracy: 1 } }] }
                         ~~~
  Say where they are from, beside "rows" and "columns": published: { citation: ..., url: ... }.
`,
  ],
  [
    'a run that is not recorded',
    `rows: [{ run: f }]\n${columns}`,
    'unknown-run: there is no run "f" (did you mean "e"?)\n  flow runs lists them; the name of an experiment means its last run.\n',
  ],
] as const)('%s is told', async (_, text, wanted) => {
  expect(await printed(text)).toBe(wanted);
});

it('an experiment within which another one is named is told', async () => {
  expect(await printed(undefined, 'e.yaml')).toBe(
    `e.yaml:9:17 table-experiment-inside: a table in an experiment shows that experiment, and names no other
  experiment: other.yaml
              ~~~~~~~~~~
  Put the table into a file of its own, in pipelines/tables.
`,
  );
});

it('an experiment without tables is told, and what to type instead', async () => {
  expect(await printed(undefined, 'plain.yaml')).toBe(
    'no-tables: plain.yaml has no "tables"\n  The last run of it as a table, a row for each choice of its matrix: flow table plain.\n',
  );
});

it('a table that the experiment does not have is told', async () => {
  expect(await printed(undefined, 'e.yaml', '--table', 'insde')).toBe(
    'unknown-table: the experiment has no table "insde" (did you mean "inside"?)\n  It has: inside.\n',
  );
});

it('a file that cannot name a table is told, and a table in it that has a name is not', async () => {
  const text = `${head}rows: [{ matrix: a }]\n${columns}`;
  rig.write('my table #1.yaml', text);
  const { code, stderr } = await rig.flow(['table', 'my table #1.yaml', '--no-run']);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'table-name-unfit: "my table #1" cannot be the name of a table: expected letters, digits, dots, hyphens and underscores\n',
  );
  rig.write('my table #1.yaml', `name: mine\n${text}`);
  expect((await rig.flow(['table', 'my table #1.yaml', '--no-run'])).code).toBe(0);
});

it('two tables of an experiment with one name are told', async () => {
  const one = '    name: same\n    rows: [{ label: x }]\n    columns: [{ of: a, figure: accuracy }]\n';
  rig.write('twice.yaml', `name: twice\nstages:\n  a: { uses: ./stages/measured }\ntables:\n  b:\n${one}  c:\n${one}`);
  const { code, stderr } = await rig.flow(['table', 'twice.yaml', '--no-run']);
  expect(code).toBe(2);
  expect(stderr).toContain('twice.yaml:10:11 table-name-twice: two tables have the name "same"\n');
});
