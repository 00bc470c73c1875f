import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowCommand, Rig, until } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  // Takes a second to save what it has when it is asked to end.
  rig.write(
    'save.py',
    'import signal,sys,time\n' +
      'def save(*_):\n    print("saving", flush=True); time.sleep(1); print("saved", flush=True); sys.exit(1)\n' +
      'signal.signal(15, save)\nopen("began", "w").close()\ntime.sleep(float(sys.argv[1]))\n',
  );
  writeSaving(60);
});

afterEach(async () => {
  await rig.dispose();
});

function writeSaving(seconds: number): void {
  rig.write(
    'e.yaml',
    `name: e\nstages: { a: { uses: shell, with: { command: 'python3 save.py ${seconds}; echo > "$o"', outputs: { o: o } } } }\n`,
  );
}

const flow = `${process.execPath} ${flowCommand}`;
const began = (): Promise<void> => until(() => existsSync(rig.path('began')), 'the task begins');
const log = (): string => rig.read('runs/latest/e/logs/a.log');

const isTmuxMissing = spawnSync('tmux', ['-V']).error !== undefined;

describe('a terminal that is closed', () => {
  it('means nothing to a run under nohup', async () => {
    writeSaving(3);
    const child = spawn('nohup', [...flow.split(' '), 'run', 'e.yaml'], {
      cwd: rig.folder,
      stdio: ['ignore', openSync(rig.path('nohup.log'), 'w'), 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    await began();
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    expect(await ended).toBe(0);
    expect(rig.read('nohup.log')).toContain('done');
  });

  it.skipIf(isTmuxMissing)('stops a run in order, however often the signal comes', async () => {
    const tmux = (...words: string[]): Buffer => execFileSync('tmux', ['-S', rig.path('tmux'), ...words]);
    tmux('-f', '/dev/null', 'new-session', '-d', 'bash --norc');
    tmux('send-keys', `cd ${rig.folder} && ${flow} run e.yaml`, 'Enter');
    await began();
    tmux('kill-server');
    await until(() => existsSync(rig.path('runs/latest/e')), 'the run ends');
    expect(log()).toMatch(/saving\nsaved\n/);
    expect((await rig.flow(['runs'])).stdout).toContain('interrupted');
  });

  it.skipIf(isTmuxMissing)('means nothing to a run whose shell ignores it', async () => {
    writeSaving(3);
    const tmux = (...words: string[]): Buffer => execFileSync('tmux', ['-S', rig.path('tmux'), ...words]);
    rig.write('script', `trap '' HUP\n${flow} run e.yaml\necho > ended\n`);
    tmux('-f', '/dev/null', 'new-session', '-d', `cd ${rig.folder} && sh script`);
    await began();
    tmux('kill-server');
    await until(() => existsSync(rig.path('ended')), 'the run ends');
    expect((await rig.flow(['runs'])).stdout).toContain('done');
  });
});

describe('a run', () => {
  it('that is asked to end twice within a moment, as by a terminal and a supervisor, saves', async () => {
    const running = rig.start(['run', 'e.yaml']);
    await began();
    running.process.kill('SIGTERM');
    await sleep(200);
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(130);
    expect(log()).toMatch(/saving\nsaved\n/);
  });

  it.each(['standard output', 'standard error', 'both'])(
    'goes on where the disk that takes its %s is full',
    async (which) => {
      rig.write(
        'e.yaml',
        `name: e\nstages:\n  a: { uses: shell, with: { command: 'echo > "$o"', outputs: { o: o } } }\n  b: { uses: shell, with: { command: 'exit 3', outputs: { o: o } } }\n`,
      );
      const full = openSync('/dev/full', 'w');
      const child = spawn(process.execPath, [flowCommand, 'run', 'e.yaml', '-k'], {
        cwd: rig.folder,
        stdio: ['ignore', which === 'standard error' ? 'ignore' : full, which === 'standard output' ? 'ignore' : full],
      });
      expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(1);
      const id = rig.runs().at(-1) ?? '';
      expect(readFileSync(rig.path('runs', id, 'events.ndjson'), 'utf8')).toContain('"type":"run-ended"');
      expect((await rig.flow(['runs'])).stdout).toContain('failed');
    },
  );
});
