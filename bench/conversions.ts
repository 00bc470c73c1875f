import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackboneName, buildNetwork, chooseNetwork } from '../src/kit/net/backbones/index.ts';
import { trainingEngine } from '../src/kit/net/engines/choose-engine.ts';
import { loadBackend } from '../src/kit/net/backends/load-backend.ts';
import { onnxruntimeOnCpu } from '../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import type { OutputDifference } from '../src/kit/net/conversion/compare-outputs.ts';
import { convertModel } from '../src/kit/net/conversion/convert-model.ts';
import { modelFormats } from '../src/kit/net/exchange/index.ts';
import type { ModelFormat } from '../src/kit/net/exchange/model-format.ts';
import { drawnModel } from './drawn-model.ts';

/**
 * The largest difference between a network and what was written in each format and read again, as a share of the greatest
 * value, for ONNX also as onnxruntime runs the file; and how fast the parameters of `--load` are read from an MXNet checkpoint, beside reading the bare file.
 * `npm run --silent build && node dist/bench/conversions.js [--network y1] [--side 112] [--load r100]`
 */
const { values } = parseArgs({
  options: {
    network: {
      type: 'string',
      multiple: true,
      default: ['y1', 'm1', 'm2', 'r18', 's20', 'd121', 'p68', 'r101', 'i2'],
    },
    side: { type: 'string', default: '112' },
    load: { type: 'string', default: 'r100' },
  },
});
const limit = 1e-4;
const formats = Object.values(modelFormats).filter((format: ModelFormat) => format.write !== undefined);
const folder = mkdtempSync(join(tmpdir(), 'conversions-'));
// Before tensors take memory.
const loading = measureLoading(values.load);
const { identity } = trainingEngine();
const onnxruntime = onnxruntimeOnCpu(availableParallelism());
const engine = await loadBackend(identity, { threads: availableParallelism() });

try {
  console.log(
    `${cpus()[0]?.model ?? 'unknown'}, ${identity.name} ${identity.version}, ${values.side} x ${values.side}`,
  );
  for (const line of loading) console.log(line);
  const columns = formats.flatMap(({ name }) => (name === 'onnx' ? ['onnx', 'onnxruntime'] : [name]));
  console.log(['network'.padEnd(8), ...columns.map((column) => column.padStart(13))].join(''));
  for (const name of values.network) console.log(name.padEnd(8) + (await differencesOf(name)).join(''));
} finally {
  rmSync(folder, { recursive: true });
}

async function differencesOf(name: string): Promise<string[]> {
  const from = writtenFolder(name);
  const row: string[] = [];
  for (const format of formats) {
    const path = join(folder, format.name, format.standardName);
    const converted = await convertModel(
      {
        from: { format: modelFormats.folder, path: from, options: {} },
        to: { format, path, options: {} },
        slim: false,
        limit,
        seed: 1,
      },
      { layers: () => Promise.resolve(engine), onnxruntime },
    );
    rmSync(join(folder, format.name), { recursive: true });
    row.push(greatestOf(converted.outputs));
    const { onnxruntime: ran } = converted;
    if (ran !== undefined) row.push(ran.ran ? greatestOf(ran.outputs) : 'not run'.padStart(13));
  }
  rmSync(from, { recursive: true });
  return row;
}

function greatestOf(outputs: readonly OutputDifference[]): string {
  const greatest = Math.max(...outputs.map(({ relativeDifference }) => relativeDifference));
  return greatest.toExponential(1).padStart(13);
}

function writtenFolder(name: string): string {
  const path = join(folder, 'model');
  modelFormats.folder.write(path, { ...drawnModel(networkOf(name), 1), origin: {} });
  return path;
}

function networkOf(name: string): ReturnType<typeof buildNetwork> {
  const side = Number(values.side);
  return buildNetwork(chooseNetwork(name as BackboneName), { height: side, width: side });
}

/** The best of three: the file is in memory then, and what is measured is what we do with it. */
function measureLoading(name: string): string[] {
  const prefix = join(folder, 'loaded');
  modelFormats.mxnet.write(prefix, { ...drawnModel(networkOf(name), 1), origin: {} }, {});
  const bytes = statSync(`${prefix}-0000.params`).size;
  const best = (work: () => unknown): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const start = performance.now();
        work();
        return performance.now() - start;
      }),
    );
  const bare = best(() => readFileSync(`${prefix}-0000.params`));
  const loaded = best(() => modelFormats.mxnet.read(prefix, {}));
  const rate = (milliseconds: number): string => `${(bytes / milliseconds / 1e6).toFixed(2)} GB/s`;
  const peak = process.resourceUsage().maxRSS / 1024;
  for (const ending of ['0000.params', 'symbol.json']) rmSync(`${prefix}-${ending}`);
  return [
    `${name}.params, ${(bytes / 1e6).toFixed(0)} MB: the bare file ${bare.toFixed(0)} ms (${rate(bare)})`,
    `  as a checked model ${loaded.toFixed(0)} ms (${rate(loaded)}); peak memory with making and writing it ${peak.toFixed(0)} MiB`,
  ];
}
