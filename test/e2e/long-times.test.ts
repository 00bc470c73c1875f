import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outcomes, Rig, until } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

function write(settings: string, command: string): void {
  rig.write(
    'e.yaml',
    `name: days\nstages:\n  a: { uses: shell, ${settings}, with: { command: '${command}', outputs: { o: o } } }\n`,
  );
}

it.each(['30 d', '{ silent: 30 d }', '{ total: 400 d, silent: 100 d }'])(
  'a task with timeout: %s is not stopped at once',
  async (timeout) => {
    write(`timeout: ${timeout}`, 'sleep 0.3; echo > "$o"');
    expect(outcomes(await rig.flow(['run', 'e.yaml', '--json']))).toEqual({ a: 'done' });
  },
);

it.each(['wait: 30 d, times: 1', 'wait: 12 d, times: 30'])(
  'retries: { %s } waits, and hears Ctrl-C',
  async (retries) => {
    write(`retries: { ${retries} }`, 'exit 3');
    const running = rig.start(['run', 'e.yaml', '--json']);
    await until(() => rig.eventsSoFar().includes('tried again'));
    await sleep(300);
    expect(rig.eventsSoFar().match(/"task-started"/g)).toHaveLength(1);
    running.process.kill('SIGINT');
    expect(outcomes(await running.ended)).toEqual({ a: 'failed' });
  },
);
