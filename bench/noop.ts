import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a `flow run` costs that finds all of ten tasks in the cache, beside `node -e 0` in the same minutes.
 * `npm run --silent build && node dist/bench/noop.js`
 */
const rounds = 15;
const allowedRatio = 0.3 / 0.08;

const repository = fileURLToPath(new URL('../../', import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), 'flow-noop-'));

function experiment(): string {
  const lines = ['name: noop', 'summary: ten tasks', 'stages:'];
  for (let index = 0; index < 10; index += 1) {
    const params = `{ identities: ${index + 4}, imagesPerIdentity: 2, heldOut: 2, pairs: 2 }`;
    lines.push(`  task${index}:`, '    uses: synthesize', `    with: ${params}`);
  }
  return `${lines.join('\n')}\n`;
}

function seconds(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: workspace, encoding: 'utf8' });
  if (status !== 0) throw new Error(`ended with ${String(status)}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const flow = [join(repository, 'bin', 'flow.js'), 'run', 'noop.yaml'];
writeFileSync(join(workspace, 'noop.yaml'), experiment());
seconds(flow);
const taken = { node: [] as number[], flow: [] as number[] };
for (let round = 0; round < rounds; round += 1) {
  taken.node.push(seconds(['-e', '0']));
  taken.flow.push(seconds(flow));
}
rmSync(workspace, { recursive: true, force: true });

const node = median(taken.node);
const noop = median(taken.flow);
const model = cpus()[0]?.model ?? 'unknown';
console.log(`${model}, Node ${process.version}, median of ${rounds}`);
console.log(`node -e 0                ${node.toFixed(3)} s (fastest ${Math.min(...taken.node).toFixed(3)})`);
console.log(`flow run, all cached     ${noop.toFixed(3)} s (fastest ${Math.min(...taken.flow).toFixed(3)})`);
console.log(`ratio                    ${(noop / node).toFixed(2)} (allowed ${allowedRatio.toFixed(2)})`);
process.exitCode = noop / node > allowedRatio ? 1 : 0;
