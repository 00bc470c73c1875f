import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changed, chains, folderReader, independent, type Graph } from './runners/graph.ts';
import { allowedSeconds, seconds, tools, type Tool } from './runners/tools.ts';

/**
 * The same graphs in faceflow, DVC, Snakemake and Ninja, in turns on the same machine: nothing to do, one change in the
 * middle, 1,000 trivial tasks, 10,000 files that have not changed. All are told the same and use all processors (DVC
 * runs one stage at a time). The least of the rounds counts: what else the machine does only makes them longer.
 * `npm run --silent build && node dist/bench/runners.js --dvc <program> --snakemake <program> [--ninja ninja]`
 */
const repository = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: {
    dvc: { type: 'string', default: 'dvc' },
    snakemake: { type: 'string', default: 'snakemake' },
    ninja: { type: 'string', default: 'ninja' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});
const leastAhead = 4;
const all = tools({ ...values, flow: join(repository, 'bin', 'flow.js') });
const scratch = mkdtempSync(join(tmpdir(), 'flow-runners-'));
process.once('exit', () => {
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A tool with a folder of its own, brought up to date with a graph. */
interface Bench {
  readonly tool: Tool;
  readonly folder: string;
}

let folders = 0;
function bench(tool: Tool, graph: Graph, files: readonly string[] = []): Bench {
  folders += 1;
  const folder = join(scratch, String(folders));
  mkdirSync(folder);
  for (const argv of tool.prepare ?? []) seconds(argv, folder);
  if (files.length > 0) mkdirSync(join(folder, 'files'));
  for (const file of files) writeFileSync(join(folder, file), file);
  tool.write(folder, graph, files);
  return { tool, folder };
}

type Times = ReadonlyMap<string, readonly (number | undefined)[]>;

/** Measures every tool once per round, each time the next one first. */
function inTurns<T extends { readonly tool: Tool }>(
  entries: readonly T[],
  rounds: number,
  measure: (entry: T, round: number) => number | undefined,
): Times {
  const times = new Map<string, (number | undefined)[]>(entries.map(({ tool }) => [tool.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % entries.length;
    for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) {
      times.get(entry.tool.name)?.push(measure(entry, round));
    }
  }
  return times;
}

/** The least time of the rounds; where all were cut off, what was allowed, which it would have taken at least. */
function least(times: readonly (number | undefined)[]): { readonly time: number; readonly isCut: boolean } {
  const whole = times.filter((one) => one !== undefined);
  return whole.length === 0 ? { time: allowedSeconds, isCut: true } : { time: Math.min(...whole), isCut: false };
}

function report(title: string, times: Times): void {
  const ours = least(times.get('faceflow') ?? []).time;
  const columns = [...times].map(([name, each]) => {
    const { time, isCut } = least(each);
    return `${name} ${isCut ? 'more than ' : ''}${time.toFixed(3)} s (${(time / ours).toFixed(1)})`;
  });
  console.log(`${title}: ${columns.join(', ')}`);
  for (const name of ['DVC', 'Snakemake']) {
    if (least(times.get(name) ?? []).time / ours >= leastAhead) continue;
    console.log(`  faceflow is less than ${leastAhead} times ahead of ${name}`);
    process.exitCode = 1;
  }
}

const rounds = Number(values.rounds);

const scenarios: Readonly<Record<string, () => void>> = {
  chains: () => {
    const graph = chains(10, 10);
    const entries = all.map((tool) => bench(tool, graph));
    for (const { tool, folder } of entries) seconds(tool.run, folder);
    report(
      '101 tasks in chains, nothing to do',
      inTurns(entries, rounds, ({ tool, folder }) => seconds(tool.run, folder)),
    );
    const times = inTurns(entries, rounds, ({ tool, folder }, round) => {
      tool.write(folder, changed(graph, 'c4_5', `changed${round}`), []);
      return seconds(tool.run, folder);
    });
    report('the same, one command in the middle changed, 6 tasks to run', times);
  },
  independent: () => {
    // One round: DVC takes minutes.
    const times = inTurns(
      all.map((tool) => ({ tool })),
      1,
      ({ tool }) => {
        const { folder } = bench(tool, independent(1000));
        return seconds(tool.run, folder);
      },
    );
    report('1,000 independent trivial tasks', times);
  },
  files: () => {
    const files = Array.from({ length: 10_000 }, (_, index) => `files/f${index}.txt`);
    const entries = all.map((tool) => bench(tool, folderReader(), files));
    for (const { tool, folder } of entries) seconds(tool.run, folder);
    report(
      '10,000 files unchanged',
      inTurns(entries, rounds, ({ tool, folder }) => seconds(tool.run, folder)),
    );
  },
};

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim();
const model = cpus()[0]?.model ?? 'unknown';
const memory = /MemTotal: *(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '0';
console.log(
  `${model}, ${availableParallelism()} processors, ${Math.round(Number(memory) / 2 ** 20)} GiB, Node ${process.version}, commit ${commit}`,
);
const versions = all.map(
  ({ name, version: [program = '', ...args] }) => `${name} ${execFileSync(program, args, { encoding: 'utf8' }).trim()}`,
);
console.log(
  `${versions.join(', ')}; least of ${rounds} rounds in turns (1 for the trivial tasks); in brackets: times ours`,
);
for (const [name, measure] of Object.entries(scenarios))
  if (values.only === undefined || values.only === name) measure();
