import { asKey, type Key, type KeyDocument } from '../../../src/pipeline/plan/key-document.ts';

/** Some key, another one for each letter of `abcdef`. */
export function keyOf(letter: string): Key {
  const key = asKey(letter.repeat(64));
  if (key === undefined) throw new Error(`"${letter}" is not a hexadecimal digit`);
  return key;
}

export const keyDocument: KeyDocument = {
  format: 'faceflow-key',
  version: 1,
  stage: { name: 'test', version: 1 },
  params: {},
  inputs: {},
};
