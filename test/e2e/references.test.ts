import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { onnxBytes } from '../../src/kit/net/exchange/onnx/write-onnx.ts';
import { readModel } from '../../src/kit/net/model/model-folder.ts';
import { writeOnnxWithData } from '../kit/codec/onnx/onnx-with-data.ts';
import { linearModel } from '../stages/linear-model.ts';
import { outcomes, Rig } from './rig.ts';

/** Files that the content of an input names and that are not in any input. */
let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  writeFaceFolder(rig.path('other'), { anna: 1, bert: 1 });
  writeFaceFolder(rig.path('i'), { carl: 2 });
  rig.write('abs.lst', `1\t${rig.path('other/anna/anna_0001.jpg')}\t0\n1\t${rig.path('i/carl/carl_0001.jpg')}\t1\n`);
  rig.write('rel.lst', '1\t../other/bert/bert_0001.jpg\t0\n1\tcarl/carl_0001.jpg\t1\n');
  rig.write('in.lst', '1\tcarl/carl_0001.jpg\t0\n');
  rig.write('e.yaml', `name: e\nstages:\n${['abs', 'rel', 'in'].map(stageOf).join('')}`);
});

afterEach(async () => {
  await rig.dispose();
});

const stageOf = (name: string) => `  ${name}: { uses: face2rec, with: { images: i, list: ${name}.lst } }\n`;

const run = async () => outcomes(await rig.flow(['run', 'e.yaml', '--json', '--keep-going']));

describe('images that a list names outside of the folder of images', () => {
  it('are part of the key: one that changes or is gone makes its tasks run, and no other', async () => {
    expect(await run()).toEqual({ abs: 'done', rel: 'done', in: 'done' });
    expect(await run()).toEqual({ abs: 'cached', rel: 'cached', in: 'cached' });
    cpSync(rig.path('i/carl/carl_0002.jpg'), rig.path('other/anna/anna_0001.jpg'));
    expect((await rig.flow(['why', 'e.yaml', 'abs'])).stdout).toContain(
      'files changed that its inputs name and that are outside of them',
    );
    expect(await run()).toEqual({ abs: 'done', rel: 'cached', in: 'cached' });
    rmSync(rig.path('other/bert/bert_0001.jpg'));
    expect(await run()).toEqual({ abs: 'cached', rel: 'failed', in: 'cached' });
  });
});

describe.skipIf(!existsSync('node_modules/onnxruntime-node'))(
  'arrays of an ONNX model in a file beside it (needs onnxruntime)',
  () => {
    it('are part of the key: other ones, or none, make the stages that read the model run', async () => {
      linearModel(rig.path('net'));
      mkdirSync(rig.path('onnx'));
      writeOnnxWithData(rig.path('onnx/model.onnx'), onnxBytes(readModel(rig.path('net'))), 'weights.bin');
      writeFaceFolder(rig.path('small'), { anna: 2 }, 8);
      rig.write(
        'm.yaml',
        'name: m\nstages: { file: { uses: features, with: { model: onnx/model.onnx, images: small } } }\n',
      );
      const extract = async () =>
        outcomes(await rig.flow(['run', 'm.yaml', '--json', '--keep-going'], { FLOW_ENGINE: 'onnxruntime' }));
      expect(await extract()).toEqual({ file: 'done' });
      expect(await extract()).toEqual({ file: 'cached' });
      const weights = readFileSync(rig.path('onnx/weights.bin'));
      writeFileSync(rig.path('onnx/weights.bin'), weights.fill(0, 0, 400));
      expect(await extract()).toEqual({ file: 'done' });
      rmSync(rig.path('onnx/weights.bin'));
      expect(await extract()).toEqual({ file: 'failed' });
    });
  },
);
