import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentedFiles } from '../e2e/documented-files.ts';
import { events, outcomes, Rig, until, type Ended } from '../e2e/rig.ts';
import { preparePeer, pytorch } from './python.ts';

const peer = preparePeer(pytorch);
const rigs: Rig[] = [];

/** A workspace with the files that docs/programs.md shows. */
function workspace(): Rig {
  const rig = new Rig();
  rigs.push(rig);
  for (const [name, text] of documentedFiles('docs/programs.md')) rig.write(name, text);
  return rig;
}

const run = ['run', 'program.yaml', '--json', '--set', `params.python=${peer.python}`, '--set', 'params.steps=2000'];

let whole: Rig;
let interrupted: Rig;
let resumed: Ended;

beforeAll(async () => {
  if (peer.missing !== undefined) return;
  whole = workspace();
  expect(outcomes(await whole.flow(run))).toEqual({ train: 'done', page: 'done' });
  interrupted = workspace();
  const running = interrupted.start(run);
  await until(() => interrupted.eventsSoFar().includes('{"type":"checkpoint","step":500}'), 'step 500 is kept');
  running.process.kill('SIGKILL');
  await running.ended;
  resumed = await interrupted.flow(run);
}, 600_000);

afterAll(async () => {
  for (const rig of rigs) await rig.dispose();
});

test.skipIf(peer.missing)(`the documented training in PyTorch is about 20 lines beside its helper${peer.note}`, () => {
  const lines = whole.read('train.py').trim().split('\n');
  expect(lines.length).toBeLessThan(36);
  expect(lines.filter((line) => line.includes('tell('))).toHaveLength(4);
});

test.skipIf(peer.missing)(
  `killed with kill -9, it resumes from its checkpoint and gives the same${peer.note}`,
  async () => {
    expect(outcomes(resumed)).toEqual({ train: 'done', page: 'done' });
    const started = events(resumed).find(({ type, task }) => type === 'task-started' && task === 'train');
    expect(started?.['resumedFrom']).toBeGreaterThanOrEqual(500);
    const figures = 'runs/latest/program/outputs/train/figures.json';
    expect(JSON.parse(interrupted.read(figures))).toEqual(JSON.parse(whole.read(figures)));
    const curve = async (rig: Rig): Promise<unknown> => {
      const { points } = JSON.parse((await rig.flow(['metrics', 'program', '--curve', 'loss', '--json'])).stdout) as {
        points: { step: number; value: number }[];
      };
      return points.map(({ step, value }) => [step, value]);
    };
    const points = await curve(interrupted);
    expect(points).toHaveLength(20);
    expect(points).toEqual(await curve(whole));
  },
);

test.skipIf(peer.missing)(
  `its accuracy and its curve are on the pages of the stage and of the run${peer.note}`,
  async () => {
    expect(interrupted.read('runs/latest/program/outputs/page/report.html')).toContain('train/accuracy');
    expect((await interrupted.flow(['page', 'program', '--to', 'page.html'])).code).toBe(0);
    const page = interrupted.read('page.html');
    for (const part of ['train/accuracy', 'loss over the steps', 'flow rerun']) expect(page).toContain(part);
  },
);
