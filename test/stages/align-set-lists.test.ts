import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choosePhotographs } from '../../stages/align/choose-photographs.ts';
import { references } from '../../stages/align/references.ts';
import { withFiles } from '../../stages/align/read-photographs.ts';
import { settingsOf } from '../../stages/align/settings.ts';
import { failuresOf, temporaryFolder } from '../kit/dataset/tiny-faces.ts';

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const settings = settingsOf({ preset: 'plain', engine: 'auto', strict: false, samples: 24 });

function listed(images: string, list: string) {
  const photographs = choosePhotographs({ images, list }, settings);
  return [...withFiles(photographs.all(), settings.encoding)].map(({ photograph, file }) => {
    const { name, identity } = photograph;
    return { name, identity, file, known: photograph.known() };
  });
}

const points = '30.5,40,70,41,50,60,33,80,68,81';
const fivePoints = [
  [30.5, 40],
  [70, 41],
  [50, 60],
  [33, 80],
  [68, 81],
];
const titles = 'NAME_ID,P1X,P1Y,P2X,P2Y,P3X,P3Y,P4X,P4Y,P5X,P5Y';

describe('the lists of VGGFace2', () => {
  it('have the five points of each image, and boxes where their list is there', () => {
    const files = {
      'meta/loose_landmark_test.csv': `${titles}\n"n000001/0001_01",${points}\n"n000009/0002_01",${points}\n`,
    };
    const folder = folderOf(files);
    const list = join(folder, 'meta/loose_landmark_test.csv');
    const images = join(folder, 'test');
    expect(listed(images, list)[0]).toEqual({
      name: 'n000001/0001_01.jpg',
      identity: 'n000001',
      file: 'n000001/0001_01.jpg',
      known: { points: fivePoints },
    });
    const boxes = join(folder, 'meta/loose_bb_test.csv');
    writeFileSync(boxes, 'NAME_ID,X,Y,W,H\r\n"n000001/0001_01",10,20,100,120\r\n"n000009/0002_01",1,2,3,4\r\n');
    expect(listed(images, list).map(({ known }) => known)).toEqual([
      { points: fivePoints, box: { left: 10, top: 20, right: 110, bottom: 140 } },
      { points: fivePoints, box: { left: 1, top: 2, right: 4, bottom: 6 } },
    ]);
    expect([...references({ images, list, weights: undefined })]).toEqual([boxes]);
    expect(listed(images, boxes)[1]?.known).toEqual({ box: { left: 1, top: 2, right: 4, bottom: 6 } });
  });

  it.each([
    ['a point is missing', `${titles}\n"n000001/0001_01",1,2,3\n`],
    ['a number is none', `${titles}\n"n000001/0001_01",${points.replace('70', 'x')}\n`],
    ['the list of boxes has another image', `${titles}\n"n000001/0003_01",${points}\n`],
  ])('are refused with the line where %s', async (_, text) => {
    const folder = folderOf({
      'loose_landmark_train.csv': text,
      'loose_bb_train.csv': 'NAME_ID,X,Y,W,H\n"n000001/0001_01",10,20,100,120\n',
    });
    const list = join(folder, 'loose_landmark_train.csv');
    const [failure] = await failuresOf(() => listed(folder, list));
    expect(failure).toMatchObject({ code: 'damaged-list', at: { file: list, line: 2 } });
  });
});

const celebTitles =
  'lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y';
const celebRows = `000001.jpg ${points.replaceAll(',', '  ')}\n000002.jpg ${points.replaceAll(',', ' ')} \n`;

describe('the lists of CelebA', () => {
  it('have the five points of each image; boxes and people where their lists lie beside it', () => {
    const folder = folderOf({
      'Anno/list_landmarks_celeba.txt': `2\n${celebTitles} \n${celebRows}`,
      'Anno/list_bbox_celeba.txt': '2\nimage_id x_1 y_1 width height\n000001.jpg 95  71 226 313\n000002.jpg  1 2 3 4\n',
      'Anno/identity_CelebA.txt': '000001.jpg 2880\n000002.jpg 2937\n',
    });
    const images = join(folder, 'Img/img_celeba');
    const list = join(folder, 'Anno/list_landmarks_celeba.txt');
    expect(listed(images, list)).toEqual([
      {
        ...{ name: '000001.jpg', identity: '2880', file: '2880/000001.jpg' },
        known: { points: fivePoints, box: { left: 95, top: 71, right: 321, bottom: 384 } },
      },
      {
        ...{ name: '000002.jpg', identity: '2937', file: '2937/000002.jpg' },
        known: { points: fivePoints, box: { left: 1, top: 2, right: 4, bottom: 6 } },
      },
    ]);
    const beside = ['Anno/list_bbox_celeba.txt', 'Anno/identity_CelebA.txt'].map((name) => join(folder, name));
    expect([...references({ images, list, weights: undefined })]).toEqual(beside);
  });

  it('of the aligned images take no boxes, which are of the others; as Kaggle has them, they are CSV', () => {
    const boxes = { 'list_bbox_celeba.txt': '1\nimage_id x_1 y_1 width height\n000009.jpg 1 2 3 4\n' };
    for (const [name, text] of [
      ['list_landmarks_align_celeba.txt', `2\n${celebTitles}\n${celebRows}`],
      ['list_landmarks_align_celeba.csv', `image_id,${celebTitles.replaceAll(' ', ',')}\n000001.jpg,${points}\n`],
    ] as const) {
      const folder = folderOf({ ...boxes, [name]: text });
      expect(listed(folder, join(folder, name))[0]).toEqual({
        ...{ name: '000001.jpg', identity: '', file: '000001.jpg', known: { points: fivePoints } },
      });
    }
  });

  it('that were cut off are refused', async () => {
    const folder = folderOf({ 'list_landmarks_celeba.txt': `3\n${celebTitles}\n${celebRows}` });
    const list = join(folder, 'list_landmarks_celeba.txt');
    const [failure] = await failuresOf(() => listed(folder, list));
    expect(failure).toMatchObject({ code: 'damaged-list', at: { file: list, line: 4 } });
    expect(readFileSync(list, 'utf8')).toContain('000002.jpg');
  });
});
