import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/kit/codec/archive/tar-archive.ts';
import { choosePhotographs } from '../../stages/align/choose-photographs.ts';
import type { Params } from '../../stages/align/contract.ts';
import { withFiles } from '../../stages/align/read-photographs.ts';
import { settingsOf } from '../../stages/align/settings.ts';
import { jpeg, printedFailure, temporaryFolder } from '../kit/dataset/tiny-faces.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

function folderOf(files: Files): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const nothing = new Uint8Array(0);
const empty = (...names: readonly string[]): Files => Object.fromEntries(names.map((name) => [name, nothing]));

/** What the stage takes out of a layout. */
function photographsIn(images: string, params: Partial<Params> = {}) {
  const settings = settingsOf({ preset: 'plain', engine: 'auto', strict: false, samples: 24, ...params });
  const photographs = choosePhotographs({ images, list: undefined }, settings);
  const { count, ignored } = photographs.survey();
  const named = [...withFiles(photographs.all(), settings.encoding)];
  return {
    ...{ count, ignored, all: named.map(({ photograph }) => photograph) },
    rows: named.map(({ photograph: { name, identity }, file }) => [name, identity, file]),
  };
}

describe('the layouts of sets', () => {
  it('folders: a person per folder at any depth, sorted, files before folders; others are named', () => {
    const images = folderOf(empty('b/2.png', 'b/1.jpg', 'a/x/1.jpg', 'a/9.jpg', 'a/notes.txt', '.hidden.jpg'));
    const { rows, count, ignored } = photographsIn(images);
    expect(rows).toEqual([
      ['a/9.jpg', 'a', 'a/9.jpg'],
      ['a/x/1.jpg', 'a/x', 'a/x/1.jpg'],
      ['b/1.jpg', 'b', 'b/1.jpg'],
      ['b/2.png', 'b', 'b/2.jpg'],
    ]);
    expect({ count, ignored }).toEqual({ count: 4, ignored: ['a/notes.txt'] });
  });

  it('cfp: frontal and profile are one person', () => {
    const images = folderOf(empty('Data/Images/001/frontal/01.jpg', 'Data/Images/001/profile/01.jpg'));
    const file = 'Data/Images/001/profile/01.jpg';
    expect(photographsIn(images, { layout: 'cfp' }).rows[1]).toEqual([file, 'Data/Images/001', file]);
  });

  it('agedb: the second part of the name, the images of a person together', () => {
    const images = folderOf(empty('10_Zoe_20_f.jpg', '2_Ada_33_f.jpg', '7_Zoe_21_f.jpg', '9_Ada_34_f.jpg'));
    expect(photographsIn(images, { layout: 'agedb' }).rows.map(([name, identity]) => [name, identity])).toEqual([
      ['2_Ada_33_f.jpg', 'Ada'],
      ['9_Ada_34_f.jpg', 'Ada'],
      ['10_Zoe_20_f.jpg', 'Zoe'],
      ['7_Zoe_21_f.jpg', 'Zoe'],
    ]);
  });

  it('a single image', () => {
    const images = folderOf({ 'ada/photo.jpg': nothing });
    expect(photographsIn(join(images, 'ada/photo.jpg')).rows).toEqual([['photo.jpg', 'ada', 'photo.jpg']]);
  });

  it('shards: by the folders in them', () => {
    const images = folderOf({
      'set.tar': tarArchive.encode([{ name: 'ada/1.jpg', type: 'file', content: jpeg(1) }]),
    });
    const { rows, all } = photographsIn(images);
    expect(rows).toEqual([['ada/1.jpg', 'ada', 'ada/1.jpg']]);
    expect(Buffer.from(all[0]?.load().bytes ?? []).equals(Buffer.from(jpeg(1)))).toBe(true);
  });
});

describe('FaceScrub', () => {
  const tables = {
    'facescrub_actors.txt': 'name\timage_id\tface_id\turl\tbbox\tsha256\nAl Fu\t1\t11\thttp://a\t10,20,30,50\tx\n',
    'facescrub_actresses.txt': 'name\timage_id\tface_id\turl\tbbox\tsha256\nBo Li\t2\t12\thttp://b\t1,2,3,4\tx\n',
  };
  const pictures = empty('facescrub/Al Fu/Al Fu_11.jpeg', 'facescrub/Al Fu/Al Fu_15.jpg', 'facescrub/Bo Li/Bo Li_12');

  it('has boxes in its tables, and names without blanks in the output', () => {
    const { rows, all } = photographsIn(folderOf({ ...tables, ...pictures }), { preset: 'align_facescrub' });
    expect(rows).toEqual([
      ['Al Fu/Al Fu_11.jpeg', 'Al Fu', 'Al_Fu/Al_Fu_11.png'],
      ['Al Fu/Al Fu_15.jpg', 'Al Fu', 'Al_Fu/Al_Fu_15.png'],
      ['Bo Li/Bo Li_12', 'Bo Li', 'Bo_Li/Bo_Li_12.png'],
    ]);
    expect(all.map((photograph) => photograph.known())).toEqual([
      { box: { left: 10, top: 20, right: 30, bottom: 50 } },
      {},
      { box: { left: 1, top: 2, right: 3, bottom: 4 } },
    ]);
  });

  it('is its probes alone where their list is there; the others are named', () => {
    const list = JSON.stringify({ path: ['Al Fu/Al Fu_11.jpeg', 'Bo Li/Bo Li_12'], id: ['Al Fu', 'Bo Li'] });
    const images = folderOf({ ...tables, ...pictures, 'facescrub_uncropped_features_list.json': list });
    const { count, ignored } = photographsIn(images, { preset: 'align_facescrub' });
    expect({ count, ignored }).toEqual({ count: 2, ignored: ['Al Fu/Al Fu_15.jpg (no probe)'] });
  });

  it('with a damaged table is refused with the line', async () => {
    const images = folderOf({
      ...tables,
      ...pictures,
      'facescrub_actors.txt': 'name\tid\nAl Fu\t1\t11\thttp://a\t10,20\tx\n',
    });
    const text = await printedFailure(() => photographsIn(images, { preset: 'align_facescrub' }));
    expect(text.replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<images>/facescrub_actors.txt:2:1 damaged-list: expected name, image id, face id, address and a box x1,y1,x2,y2, found "Al Fu\\t1\\t11\\thttp://a\\t10,20\\tx"
        Al Fu→1→11→http://a→10,20→x
        ~~~~~~~~~~~~~~~~~~~~~~~~~~~"
    `);
  });
});

describe('MegaFace', () => {
  const face = {
    bounding_box: { x: 10, y: 20, width: 30, height: 40 },
    landmarks: { 1: { x: 12, y: 30 }, 0: { x: 28, y: 31 }, 2: { x: 20, y: 40 } },
  };

  it('has box and three points in the file beside each image, and passes .jpg.jpg over', () => {
    const images = folderOf({
      ...empty('375/u@N00/1_0.jpg', '375/u@N00/2_0.jpg', '375/u@N00/3_0.jpg', '375/u@N00/1_0.jpg.jpg'),
      '375/u@N00/1_0.jpg.json': JSON.stringify(face),
      '375/u@N00/2_0.jpg.json': JSON.stringify({ ...face, landmarks: { 0: { x: 1, y: 2 } } }),
    });
    const { rows, all, ignored } = photographsIn(images, { preset: 'align_megaface' });
    expect(rows[0]).toEqual(['375/u@N00/1_0.jpg', '375/u@N00', '375/u@N00/1_0.jpg']);
    const box = { left: 10, top: 20, right: 40, bottom: 60 };
    const threePoints = [
      [12, 30],
      [28, 31],
      [20, 40],
    ];
    expect(all.map((photograph) => photograph.known())).toEqual([{ box, threePoints }, { box }, {}]);
    expect(ignored).toEqual(['375/u@N00/1_0.jpg.jpg']);
  });

  it('refuses a description that is none', async () => {
    const images = folderOf({ ...empty('1/u/1.jpg'), '1/u/1.jpg.json': '{"bounding_box": {"x": 1}}' });
    const text = await printedFailure(() => photographsIn(images, { layout: 'megaface' }).all[0]?.known());
    expect(text.replaceAll(images, '<images>')).toMatchInlineSnapshot(
      `"<images>/1/u/1.jpg.json: wrong-face-file: expected "bounding_box" {x, y, width, height} and "landmarks" as MegaFace has them, found a bounding_box without the numbers x, y, width and height"`,
    );
  });
});

describe('MS-Celeb-1M', () => {
  const line = (identity: string, number: number) =>
    [identity, number, 'query', 'http://x', 'id', Buffer.from(jpeg(number)).toString('base64')].join('\t');
  const lines = `${line('m.0a', 1)}\n${line('m.0b', 0)}\n${line('m.0a', 2)}\nm.0a\n`;

  it('has an image per line', () => {
    const images = folderOf({ 'part.tsv': lines });
    const { rows, all, count } = photographsIn(join(images, 'part.tsv'), { preset: 'align_celeb' });
    expect(count).toBeUndefined();
    expect(rows.slice(0, 3)).toEqual([
      ['m.0a/1', 'm.0a', 'm.0a/1.jpg'],
      ['m.0b/0', 'm.0b', 'm.0b/0.jpg'],
      ['m.0a/2', 'm.0a', 'm.0a/2.jpg'],
    ]);
    expect(Buffer.from(all[2]?.load().bytes ?? []).equals(Buffer.from(jpeg(2)))).toBe(true);
  });

  it('takes the identities of the clean list alone, if it is there', () => {
    const images = folderOf({ 'part.tsv': lines, 'part.tsv_clean_list.txt': './m.0b/7.jpg\n./m.0a/x.jpg\n' });
    const { rows, ignored } = photographsIn(join(images, 'part.tsv'));
    expect(rows.map(([name]) => name)).toEqual(['m.0b/0']);
    expect(ignored).toEqual(['part.tsv_clean_list.txt: ./m.0a/x.jpg']);
  });

  it('says which line holds no image', async () => {
    const images = folderOf({ 'part.tsv': lines });
    const text = await printedFailure(() => photographsIn(join(images, 'part.tsv')).all[3]?.load());
    expect(text.replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<images>/part.tsv:4:1 not-a-celeb-line: expected the identity, the number of the image and the image in base64, found 1 field
        Bind one of the .tsv files of MS-Celeb-1M."
    `);
  });
});
