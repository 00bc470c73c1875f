import { keyOf as digestOfDocument, type Key, type KeyDocument } from '../../../src/pipeline/plan/key-document.ts';

/** A key that begins with the letter, one of `abcdef`. */
export function keyOf(letter: string): Key {
  return digestOfDocument(documentOf(letter));
}

/** The document of the key: the first whose digest begins with the letter. */
export function documentOf(letter: string): KeyDocument {
  if (!/^[a-f]$/.test(letter)) throw new Error(`"${letter}" is not a hexadecimal digit`);
  for (let number = 0; ; number += 1) {
    const document: KeyDocument = {
      ...{ format: 'faceflow-key', version: 1 },
      stage: { name: 'test', version: 1 },
      ...{ params: { number }, inputs: {} },
    };
    if (digestOfDocument(document).startsWith(letter)) return document;
  }
}
