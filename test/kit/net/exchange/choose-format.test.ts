import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  modelFormatForWriting,
  modelFormatNamed,
  modelFormatOf,
} from '../../../../src/kit/net/exchange/choose-format.ts';
import { modelFormats } from '../../../../src/kit/net/exchange/index.ts';
import { randomParameters, smallNetworks } from '../backends/small-networks.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';

const work = mkdtempSync(join(tmpdir(), 'formats-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

const graph = smallNetworks['convolution 3x2, stride 2 by 1, padded on one axis, with bias'];
if (graph === undefined) throw new Error('the small network has gone');
const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: { steps: 3 } };

describe('model formats', () => {
  it('write to the folder that holds model.json, and read it by either path', () => {
    const path = join(work, 'model');
    modelFormats.folder.write(path, model);
    for (const named of [path, join(path, 'model.json')]) {
      const format = modelFormatOf(named);
      expect(format.name).toBe('folder');
      expect(format.read(named, {})).toEqual(model);
    }
  });

  it('are chosen for writing by the ending of the path, and a plain name means a folder', () => {
    expect(modelFormatForWriting('some/where').name).toBe('folder');
    expect(modelFormatForWriting('some/model.json').name).toBe('folder');
    expect(modelFormatForWriting('some/y1-v1.2').name).toBe('folder');
    expect(() => modelFormatForWriting('some/y.foo')).toThrow(/ending tells the format \(.*\.onnx.*found "\.foo"$/);
  });

  it('that do not exist suggest one that does', () => {
    expect(() => modelFormatNamed('foldr')).toThrow(
      /^expected a model format \(.*folder.*\), found "foldr" \(did you mean "folder"\?\)$/,
    );
    expect(modelFormatNamed('folder')).toBe(modelFormats.folder);
  });

  it('do not claim what is no model', () => {
    const path = join(work, 'letter.txt');
    writeFileSync(path, 'Dear model,\n');
    expect(() => modelFormatOf(path)).toThrow(/^expected a model \(.*\), found something else$/);
    expect(() => modelFormatOf(join(work, 'nothing'))).toThrow(/found nothing there$/);
  });
});
