import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/kit/image/image.ts';
import { complaint } from '../e2e/printed-failures.ts';
import { Rig } from '../e2e/rig.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';

const sample = '../shared/data/samples/t1.jpg';
const photograph = resolve(sample);
const hasPhotograph = existsSync(photograph);

let rig: Rig;
beforeAll(() => {
  rig = new Rig();
  writeFileSync(rig.path('plain.jpg'), jpeg(1, 60, 40));
  writeFileSync(rig.path('cut.jpg'), jpeg(1, 60, 40).subarray(0, 300));
});
afterAll(() => rig.dispose());

interface Answer {
  readonly detector: { readonly name: string; readonly weights: Readonly<Record<string, string>> };
  readonly images: readonly {
    readonly image: string;
    readonly chosen?: number | null;
    readonly failure?: { readonly code: string };
    readonly faces?: readonly { readonly points: readonly (readonly number[])[]; readonly residual: number }[];
  }[];
}

describe('flow align', () => {
  it('says of each image what was found or why it was not read, and ends with 1 where one has no face', async () => {
    const { code, stdout } = await rig.flow(['align', 'plain.jpg', 'cut.jpg', 'gone.jpg']);
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "plain.jpg: 60 x 40, no face
      cut.jpg: the image cannot be decoded: a JPEG segment is longer than the data
      gone.jpg: expected an image, found no file
      3 images: 0 with a face, 1 without, 2 not read; 0 faces; * is the one that an alignment takes
      "
    `);
  });

  it('draws the images that could be read, one below the other', async () => {
    await rig.flow(['align', 'plain.jpg', 'cut.jpg', 'plain.jpg', '--draw', 'drawn.png']);
    const { width, height } = await decodeImage(readFileSync(rig.path('drawn.png')), 'drawn.png');
    expect({ width, height }).toEqual({ width: 60, height: 80 });
  });

  it('refuses detectors and options that there are not, and values of another kind', async () => {
    const texts = [
      await complaint(rig, 'align', 'plain.jpg', '--detector', 'mtcn'),
      await complaint(rig, 'align', 'plain.jpg', '--option', 'size=40'),
      await complaint(rig, 'align', 'plain.jpg', '--option', 'minimumSize=large'),
      await complaint(rig, 'align', 'plain.jpg', '--option', 'thresholds=0.5'),
    ];
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "wrong-option: expected --detector to be one of mtcnn, centerface, scrfd, retinaface, yunet, found "mtcn"
      wrong-option: expected --option to be name=value, the name one of arithmetic, minimumSize, factor, thresholds, singleProposal, refinePoints, crops, greyImages, fullFrame, found "size=40"
      wrong-option: expected --option to be minimumSize=a number, found "minimumSize=large"
      wrong-option: expected --option to be thresholds=a list of numbers, as in [0.6,0.7,0.7], found "thresholds=0.5""
    `);
  });

  it.skipIf(!hasPhotograph)(`finds the six people of a photograph (skipped without ${sample})`, async () => {
    const args = ['align', photograph, '--option', 'minimumSize=60', '--draw', 'people.png', '--json'];
    const { code, stdout } = await rig.flow(args, { FLOW_ENGINE: '' });
    expect(code).toBe(0);
    const { images, detector } = JSON.parse(stdout) as Answer;
    expect(detector.name).toBe('mtcnn');
    expect(images[0]?.faces).toHaveLength(6);
    for (const { points, residual } of images[0]?.faces ?? []) {
      expect(points).toHaveLength(5);
      expect(residual).toBeLessThan(8);
    }
    // Drawn: no longer what it was.
    const drawn = await decodeImage(readFileSync(rig.path('people.png')), 'people.png');
    const original = await decodeImage(readFileSync(photograph), photograph, { upright: true });
    expect([drawn.width, drawn.height]).toEqual([original.width, original.height]);
    expect(Buffer.from(drawn.data).equals(Buffer.from(original.data))).toBe(false);
  });
});
