import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mxnetParams } from '../../../../src/kit/codec/mxnet/mxnet-params.ts';
import { decodeFile } from '../../../../src/kit/codec/read-file.ts';
import { readClassifier, writeClassifier } from '../../../../src/kit/net/exchange/classifier.ts';
import { filesNamedBy } from '../../../../src/kit/net/exchange/named-files.ts';
import { printedFailure, temporaryFolder } from '../../dataset/tiny-faces.ts';

const weight = { name: 'fc7_weight', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) };

/** A model folder, of which only the classifier is read. */
function folderWith(arrays: Parameters<typeof writeClassifier>[1]): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'model.json'), '{}');
  writeClassifier(folder, arrays);
  return folder;
}

it('a classifier is read by the name of the folder, and of its model.json', () => {
  const folder = folderWith([weight]);
  const file = join(folder, 'classifier.params');
  expect(readClassifier(folder)).toEqual({ file, arrays: [weight] });
  expect(readClassifier(join(folder, 'model.json'))).toEqual({ file, arrays: [weight] });
});

it('a classifier that is not finite, or there twice, is refused', async () => {
  const broken = folderWith([{ ...weight, values: Float32Array.of(1, 2, NaN, 4, 5, 6) }]);
  expect(await printedFailure(() => readClassifier(broken))).toContain(
    `${join(broken, 'classifier.params')}: parameter-not-finite: value 2 of parameter "fc7_weight" of layer "fc7" is NaN;`,
  );
  const folder = folderWith([weight]);
  const file = join(folder, 'classifier.params');
  const arrays = decodeFile(mxnetParams, file);
  writeFileSync(
    file,
    mxnetParams.encode([...arrays, ...arrays.map((array) => ({ ...array, name: array.name.slice(4) }))]),
  );
  expect(await printedFailure(() => readClassifier(folder))).toContain(
    `${file}: damaged-file: two arrays are called "fc7_weight"`,
  );
});

it('model.json means what is beside it, so that a change of these is a change of the model', () => {
  const folder = folderWith([weight]);
  const [model, values, classifier] = ['model.json', 'parameters.bin', 'classifier.params'].map((name) =>
    join(folder, name),
  );
  expect([...filesNamedBy([model ?? ''])]).toEqual([classifier]);
  writeFileSync(values ?? '', '');
  expect([...filesNamedBy([model ?? ''])]).toEqual([values, classifier]);
  expect([...filesNamedBy([folder])]).toEqual([]);
});
