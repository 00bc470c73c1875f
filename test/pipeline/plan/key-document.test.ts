import { expect, test } from 'vitest';
import type { Digest } from '../../../src/core/digest.ts';
import { keyDocument, keyOf } from '../../../src/pipeline/plan/key-document.ts';
import { load, taskOf } from '../experiment/workspace.ts';

const engine = { name: 'tensorflow', version: '2.21.0' } as const;

function documentOf(stage: string) {
  const task = taskOf(load(`name: x\nstages: { s: ${stage} }`), 's');
  return keyDocument(task, { inputs: { dataset: ['d1' as Digest], validation: [] }, engine });
}

const learn = '{ uses: learn, with: { dataset: ., loss: { name: softmax } } }';

test('a key document lists what decides a result, readable and nothing else', () => {
  const document = documentOf(learn);
  expect(document).toEqual({
    format: 'faceflow-key',
    version: 1,
    stage: { name: 'learn', version: 1 },
    params: { loss: { name: 'softmax' }, schedule: { maxSteps: 10 }, batch: 8 },
    inputs: { dataset: ['d1'] },
    seed: document.seed,
    engine: { name: 'tensorflow', version: '2.21.0' },
  });
});

test('seed and engine are left out for stages that use neither', () => {
  expect(documentOf('{ uses: pack, with: { images: . }, seed: 3 }')).not.toHaveProperty('seed');
  expect(documentOf('{ uses: pack, with: { images: . } }')).not.toHaveProperty('engine');
  expect(documentOf('{ uses: draw }')).not.toHaveProperty('engine');
});

test('of a stage that infers the chosen engine is in the key, not the parameter that chose it', () => {
  const learning = taskOf(load(`name: x\nstages: { s: ${learn} }`), 's');
  const kind = { ...learning.kind, manifest: { ...learning.kind.manifest, engine: 'inference' as const } };
  const documents = ['auto', 'tensorflow'].map((choice) => {
    const params = { ...learning.params, engine: choice };
    return keyDocument({ ...learning, kind, params }, { inputs: {}, engine });
  });
  expect(documents[0]).toEqual(documents[1]);
  expect(documents[0]?.params).not.toHaveProperty('engine');
  expect(documents[0]?.engine).toEqual(engine);
});

test('a key is the SHA-256 of the document, whatever the order of its parts', () => {
  const document = documentOf('{ uses: pack, with: { images: . } }');
  const turned = Object.fromEntries(Object.entries(document).reverse()) as unknown as typeof document;
  expect(keyOf(turned)).toBe(keyOf(document));
  // Pinned: another text would lose everybody's results.
  expect(keyOf(document)).toBe('554242a4a00464dc8804de081ab7926d2666f1134e7bdc1933262fdf1336c61f');
});
