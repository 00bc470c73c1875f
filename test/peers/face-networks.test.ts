import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { littleEndianFloats } from '../../src/kit/codec/little-endian-floats.ts';
import type { Backend } from '../../src/kit/net/backends/backend.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { convertModel } from '../../src/kit/net/conversion/convert-model.ts';
import { inferenceEngine, trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormatNamed, modelFormatOf } from '../../src/kit/net/exchange/choose-format.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import { onnxruntimeOnCpu } from '../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { relativeDifference } from '../kit/net/backends/compute-network.ts';
import { randomValues } from '../kit/net/backends/small-networks.ts';
import { preparePeer, pytorch } from './python.ts';

const { python, folder, missing, note } = preparePeer(pytorch);
const script = join(import.meta.dirname, 'face_networks.py');
const images = Uint8Array.from(randomValues(2 * 112 * 112 * 3, 3), (value) => Math.abs(Math.round(value * 97)) % 256);

function run(...args: readonly string[]): string {
  return execFileSync(python, [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Float32 in another order of summation. */
const tolerance = 1e-5;

let backend: Backend;
beforeAll(async () => {
  if (missing !== undefined) return;
  writeFileSync(join(folder, 'images'), images);
  backend = await loadBackend(trainingEngine().identity, { threads: 2 });
});

async function embeddings(path: string): Promise<{ readonly found: Float32Array; readonly notes: readonly string[] }> {
  const { identity } = inferenceEngine({ choice: 'auto', override: undefined, stage: 'verify' });
  const normalization = path.includes('evolve')
    ? { mean: 127.5, scale: 1 / 127.5, colorOrder: 'rgb' as const }
    : undefined;
  const embedder = await loadEmbedder({ model: path, engine: identity, threads: 2, normalization });
  const found = (await embedder.embed(images, 2)).slice();
  await embedder.dispose();
  return {
    found,
    notes: modelFormatOf(path).read(path, normalization === undefined ? {} : { normalization }).notes ?? [],
  };
}

/** Each as its program saves it; what is in the notes beside the network. */
const cases: Readonly<Record<string, RegExp>> = {
  'arcface-r18': /read as arcface_torch has it\.$/,
  'arcface-r34': /under "module"; it is read as arcface_torch has it\.$/,
  'arcface-r50': /under "state_dict_backbone"; .*arcface_torch.* Left out: 1 tensor of anything else \(optimizer\)/,
  'arcface-r100': /arcface_torch/,
  'arcface-r200': /arcface_torch/,
  'arcface-mbf': /MobileFaceNet of arcface_torch; it is read as arcface_torch/,
  'arcface-mbf-large': /MobileFaceNet of arcface_torch, under "module"/,
  'magface-r18': /under "state_dict\.features\.module"; .*MagFace.*\(state_dict\.fc, optimizer/,
  'magface-dist': /under "state_dict\.module\.features"; it is read as MagFace has it\.$/,
  'adaface-ir18': /under "state_dict\.model"; .*AdaFace.*divided by its norm.*\(state_dict\.head, optimizer/,
  'adaface-ir50': /AdaFace/,
  'adaface-ir101': /AdaFace/,
  'cvlface-ir18': /under "net"; .*CVLface.*color_space/,
  'cvlface-ir50': /under "model\.net"; .*CVLface/,
  'cvlface-iresnet': /iresnet .*under "net"; .*CVLface/,
  'cvlface-bottleneck': /CVLface/,
  'evolve-irse': /face\.evoLVe/,
  half: /arcface_torch/,
  'whole-module': /arcface_torch/,
  'channels-last': /arcface_torch/,
};

/** Deeper networks of the same layers take a minute more: FLOW_NETWORKS=all tries them too. */
const deeper = ['arcface-r200', 'adaface-ir101', 'adaface-ir50', 'cvlface-ir50'];
const tried = Object.entries(cases).filter(
  ([name]) => process.env['FLOW_NETWORKS'] === 'all' || !deeper.includes(name),
);

describe.skipIf(missing !== undefined)(`networks of PyTorch programs${note}`, () => {
  it.each(tried)(
    '%s: .pt and .safetensors give the embeddings of PyTorch',
    { timeout: 1_200_000 },
    async (name, notes) => {
      run('make', folder, name);
      const wanted = littleEndianFloats(readFileSync(join(folder, `${name}.wanted`)));
      for (const ending of ['pt', 'safetensors']) {
        const path = join(folder, `${name}.${ending}`);
        const read = await embeddings(path);
        expect([ending, relativeDifference(read.found, wanted) < tolerance]).toEqual([ending, true]);
        if (ending === 'pt') expect(read.notes.join(' ')).toMatch(notes);
      }
      if (['arcface-r18', 'arcface-mbf', 'magface-r18', 'adaface-ir18', 'cvlface-ir18'].includes(name))
        await goesOn(name);
      for (const ending of ['pt', 'safetensors', 'wanted']) rmSync(join(folder, `${name}.${ending}`));
    },
  );

  /** To every format that is written; PyTorch takes what was written for it, key by key. */
  async function goesOn(name: string): Promise<void> {
    const path = join(folder, `${name}.pt`);
    for (const to of ['onnx', 'mxnet', 'caffe', 'npz', 'folder', 'safetensors']) {
      const format = modelFormatNamed(to);
      const target = join(folder, `${name}-to-${to}`, format.standardName);
      const conversion = {
        from: { format: modelFormatOf(path), path, options: {} },
        to: { format, path: target, options: {} },
        ...{ slim: false, limit: 1e-5, seed: 1 },
      };
      const { outputs } = await convertModel(conversion, {
        layers: () => Promise.resolve(backend),
        onnxruntime: onnxruntimeOnCpu(2),
      });
      expect(outputs[0]?.relativeDifference).toBeLessThan(1e-5);
      if (to === 'safetensors') expect(Number(run('load', folder, name, target))).toBeLessThan(tolerance);
      expect(existsSync(join(folder, `${name}-to-${to}`))).toBe(true);
      rmSync(join(folder, `${name}-to-${to}`), { recursive: true });
    }
  }
});
