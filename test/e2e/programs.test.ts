import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { events, outcomes, Rig, until, type Ended } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

function write(command: string, more = ''): void {
  rig.write('p.sh', command);
  rig.write(
    'e.yaml',
    `name: e\nstages:\n  a:\n    uses: shell\n    with:\n      command: sh "$program"\n      inputs: { program: p.sh }\n${more}`,
  );
}

const withFile = '      outputs: { o: o }\n';
const withFigures = '      outputs: { o: { path: o.json, kind: figures } }\n';

const run = (environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  rig.flow(['run', 'e.yaml', '--json'], environment);

function stageEvents(ended: Ended): unknown[] {
  return events(ended)
    .filter(({ type }) => type === 'task-event')
    .map(({ event }) => event);
}

async function figures(): Promise<unknown> {
  const { stdout } = await rig.flow(['metrics', 'e', '--json']);
  return (JSON.parse(stdout) as { figures: { name: string; value: number }[] }).figures.map(({ name, value }) => [
    name,
    value,
  ]);
}

async function curve(name: string): Promise<unknown> {
  const { stdout } = await rig.flow(['metrics', 'e', '--curve', name, '--json']);
  return (JSON.parse(stdout) as { points: { step: number; value: number }[] }).points.map(({ step, value }) => [
    step,
    value,
  ]);
}

const tell = (event: object): string => `echo '${JSON.stringify(event)}' >> "$FLOW_EVENTS"\n`;

describe('what a program appends to $FLOW_EVENTS', () => {
  it('is its progress, curves and figures', async () => {
    const progress = { type: 'progress', done: 1, total: 2, unit: 'epochs', figures: { loss: 2.5 } };
    write(
      tell(progress) +
        tell({ type: 'progress', done: 2 }) +
        tell({ type: 'metric', name: 'val/acc', value: 0.5, step: 10 }) +
        tell({ type: 'metric', name: 'val/acc', value: 0.75, step: 20 }) +
        `printf '%s' '{"type":"metric","name":"accuracy","value":0.75}' >> "$FLOW_EVENTS"\necho > "$o"\n`,
      withFile,
    );
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'done' });
    expect(stageEvents(ended).slice(0, 2)).toEqual([
      progress,
      { type: 'progress', done: 2, unit: 'steps', figures: {} },
    ]);
    expect(await figures()).toEqual([['accuracy', 0.75]]);
    expect(await curve('val/acc')).toEqual([
      [10, 0.5],
      [20, 0.75],
    ]);
    // From the cache it brings its figures along.
    expect(outcomes(await run())).toEqual({ a: 'cached' });
    expect(await figures()).toEqual([['accuracy', 0.75]]);
  });

  it('is read while the program runs, and a sign of its life', async () => {
    write(
      `for i in 1 2 3 4; do echo '{"type":"progress","done":'$i'}' >> "$FLOW_EVENTS"; sleep 1; done\necho > "$o"\n`,
      `${withFile}    timeout: { silent: 3 s }\n`,
    );
    const running = rig.start(['run', 'e.yaml', '--json']);
    await until(() => rig.eventsSoFar().includes('"progress"'), 'progress is told');
    expect(rig.eventsSoFar()).not.toContain('task-ended');
    expect(outcomes(await running.ended)).toEqual({ a: 'done' });
  });

  it.each([
    ['{"type":"metric","name":"loss","value":NaN,"step":1}', 'NaN and Infinity are not JSON'],
    ['loss 0.3', 'expected an object as JSON'],
    ['{"name":"loss","value":1}', 'expected "type" to be progress, metric, checkpoint or log'],
    ['{"type":"metric","name":"loss"}', 'expected "value", a number'],
    ['{"type":"metric","name":"loss","value":1,"step":1.5}', 'expected "step" to be a whole number'],
    ['{"type":"progress","done":"3"}', 'expected "done", a number'],
  ])('is warned of where it is no event: %s', async (line, problem) => {
    write(`echo '${line}' >> "$FLOW_EVENTS"\necho > "$o"\n`, withFile);
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'done' });
    const message = `line 1 of $FLOW_EVENTS is no event: ${problem}`;
    expect(stageEvents(ended)).toEqual([{ type: 'log', level: 'warning', message }]);
  });

  it('holds no secret in what is recorded', async () => {
    write(
      `echo '{"type":"log","level":"warning","message":"key is '$KEY'"}' >> "$FLOW_EVENTS"\necho '{"type":"metric","name":"'$KEY'","value":1}' >> "$FLOW_EVENTS"\necho > "$o"\n`,
      withFile + '    env: { KEY: "${secret.KEY}" }\n',
    );
    const ended = await run({ KEY: 'hunter2hunter2' });
    expect(outcomes(ended)).toEqual({ a: 'done' });
    expect(ended.stdout).not.toContain('hunter2');
    expect(stageEvents(ended)).toHaveLength(2);
  });
});

describe('an output of the kind figures', () => {
  it('is recorded as figures and curves', async () => {
    write(`echo '{"val":{"accuracy":0.5},"loss":[[1,2.5],[2,1.5]],"n":3}' > "$o"`, withFigures);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(await figures()).toEqual([
      ['val/accuracy', 0.5],
      ['n', 3],
    ]);
    expect(await curve('loss')).toEqual([
      [1, 2.5],
      [2, 1.5],
    ]);
  });

  it.each([
    ['{"loss": NaN}', 'NaN and Infinity are not JSON'],
    ['[1]', 'expected an object'],
    ['{}', 'expected figures or curves, found none'],
    ['{"a":"0.5"}', 'expected "a" to be a number, a list of [step, value], or an object of these'],
    ['{"a":[1,2]}', 'expected the points of "a" to be [step, value] with a whole step'],
  ])('that holds none fails the task: %s', async (text, problem) => {
    write(`echo '${text}' > "$o"`, withFigures);
    const ended = await rig.flow(['run', 'e.yaml']);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain(`figures-invalid: output o does not hold figures: ${problem}`);
    expect(rig.entries()).toEqual([]);
  });
});

/** Counts to 20 in its scratch folder, from where it has come before. Where the file `wait-at` names a place, it stays there. */
const counting = [
  'place() { if [ "$(cat wait-at)" = "$1" ]; then echo "$1" > "$PWD/waits"; sleep 1000; fi; }',
  'step=$(cat "$scratch/step" 2>/dev/null || echo 0)',
  'echo "began at $step" >> "$PWD/begins"',
  'while [ "$step" -lt 20 ]; do',
  '  step=$((step + 1))',
  `  echo '{"type":"metric","name":"loss","value":'$((100 - step))',"step":'$step'}' >> "$FLOW_EVENTS"`,
  '  place "after step $step"',
  '  if [ $((step % 5)) = 0 ]; then',
  '    echo "$step" > "$scratch/step.new"; mv "$scratch/step.new" "$scratch/step"',
  '    place "before the event of $step"',
  `    echo '{"type":"checkpoint","step":'$step'}' >> "$FLOW_EVENTS"`,
  '  fi',
  'done',
  'echo "$step" > "$o"',
].join('\n');

describe('a program with checkpoint: true', () => {
  const withCheckpoint = '      checkpoint: true\n      outputs: { o: o }\n';

  it.each([
    // Told is the last checkpoint whose event was written; where it goes on is the program's own matter.
    { killed: 'after step 12', told: 10, begins: 10 },
    { killed: 'before the event of 15', told: 10, begins: 15 },
  ])('goes on after its runner was killed $killed, and its curve is whole', async ({ killed, told, begins }) => {
    rig.write('wait-at', killed);
    write(counting, withCheckpoint);
    const running = rig.start(['run', 'e.yaml', '--json']);
    await until(() => existsSync(rig.path('waits')), 'the program waits');
    running.process.kill('SIGKILL');
    await running.ended;
    rig.write('wait-at', 'nowhere');
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'done' });
    expect(events(ended).find(({ type }) => type === 'task-started')).toMatchObject({ resumedFrom: told });
    expect(rig.read('begins')).toBe(`began at 0\nbegan at ${String(begins)}\n`);
    expect(await curve('loss')).toEqual(Array.from({ length: 20 }, (_, at) => [at + 1, 99 - at]));
  });

  it('is ended, with what has left its group, before what it kept is read', async () => {
    const child = `step=0; while step=$((step + 1)); echo $step >> "$scratch/steps"; do echo "{\\"type\\":\\"checkpoint\\",\\"step\\":$step}" >> "$FLOW_EVENTS"; done`;
    write(
      `if [ -e group ]; then tail -n 1 "$scratch/steps" > "$o"; exit; fi\ncut -d ' ' -f 5 /proc/$$/stat > "$PWD/group"\nsetsid sh -c '${child}' &\nsleep 1000\n`,
      withCheckpoint,
    );
    const running = rig.start(['run', 'e.yaml', '--json']);
    await until(() => rig.eventsSoFar().includes('"checkpoint"'), 'a checkpoint is told');
    const group = Number(rig.read('group'));
    // Stopped, what watches over the group cannot end the child.
    process.kill(-group, 'SIGSTOP');
    running.process.kill('SIGKILL');
    await running.ended;
    process.kill(-group, 'SIGKILL');
    const ended = await run();
    expect(outcomes(ended)).toEqual({ a: 'done' });
    const resumedFrom = events(ended).find(({ type }) => type === 'task-started')?.['resumedFrom'];
    const output = rig.entries().map((entry) => rig.read(`runs/cache/${entry}/outputs/o`));
    expect(output).toHaveLength(1);
    expect(Number(output[0]) - Number(resumedFrom)).toBeOneOf([0, 1]);
  });

  it('goes on after it has failed, but not with other inputs; what it keeps is no part of its key', async () => {
    const failing = `echo x >> "$scratch/tries"; cp "$scratch/tries" "$PWD/tries"; [ -f fixed ] || exit 3; echo > "$o"\n`;
    write(failing, withCheckpoint);
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    rig.write('fixed', '');
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(rig.read('tries')).toBe('x\nx\nx\n');
    write(failing, withFile);
    expect(outcomes(await run())).toEqual({ a: 'cached' });
    write(`${failing}# other\n`, withCheckpoint);
    expect(outcomes(await run())).toEqual({ a: 'done' });
    expect(rig.read('tries')).toBe('x\n');
  });

  it('loses nothing to the collection of what is of no use', async () => {
    write('echo x >> "$scratch/tries"; [ $(wc -l < "$scratch/tries") -ge 2 ] || exit 3; echo > "$o"\n', withCheckpoint);
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    expect((await rig.flow(['cache', 'gc'])).code).toBe(0);
    expect(outcomes(await run())).toEqual({ a: 'done' });
  });

  it('starts anew without it, and the parameter takes true or false only', async () => {
    write('echo x >> "$scratch/tries"; [ $(wc -l < "$scratch/tries") -ge 2 ] || exit 3; echo > "$o"\n', withFile);
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    expect(outcomes(await run())).toEqual({ a: 'failed' });
    write('true', '      checkpoint: often\n      outputs: { o: o }\n');
    const ended = await run();
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('"checkpoint"');
  });
});

describe('a command that fails', () => {
  it('is told which variables it did not see, and that it saw no GPU of those there are', async () => {
    write('exit 3', withFile);
    const environment = { PYTHONPATH: '/lib', https_proxy: 'http://proxy', CUDA_VISIBLE_DEVICES: '0,1' };
    const { stdout } = await rig.flow(['run', 'e.yaml'], environment);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'What it printed is in the log of the task. ' +
        'It saw no GPU (CUDA_VISIBLE_DEVICES is empty): "resources: { gpus: 1 }" of the stage is the remedy. ' +
        `It did not see PYTHONPATH, https_proxy: "env: { PYTHONPATH: '\${env.PYTHONPATH}' }" of the stage passes one on (docs/programs.md).`,
    );
  });

  it('is told no more where it saw all of it', async () => {
    write('exit 3', `${withFile}    env: { PYTHONPATH: /lib }\n    resources: { gpus: 1 }\n`);
    const { stdout } = await rig.flow(['run', 'e.yaml'], { PYTHONPATH: '/lib', CUDA_VISIBLE_DEVICES: '0' });
    expect(stdout).toContain('What it printed is in the log of the task.');
    expect(stdout).not.toContain('It saw no GPU');
    expect(stdout).not.toContain('It did not see');
  });
});

it('docs/programs.md names every variable that is passed on', () => {
  const doc = readFileSync(new URL('../../docs/programs.md', import.meta.url), 'utf8');
  const machine = readFileSync(new URL('../../src/cli/machine.ts', import.meta.url), 'utf8');
  const names = /^const passed =\s+\/\^\((.*)\)\$\/;$/m.exec(machine)?.[1]?.split('|') ?? [];
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !doc.includes(`\`${name.replace('.*', '')}\``))).toEqual([]);
});
