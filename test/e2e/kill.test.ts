import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { ResultCache } from '../../src/pipeline/cache/result-cache.ts';
import type { Key } from '../../src/pipeline/plan/key-document.ts';
import { isAlive, Rig, outcomes, type Running, until } from './rig.ts';

/** Kills in all; `FLOW_KILLS=1000` for a long night. */
const kills = Number(process.env['FLOW_KILLS'] ?? 60);
/** Where to write what was killed when, if anywhere: `FLOW_KILL_LOG=bench/results/kills.txt`. */
const logFile = process.env['FLOW_KILL_LOG'];
/** After so many runs that are to be killed the graph is run to its end and given new work. */
const runsPerRound = 5;
const seed = 20_240_607;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/**
 * What a task leaves behind: children that do not listen to SIGTERM, in its process group and in sessions of their own. Half
 * a second after its end they write to its output: to the file that they have open, and to whatever has its name then.
 */
const late = 'while kill -0 $task 2> /dev/null; do sleep 0.02; done; sleep 0.5; echo late >&9; echo late >> "$out"';
const leftBehind = [
  'exec 9>> "$out"; export task=$$',
  `(trap '' TERM; ${late}) &`,
  `(trap '' TERM; setsid sh -c '${late}') &`,
  `setsid sh -c 'trap "" TERM; ${late}' &`,
];

/** A diamond of commands, fast and different in every round. */
function writeGraph(round: number): void {
  const task = (name: string, before: readonly string[]): string => {
    const inputs = before.map((each) => `${each}: "\${stages.${each}.outputs.out}"`).join(', ');
    const read = before.length === 0 ? ':' : `cat ${before.map((each) => `"$${each}"`).join(' ')} > "$out"`;
    return [
      `  ${name}:`,
      '    uses: shell',
      '    with:',
      `      command: |-`,
      ...[read, ...leftBehind].map((line) => `        ${line}`),
      `        sleep 0.02; echo ${name}${round} >> "$out"; echo ${name} $$ > ${rig.control}/${name}.running`,
      ...(inputs === '' ? [] : [`      inputs: { ${inputs} }`]),
      `      outputs: { out: ${name}.txt }`,
    ].join('\n');
  };
  const tasks = [task('a', []), task('b', ['a']), task('c', ['a']), task('d', ['b', 'c'])];
  rig.write('graph.yaml', `name: graph\nsummary: to be killed\nstages:\n${tasks.join('\n')}\n`);
}

const expected = (round: number): string => ['a', 'b', 'a', 'c', 'd'].map((name) => `${name}${round}\n`).join('');

it(
  `after any of ${kills} kills of the runner or a task a run completes, nothing finished is lost, and what tasks have left behind writes into no result`,
  { timeout: kills * 20_000 },
  async () => {
    const random = new Random(seed);
    const cache = new ResultCache({ entries: rig.path('runs/cache'), scratch: rig.path('runs/scratch') });
    const known = new Set<Key>();
    // Moments are chosen within the time that a run takes here and now.
    writeGraph(-1);
    const start = performance.now();
    await expectToComplete(-1);
    const span = Math.ceil(performance.now() - start);
    const log: string[] = [];
    for (let round = 0; log.length < kills; round += 1) {
      writeGraph(round);
      for (let run = 0; run < runsPerRound && log.length < kills; run += 1) {
        const before = known.size;
        // Some runs are through before their moment comes.
        const killed = await runAndKill(random, span);
        await expectWhole(cache, known);
        if (killed === undefined) continue;
        const results = `${known.size - before} results more, ${known.size} in all, every one whole`;
        log.push(`${log.length + 1}. graph ${round}: ${killed}; ${results}`);
      }
      await expectToComplete(round);
    }
    // Whatever is still there has written by now.
    await sleep(1500);
    await expectWhole(cache, known);
    await until(() => processesIn(rig.folder).length === 0, 'everything that was started has ended');
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const summary = `${log.length} kills in ${seconds} s; each of the graphs was completed afterwards with the right results`;
    if (logFile !== undefined) writeFileSync(logFile, `${[...log, summary].join('\n')}\n`);
    expect(log.length).toBe(kills);
  },
);

/** Commands of the processes that have the scratch folder of a task of a workspace. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOfTask = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`scratch=${folder}/`);
        return isOfTask && isAlive(Number(pid)) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return [];
      }
    });
}

/** What was killed, and when; undefined where everything was through before. */
async function runAndKill(random: Random, span: number): Promise<string | undefined> {
  const which = random.integer(3);
  if (which === 2) {
    const call = randomCall(random);
    return (await killRunnerAtCall(call)) ? `the runner ${call.replaceAll(':', ' ')}` : undefined;
  }
  const milliseconds = random.integer(span);
  const [what, kill] = which === 0 ? ['the runner', killRunnerAfter] : ['a task', killTaskAfter];
  return (await kill(milliseconds)) ? `${what} after ${milliseconds} ms` : undefined;
}

async function killRunnerAfter(milliseconds: number): Promise<boolean> {
  const running = rig.start(['run', 'graph.yaml']);
  await Promise.race([sleep(milliseconds), running.ended]);
  running.process.kill('SIGKILL');
  return (await running.ended).signal === 'SIGKILL';
}

async function killTaskAfter(milliseconds: number): Promise<boolean> {
  const running = rig.start(['run', 'graph.yaml']);
  await Promise.race([sleep(milliseconds), running.ended]);
  while (running.process.exitCode === null) {
    if (killGroupOf(running)) {
      await running.ended;
      return true;
    }
    await sleep(2);
  }
  return false;
}

/** Kills the process group of a task that runs right now, found among the children of the runner. */
function killGroupOf({ process: runner }: Running): boolean {
  try {
    const pid = runner.pid ?? 0;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return child !== undefined && process.kill(-Number(child), 'SIGKILL');
  } catch {
    // It has ended since.
    return false;
  }
}

/** Between two steps of publishing a result, and wherever else files are renamed or synced. */
function randomCall(random: Random): string {
  const name = ['renameSync', 'fsyncSync', 'rmSync', 'symlinkSync', 'mkdirSync'][random.integer(5)] ?? '';
  const when = random.integer(2) === 0 ? 'before' : 'after';
  return `${name}:${when}:${1 + random.integer(25)}`;
}

async function killRunnerAtCall(call: string): Promise<boolean> {
  const preload = pathToFileURL(new URL('../fixtures/preload/kill-at.mjs', import.meta.url).pathname).href;
  const ended = await rig.flow(['run', 'graph.yaml'], { KILL_AT: call, NODE_OPTIONS: `--import=${preload}` });
  return ended.signal === 'SIGKILL';
}

/** Every result in the cache is what was stored, byte for byte, and none that was there is gone. */
async function expectWhole(cache: ResultCache, known: Set<Key>): Promise<void> {
  for (const key of cache.keys()) {
    expect((await cache.verify(key)).state).toBe('whole');
    known.add(key);
  }
  expect([...known].filter((key) => !cache.keys().includes(key))).toEqual([]);
}

async function expectToComplete(round: number): Promise<void> {
  const ended = await rig.flow(['run', 'graph.yaml', '--json']);
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  expect(Object.keys(outcomes(ended)).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(readFileSync(join(rig.folder, 'runs/latest/graph/outputs/d/d.txt'), 'utf8')).toBe(expected(round));
}

it('a result that was being published when the runner was killed is computed again, and the same', async () => {
  writeGraph(0);
  const preload = pathToFileURL(new URL('../fixtures/preload/kill-at.mjs', import.meta.url).pathname).href;
  const moments = ['fsyncSync:after:1', 'renameSync:before:1', 'renameSync:after:1', 'renameSync:before:4'];
  for (const moment of moments) {
    const killed = await rig.flow(['run', 'graph.yaml'], { KILL_AT: moment, NODE_OPTIONS: `--import=${preload}` });
    expect(killed.signal).toBe('SIGKILL');
  }
  await expectToComplete(0);
});
