import { mkdirSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import ts from 'typescript';
import { documentedFiles } from './documented-files.ts';
import { flowCommand, outcomes, Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

const newStage = ['init', '--stage', 'stages/count-lines'];

test('flow init --stage writes a stage that runs in the experiment of docs/stages.md, with a figure on its page', async () => {
  const { code, stdout } = await rig.flow(newStage);
  expect([code, stdout]).toEqual([
    0,
    'wrote stages/count-lines/stage.json, stages/count-lines/run.js, stages/count-lines/context.d.ts\n' +
      '  uses: ./stages/count-lines    in an experiment: see docs/stages.md\n',
  ]);
  for (const [name, text] of documentedFiles('docs/stages.md')) rig.write(name, text);
  rig.write('text.txt', 'a face\nnone\ntwo faces');
  expect((await rig.flow(['check', 'own.yaml'])).stdout).toContain('no mistakes');
  expect(outcomes(await rig.flow(['run', 'own.yaml', '--json']))).toEqual({ count: 'done', page: 'done' });
  expect(JSON.parse(rig.read('runs/latest/own/outputs/count/counts.json'))).toEqual({ lines: 3, found: 2 });
  expect(rig.read('runs/latest/own/outputs/page/report.html')).toContain('found');
  const { stdout: points } = await rig.flow(['metrics', 'own', '--curve', 'found so far', '--json']);
  expect((JSON.parse(points) as { points: object[] }).points).toHaveLength(3);
});

test('the types it writes are those its code is checked by', async () => {
  await rig.flow(newStage);
  const options = { checkJs: true, allowJs: true, noEmit: true, strict: true, types: [], skipLibCheck: true };
  const language = { target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'] };
  const resolution = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
  const problemsOf = (): string[] => {
    const program = ts.createProgram([rig.path('stages/count-lines/run.js')], {
      ...options,
      ...language,
      ...resolution,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
      .filter((message) => !message.includes("'node:"));
  };
  expect(problemsOf()).toEqual([]);
  rig.write('stages/count-lines/run.js', rig.read('stages/count-lines/run.js').replace('done: index', 'dune: index'));
  expect(problemsOf().join()).toContain('dune');
}, 180_000);

test('it overwrites nothing, and wants a name', async () => {
  await rig.flow(newStage);
  const again = await rig.flow(newStage);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('stages/count-lines/stage.json');
  const badly = await rig.flow(['init', '--stage', 'stages/My_Stage']);
  expect(badly.code).toBe(2);
  expect(badly.stderr).toContain('--stage');
});

test('a link to bin/flow.js is a command in any folder, as README says', async () => {
  mkdirSync(rig.path('bin'));
  symlinkSync(flowCommand, rig.path('bin/flow'));
  const version = execFileSync(rig.path('bin/flow'), ['--version'], { cwd: rig.folder, encoding: 'utf8' });
  expect(version.trim()).toBe((await rig.flow(['--version'])).stdout.trim());
});

test('flow page writes a page of a run without a stage report, with what the record tells, also from the cache', async () => {
  const told = `echo '{"type":"metric","name":"loss","value":2,"step":1}' >> "$FLOW_EVENTS"; echo '{"type":"metric","name":"accuracy","value":0.875}' >> "$FLOW_EVENTS"; echo > "$o"`;
  rig.write(
    'e.yaml',
    `name: e\nsummary: nothing but a test\nstages:\n  a:\n    uses: shell\n    with: { outputs: { o: o }, command: ${JSON.stringify(told)} }\n` +
      `  b:\n    uses: shell\n    needs: a\n    with: { outputs: { o: o }, command: 'exit 3' }\n`,
  );
  for (const state of ['done', 'cached']) {
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))['a']).toBe(state);
    const { code, stdout } = await rig.flow(['page', 'e']);
    expect([code, stdout]).toEqual([0, `wrote runs/${rig.runs().at(-1) ?? ''}/page.html\n`]);
    const page = rig.read(`runs/${rig.runs().at(-1) ?? ''}/page.html`);
    for (const part of ['nothing but a test', 'loss over the steps', '0.875', 'flow rerun', 'b (failed)']) {
      expect(page).toContain(part);
    }
  }
  expect((await rig.flow(['page', 'nothing'])).code).toBe(2);
});
