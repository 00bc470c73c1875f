import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { events, isAlive, outcomes, Rig, until } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** Tasks of a stage that shares its worker, one after the other. */
function experiment(tasks: Readonly<Record<string, string>>): void {
  const lines = ['name: warm', 'stages:'];
  let before = '';
  for (const [name, more] of Object.entries(tasks)) {
    const reads = before === '' ? '' : `, before: "\${stages.${before}.outputs.out}"`;
    lines.push(`  ${name}:`, '    uses: ./stages/warm');
    lines.push(`    with: { text: ${name}, notes: ${rig.path('notes')}${reads}${more} }`);
    before = name;
  }
  rig.write('warm.yaml', `${lines.join('\n')}\n`);
}

/** Text, process and whether it worked in its scratch folder, of every task that ran. */
function notes(): { text: string; pid: string; inScratch: string }[] {
  if (!existsSync(rig.path('notes'))) return [];
  const lines = rig.read('notes').trim().split('\n');
  return lines.map((line) => {
    const [text = '', pid = '', inScratch = ''] = line.split(' ');
    return { text, pid, inScratch };
  });
}

it('a worker does one task after the other, each with its own log, folder and figures', async () => {
  experiment({ a: ', megabytes: 200', b: '', c: '' });
  const ended = await rig.flow(['run', 'warm.yaml', '--json']);
  expect(outcomes(ended)).toEqual({ a: 'done', b: 'done', c: 'done' });
  expect(new Set(notes().map(({ pid }) => pid)).size).toBe(1);
  expect(notes().map(({ inScratch }) => inScratch)).toEqual(['true', 'true', 'true']);
  for (const name of ['a', 'b', 'c']) {
    expect(rig.read(`runs/latest/warm/logs/${name}.log`)).toMatch(
      new RegExp(`^--- attempt 1, key [0-9a-f]{64}\nout ${name}\nerr ${name}\n$`),
    );
  }
  const peaks = events(ended).flatMap((event) =>
    event.type === 'attempt-ended' ? [Number(event['peakMemoryBytes']) / 2 ** 20] : [],
  );
  expect(peaks[0]).toBeGreaterThan(200);
  // What the first task had filled is not counted for the third.
  expect(peaks[2]).toBeLessThan(200);
  await until(() => !isAlive(Number(notes()[0]?.pid)), 'the worker ends with the run');
});

it('a worker that has loaded code that has changed since does no further task', async () => {
  experiment({ a: '' });
  const between =
    '  between:\n    uses: shell\n    with: { command: "while [ ! -e go ]; do sleep 0.05; done; cp $in $out", ' +
    'inputs: { in: "${stages.a.outputs.out}" }, outputs: { out: o } }\n';
  const last = `  last:\n    uses: ./stages/warm\n    with: { text: last, notes: ${rig.path('notes')}, before: "\${stages.between.outputs.out}" }\n`;
  rig.write('edited.yaml', `${rig.read('warm.yaml')}${between}${last}`);
  const running = rig.start(['run', 'edited.yaml', '--json']);
  await until(() => rig.eventsSoFar().includes('"task-started","task":"between"'), 'the task "between" starts');
  rig.write('stages/warm/run.js', rig.read('stages/warm/run.js').replace('out ${', 'edited ${'));
  // Contents are taken as read a moment ago for a second.
  await sleep(1100);
  rig.write('go', '');
  expect(outcomes(await running.ended)).toEqual({ a: 'done', between: 'done', last: 'done' });
  const [a, after] = notes();
  expect(after?.pid).not.toBe(a?.pid);
  expect(rig.read('runs/latest/warm/logs/last.log')).toContain('\nedited last\n');
});

it('a task that fails ends its worker, and the next gets another', async () => {
  experiment({ a: '', b: ', fails: true' });
  await rig.flow(['run', 'warm.yaml', '--retries', '1']);
  const [a, first, second] = notes();
  expect(first?.pid).toBe(a?.pid);
  expect(second?.text).toBe('b');
  expect(second?.pid).not.toBe(a?.pid);
});

it('a worker that waits lets go of graphics processors that another task is given', async () => {
  experiment({ a: '' });
  const file = rig.read('warm.yaml').replace('    with: { text: a', '    resources: { gpus: 1 }\n    with: { text: a');
  const other = `  last:\n    uses: shell\n    resources: { gpus: 1 }\n    with: { command: sleep 1000, inputs: { in: "\${stages.a.outputs.out}" }, outputs: { out: out.txt } }\n`;
  rig.write('gpu.yaml', `${file}${other}`);
  const running = rig.start(['run', 'gpu.yaml'], { CUDA_VISIBLE_DEVICES: '5' });
  await until(() => rig.eventsSoFar().includes('"task-started","task":"last"'), 'the task "last" is given the GPU');
  const worker = Number(notes()[0]?.pid);
  expect(worker).toBeGreaterThan(0);
  await until(() => !isAlive(worker), 'the worker that waits, and holds the GPU open, ends', 5000);
  expect(running.process.exitCode).toBeNull();
  running.process.kill('SIGKILL');
  await running.ended;
});

it('a worker ends with the runner, also while it waits for work', async () => {
  experiment({ a: '' });
  rig.write(
    'both.yaml',
    `${rig.read('warm.yaml')}  last:\n    uses: shell\n    with: { command: sleep 1000, inputs: { in: "\${stages.a.outputs.out}" }, outputs: { out: out.txt } }\n`,
  );
  const running = rig.start(['run', 'both.yaml']);
  await until(() => rig.eventsSoFar().includes('"task-started","task":"last"'), 'the task "last" starts');
  const worker = Number(notes()[0]?.pid);
  expect(isAlive(worker)).toBe(true);
  running.process.kill('SIGKILL');
  await until(() => !isAlive(worker), 'the worker notices that its runner is dead');
  expect(readFileSync(rig.path('notes'), 'utf8')).toContain('a ');
});
