import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { comparisonText } from './learning/comparison.ts';
import { curvesSvg } from './learning/curves-svg.ts';
import { writePeerPlan } from './learning/peer-plan.ts';
import { type Chosen, collect, finishedTraining, peerFolder, peerResult, taskOf } from './learning/trainings.ts';

/**
 * Whether we learn as PyTorch does: the same data, batches, start and rates, by us and by test/peers/training.py. Our side is
 * an experiment that runs as any other; what is done is not done again, so that the work can be spread and interrupted:
 * `npm run --silent build && node dist/bench/learning.js --python ~/.cache/faceflow/peers-pytorch/bin/python --seed 1 --loss arcface`
 * `--side ours` or `peer` does one half; `--side none` only collects what there is in the workspace into bench/results.
 */
const { values } = parseArgs({
  options: {
    experiment: { type: 'string', default: 'bench/learning/drawn-faces.yaml' },
    workspace: { type: 'string', default: 'runs/learning' },
    python: { type: 'string', default: 'python3' },
    seed: { type: 'string', multiple: true, default: ['1', '2', '3'] },
    loss: { type: 'string', multiple: true, default: ['arcface', 'cosface'] },
    side: { type: 'string', default: 'both' },
    pixels: { type: 'string', default: 'exact' },
    threads: { type: 'string', default: '1' },
    result: { type: 'string', default: 'bench/results/learning.json' },
    picture: { type: 'string', default: 'docs/images/learning.svg' },
  },
});
const repository = fileURLToPath(new URL('../../', import.meta.url));
const { workspace } = values;
mkdirSync(workspace, { recursive: true });
const chosen: readonly Chosen[] = values.seed.flatMap((seed) => values.loss.map((loss) => ({ seed, loss })));

function trainOurs(each: Chosen): void {
  const task = taskOf('verify', each);
  const command = [join(repository, 'bin', 'flow.js'), 'run', values.experiment, task];
  const shared = ['--workspace', workspace, '--cpus', values.threads];
  execFileSync(process.execPath, [...command, ...shared], { stdio: 'inherit' });
}

async function trainPeer(each: Chosen): Promise<void> {
  const result = peerResult(workspace, each, values.pixels);
  if (existsSync(result)) return;
  const folder = peerFolder(workspace, each);
  const isOurs = values.pixels === 'ours';
  const pixels = join(folder, 'pixels.bin');
  if (!existsSync(join(folder, 'plan.json')) || (isOurs && !existsSync(pixels))) {
    const backend = await loadBackend(trainingEngine().identity, { threads: 1 });
    await writePeerPlan(folder, finishedTraining(workspace, each), { backend, pixels: isOurs });
  }
  const script = join(repository, 'test', 'peers', 'training.py');
  const options = ['--threads', values.threads, ...(isOurs ? ['--pixels', pixels] : [])];
  execFileSync(values.python, [script, folder, result, ...options], { stdio: 'inherit' });
}

for (const each of chosen) {
  if (values.side === 'both' || values.side === 'ours') trainOurs(each);
  if (values.side === 'both' || values.side === 'peer') await trainPeer(each);
}
const trainings = collect(workspace);
writeFileSync(values.result, `${JSON.stringify({ experiment: values.experiment, trainings }, undefined, 1)}\n`);
writeFileSync(values.picture, curvesSvg(trainings));
console.log(comparisonText(trainings));
