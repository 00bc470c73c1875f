import { afterEach, beforeEach, expect, it } from 'vitest';
import { events, outcomes, Rig, until } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.dispose();
});

function experiment(edit: string): string {
  return `name: poison
summary: a task writes to the result of another
stages:
  make:
    uses: shell
    with: { command: 'echo clean > "$out"', outputs: { out: { path: out.txt } } }
  edit:
    uses: shell
    with:
      command: '${edit}'
      inputs: { src: "\${stages.make.outputs.out}" }
      outputs: { out: { path: out.txt } }
  read:
    uses: shell
    needs: edit
    with:
      command: 'cat "$src" > "$out"'
      inputs: { src: "\${stages.make.outputs.out}" }
      outputs: { out: { path: out.txt } }
`;
}

it('a task that writes to the result of another fails, and no task gets to read what it wrote', async () => {
  const edit = 'echo editing; sed -i s/clean/poisoned/ "$src"; cp "$src" "$out"';
  rig.write('poison.yaml', experiment(edit));
  const shown = await rig.flow(['run', 'poison.yaml', '--keep-going']);
  expect(shown.code).toBe(1);
  expect(shown.stderr + shown.stdout).toMatch(/the result of make changed while it ran, and was dropped/);
  expect(shown.stderr + shown.stdout).toMatch(/runs\/[^/]+\/kept\/edit/);
  expect(shown.stderr + shown.stdout).toMatch(/\| editing/);
  // The result of `make` is not in the cache any more, so it is made again.
  const again = await rig.flow(['run', 'poison.yaml', '--json', '--keep-going']);
  expect(outcomes(again)).toEqual({ make: 'done', edit: 'failed', read: 'skipped' });
  rig.write('poison.yaml', experiment('sed s/clean/edited/ "$src" > "$out"'));
  const mended = await rig.flow(['run', 'poison.yaml', '--json']);
  expect(outcomes(mended)).toEqual({ make: 'done', edit: 'done', read: 'done' });
  expect(rig.read('runs/latest/poison/outputs/read/out.txt')).toBe('clean\n');
  expect(events(mended).filter((event) => event.type === 'notice')).toEqual([]);
});

it('a task that reads a dropped result later in the same run is skipped, with the reason', async () => {
  const late = `  wait:
    uses: shell
    with: { command: 'while [ ! -e go ]; do sleep 0.05; done; echo > "$out"', outputs: { out: out.txt } }
  late:
    uses: shell
    needs: wait
    with: { command: 'cat "$src" > "$out"', inputs: { src: "\${stages.make.outputs.out}" }, outputs: { out: out.txt } }
`;
  rig.write('poison.yaml', `${experiment('sed -i s/clean/poisoned/ "$src"; cp "$src" "$out"')}${late}`);
  const running = rig.start(['run', 'poison.yaml', '--json', '--keep-going', '--jobs', '2']);
  await until(() => rig.eventsSoFar().includes('"type":"task-ended","task":"edit"'));
  rig.write('go', '');
  const ended = await running.ended;
  const results = events(ended).filter((event) => event.type === 'task-ended');
  expect(results.find(({ task }) => task === 'late')?.['result']).toEqual({
    outcome: 'skipped',
    because: 'the result of make, which it reads, was dropped from the cache',
  });
});
