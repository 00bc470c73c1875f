import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Interruption } from '../../../src/pipeline/execute/interruption.ts';
import { runInProcess } from './in-process.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'interruption-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command that tells when it has begun, and interrupts it then. */
async function interrupted(command: string, interrupt: (interruption: Interruption) => void): Promise<unknown> {
  const interruption = new Interruption();
  const begun = join(folder, 'begun');
  const whole = JSON.stringify(`${command} touch ${begun}; while :; do sleep 0.05; done`);
  const yaml = `name: endless\nsummary: a test\nstages:\n  task:\n    uses: shell\n    with: { command: ${whole}, outputs: { out: out.txt } }\n`;
  const running = runInProcess(folder, yaml, { interruption, graceMs: 3_600_000 });
  while (!existsSync(begun)) await sleep(10);
  interrupt(interruption);
  const { events, outcomes } = await running;
  expect(outcomes).toEqual({ task: 'interrupted' });
  return events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
}

const stopping = 'stopping: running tasks write their checkpoints; interrupt again to end them at once';
const killing = 'ending the running tasks at once';

it('a run that is stopped asks its tasks to end', async () => {
  const notices = await interrupted('', (interruption) => {
    interruption.stop();
    interruption.stop();
  });
  expect(notices).toEqual([stopping]);
});

it('a run that is interrupted again ends tasks that do not listen, long before their grace period is over', async () => {
  const notices = await interrupted(`trap '' TERM;`, (interruption) => {
    interruption.escalate();
    interruption.escalate();
    interruption.escalate();
  });
  expect(notices).toEqual([stopping, killing]);
});

it('a run that is killed ends them without asking first', async () => {
  const notices = await interrupted(`trap '' TERM;`, (interruption) => {
    interruption.kill();
    interruption.stop();
  });
  expect(notices).toEqual([killing]);
});
