import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../../src/core/digest.ts';
import { EmbeddingFile } from '../../../src/kit/face/embedding-store.ts';
import { temporaryFolder } from '../dataset/tiny-faces.ts';

const images = ['a', 'b', 'c'].map((name) => digestOf(name));
const embedded = (value: number) => ({
  original: Float32Array.of(value, value + 0.25, -1),
  mirrored: Float32Array.of(-value, 0, 1e-30),
});

function written(): string {
  const path = join(temporaryFolder(), 'embeddings');
  const file = new EmbeddingFile(path, 3);
  for (const [index, image] of images.entries()) file.add(image, embedded(index));
  file.close();
  return path;
}

/** What is known after opening the file again, after `damage` was done to it. */
function reopened(damage: (path: string) => void): EmbeddingFile {
  const path = written();
  damage(path);
  const file = new EmbeddingFile(path, 3);
  file.close();
  return file;
}

it('knows after opening what was added before, to the bit', () => {
  const file = reopened(() => undefined);
  expect(file.count).toBe(3);
  for (const [index, image] of images.entries()) expect(file.find(image)).toEqual(embedded(index));
  expect(file.find(digestOf('d'))).toBeUndefined();
});

it('drops what a crash has cut off and continues after the last whole record', () => {
  const path = written();
  const { size } = statSync(path);
  for (let length = 0; length < size; length += 17) {
    const cut = reopened((damaged) => {
      truncateSync(damaged, length);
    });
    expect(cut.count).toBe(Math.floor((length / size) * 3));
  }
  truncateSync(path, size - 1);
  const file = new EmbeddingFile(path, 3);
  file.add(images[2] ?? digestOf(''), embedded(7));
  file.close();
  expect(new EmbeddingFile(path, 3).find(images[2] ?? digestOf(''))).toEqual(embedded(7));
  expect(statSync(path).size).toBe(size);
});

it('takes no record whose bytes have changed, nor anything behind it', () => {
  const file = reopened((path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length / 3 + 40] = (bytes[bytes.length / 3 + 40] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  });
  expect(file.count).toBe(1);
  expect(
    reopened((path) => {
      appendFileSync(path, Buffer.alloc(64));
    }).count,
  ).toBe(3);
});
