import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FailureError } from '../../../src/core/failure.ts';
import { type Identity, chooseSamples, sampleFaces } from '../../../stages/report/sample-faces.ts';
import { sampleImage } from './sample-content.ts';

function people(count: number, images: number): Identity[] {
  return Array.from({ length: count }, (_, person) => ({
    name: `p${person}`,
    images: Array.from({ length: images }, (__, index) => `${index}.jpg`),
  }));
}

test('four images of people spread over all of them are shown', () => {
  expect(chooseSamples(people(9, 8), 12)).toEqual([
    { name: 'p1', images: ['1.jpg', '3.jpg', '5.jpg', '7.jpg'] },
    { name: 'p4', images: ['1.jpg', '3.jpg', '5.jpg', '7.jpg'] },
    { name: 'p7', images: ['1.jpg', '3.jpg', '5.jpg', '7.jpg'] },
  ]);
});

test('people with fewer images are passed over while enough others have four', () => {
  const mixed = [...people(5, 1), ...people(2, 4).map((each) => ({ ...each, name: `rich ${each.name}` }))];
  expect(chooseSamples(mixed, 8).map(({ name }) => name)).toEqual(['rich p0', 'rich p1']);
});

test('one image of each is shown where too few people have four', () => {
  expect(chooseSamples(people(3, 2), 8)).toEqual(['p0', 'p1', 'p2'].map((name) => ({ name, images: ['1.jpg'] })));
  expect(chooseSamples(people(9, 9), 2)).toHaveLength(2);
  expect(chooseSamples([{ name: 'nobody', images: [] }], 4)).toEqual([]);
});

/** A folder of two people with four images each, with other things beside them. */
async function withPeople(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'faceflow-faces-'));
  try {
    for (const person of ['b', 'a']) {
      mkdirSync(join(folder, person));
      writeFileSync(join(folder, person, 'notes.txt'), 'no image');
      for (const index of [1, 2, 3, 4]) writeFileSync(join(folder, person, `${index}.jpg`), sampleImage(index, 160));
    }
    writeFileSync(join(folder, 'list.txt'), 'not a person');
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('images become small data URIs, people in the order of their names', async () => {
  await withPeople(async (folder) => {
    const faces = await sampleFaces(folder, 8);
    expect(faces.map(({ name, images }) => [name, images.length])).toEqual([
      ['a', 4],
      ['b', 4],
    ]);
    for (const image of faces.flatMap(({ images }) => images)) {
      expect(image).toMatch(/^data:image\/jpeg;base64,/);
      expect(image.length).toBeLessThan(8000);
    }
    expect(await sampleFaces(folder, 0)).toEqual([]);
  });
});

test('an image that cannot be decoded is named', async () => {
  await withPeople(async (folder) => {
    const file = join(folder, 'b', '3.jpg');
    writeFileSync(file, 'no image');
    const error: unknown = await sampleFaces(folder, 8).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FailureError);
    expect(error).toMatchObject({ failures: [{ code: 'undecodable-image', at: { file } }] });
  });
});
