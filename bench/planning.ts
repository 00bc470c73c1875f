import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../src/core/digest.ts';
import { stageFolders } from '../src/cli/workspace.ts';
import { planExperiment, type PlanningContext } from '../src/pipeline/plan/plan.ts';
import { loadExperiment } from '../src/pipeline/experiment/load-experiment.ts';

/**
 * Reading and planning 10,000 tasks, all of them known: written out one by one, and as a matrix.
 * `npm run --silent build && node dist/bench/planning.js`
 */
const allowedSeconds = 2;
const allowedMegabytes = 500;

function writtenOut(): string {
  const lines = ['name: written-out', 'stages:'];
  for (let index = 0; index < 10_000; index += 2) {
    lines.push(
      `  say${index}:`,
      '    uses: shell',
      `    with: { command: "echo ${index} > $out", outputs: { out: out.txt } }`,
      `  copy${index}:`,
      '    uses: shell',
      '    with:',
      '      command: cat "$in" > "$out"',
      `      inputs: { in: "\${stages.say${index}.outputs.out}" }`,
      '      outputs: { out: out.txt }',
    );
  }
  return `${lines.join('\n')}\n`;
}

function asMatrix(): string {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index).join(', ');
  return `name: as-matrix
stages:
  faces:
    uses: synthesize
    matrix: { seed: [${numbers(100)}], people: [${numbers(50)}] }
    seed: \${matrix.seed}
  pack:
    uses: face2rec
    matrix: \${stages.faces.matrix}
    with: { images: "\${stages.faces.outputs.images}" }
`;
}

/** Knows every result: what a run costs that finds all in the cache, without reading the cache. */
const allKnown: PlanningContext = {
  engineOf: () => ({ name: 'cpu', version: '1' }),
  digestPath: digestOf,
  find: (key) =>
    Object.fromEntries(['out', 'images', 'list', 'protocol', 'dataset', 'pairs'].map((port) => [port, key])),
  previous: () => undefined,
  lineageDigest: () => digestOf(''),
};

const workspace = mkdtempSync(join(tmpdir(), 'flow-planning-'));
console.log(`${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`);
for (const [name, text] of Object.entries({ 'written out': writtenOut(), 'as a matrix': asMatrix() })) {
  writeFileSync(join(workspace, 'experiment.yaml'), text);
  const [started, usedBefore] = [performance.now(), process.cpuUsage()];
  const experiment = loadExperiment({
    file: 'experiment.yaml',
    workspace,
    overrides: [],
    environment: {},
    stageFolders: stageFolders(),
  });
  const { tasks } = await planExperiment(experiment, allKnown);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(usedBefore);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  const figures = `${seconds.toFixed(2)} s (${((user + system) / 1e6).toFixed(2)} s of processor), ${megabytes.toFixed(0)} MB`;
  console.log(`${tasks.length} tasks ${name}: ${figures}; allowed ${allowedSeconds} s, ${allowedMegabytes} MB`);
  if (seconds > allowedSeconds || megabytes > allowedMegabytes) process.exitCode = 1;
}
rmSync(workspace, { recursive: true });
