import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { alignFace, alignmentTemplate, pointsIn, similarityTransform } from '../../src/kit/face/align-face.ts';
import { warpAffine } from '../../src/kit/image/warp-affine.ts';
import { cropKnownFace } from '../../src/kit/face/crop-face.ts';
import { decodeImage, encodePng } from '../../src/kit/image/image.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { readPackingList } from '../../src/kit/codec/insightface/packing-list.ts';
import { check } from '../../stages/align/check.ts';
import {
  failuresOf,
  jpeg,
  paint,
  printedFailure,
  temporaryFolder,
  writeFaceFolder,
} from '../kit/dataset/tiny-faces.ts';
import { alignFaces } from './align-faces.ts';
import { content, pack } from './pack-faces.ts';

/** A face that is turned a little, in a photograph of 100 x 100. */
const points = [
  [35, 40],
  [62, 44],
  [48, 55],
  [36, 68],
  [56, 71],
] as const;
const tenNumbers = [...points.map(([x]) => x), ...points.map(([, y]) => y)];
const boxed = [25, 25, 75, 85];

function fields(...values: readonly (string | number)[]): string {
  return values.join('\t');
}

/** Photographs of two people, and a list with their points. */
function listedFaces(): { images: string; list: string; folder: string } {
  const folder = temporaryFolder();
  const images = writeFaceFolder(join(folder, 'photographs'), { anna: 2, bert: 1 }, 100);
  const list = join(folder, 'photographs.lst');
  const names = ['anna/anna_0001.jpg', 'bert/bert_0001.jpg', 'anna/anna_0002.jpg'];
  const labels = [7, 3, 7];
  const lines = names.map((name, index) => fields(0, name, labels[index] ?? 0, ...boxed, ...tenNumbers));
  writeFileSync(list, `${lines.join('\n')}\n`);
  return { images, list, folder };
}

describe('align, by a list of points', () => {
  it('cuts the faces out as face2rec does, and lists them with the labels of the list, identities together', async () => {
    const { images, list } = listedFaces();
    const { records, outputs, list: lines, figures } = await alignFaces({ images, list, params: { encoding: 'png' } });
    expect(lines).toEqual([
      fields(1, 'bert/bert_0001.png', 3),
      fields(1, 'anna/anna_0001.png', 7),
      fields(1, 'anna/anna_0002.png', 7),
    ]);
    const photograph = await decodeImage(readFileSync(join(images, 'anna/anna_0001.jpg')), 'anna');
    const face = await decodeImage(readFileSync(join(outputs.images, 'anna/anna_0001.png')), 'anna');
    const expected = alignFace(photograph, points, { width: 112, height: 112 });
    expect(Buffer.from(face.data).equals(Buffer.from(expected.data))).toBe(true);
    expect(records[0]).toMatchObject({
      image: 'anna/anna_0001.jpg',
      outcome: 'aligned',
      step: 'listed',
      box: boxed,
      points,
      file: 'anna/anna_0001.png',
    });
    expect(records.map(({ residual }) => residual)).toEqual([1.342, 1.342, 1.342]);
    expect(figures).toMatchObject({ images: 3, aligned: 3, 'left out': 0, identities: 2, 'found: listed': 3 });
  });

  it('writes points by which face2rec makes the same faces', async () => {
    const { images, list } = listedFaces();
    const aligned = await alignFaces({ images, list, params: { encoding: 'png', quality: 1 } });
    const listed = await alignFaces({ images, list, params: { output: 'points' } });
    expect(readdirSync(listed.outputs.images)).toEqual([]);
    expect([...readPackingList(listed.outputs.list)][0]).toMatchObject({
      aligned: false,
      box: boxed,
      points: tenNumbers,
    });
    const [whole, late] = await Promise.all([
      pack({ images: aligned.outputs.images, list: aligned.outputs.list }),
      pack({ images, list: listed.outputs.list, params: { encoding: 'png', quality: 1 } }),
    ]);
    // The label also tells whether the image was aligned before.
    const payloads = (set: string) => content(set).map(([, payload]) => payload);
    expect(payloads(late.dataset)).toEqual(payloads(whole.dataset));
    expect(payloads(late.dataset)).toHaveLength(3);
  });

  it('reads lists of boxes and points without labels, and labels by folder', async () => {
    const { images, folder } = listedFaces();
    const list = join(folder, 'landmarks.txt');
    const five = points.flat().join(' ');
    writeFileSync(
      list,
      `bert/bert_0001.jpg ${boxed.join(' ')} ${five}\nanna/anna_0002.jpg ${boxed.join(' ')} ${five}\n`,
    );
    const { list: lines } = await alignFaces({ images, list });
    expect(lines).toEqual([fields(1, 'bert/bert_0001.jpg', 0), fields(1, 'anna/anna_0002.jpg', 1)]);
  });

  it('gives images that would get one name numbers', async () => {
    const { images, list } = listedFaces();
    writeFileSync(join(images, 'anna/anna_0001.png'), await encodePng(paint(9, 100)));
    const line = (name: string) => fields(0, name, 0, ...boxed, ...tenNumbers);
    writeFileSync(list, `${['anna/anna_0001.jpg', 'anna/anna_0001.png', 'anna/anna_0001.jpg'].map(line).join('\n')}\n`);
    const { list: lines, outputs } = await alignFaces({ images, list });
    const names = ['anna/anna_0001.jpg', 'anna/anna_0001-2.jpg', 'anna/anna_0001-3.jpg'];
    expect(lines).toEqual(names.map((name) => fields(1, name, 0)));
    expect(names.map((name) => existsSync(join(outputs.images, name)))).toEqual([true, true, true]);
  });

  it.each([
    [112, 96],
    [128, 128],
    [224, 224],
  ])('aligns to %i x %i', async (height, width) => {
    const { images, list } = listedFaces();
    const { outputs } = await alignFaces({ images, list, params: { imageSize: { height, width }, encoding: 'png' } });
    const photograph = await decodeImage(readFileSync(join(images, 'bert/bert_0001.jpg')), 'bert');
    const face = await decodeImage(readFileSync(join(outputs.images, 'bert/bert_0001.png')), 'bert');
    const expected = alignFace(photograph, points, { height, width });
    expect(Buffer.from(face.data).equals(Buffer.from(expected.data))).toBe(true);
  });
});

describe("align with dlib's template", () => {
  it("cuts the face out as get_face_chip does: 150 x 150, the points where dlib's mean face has them", async () => {
    const { images, list } = listedFaces();
    const { outputs, records } = await alignFaces({ images, list, params: { template: 'dlib', encoding: 'png' } });
    const size = { height: 150, width: 150 };
    const photograph = await decodeImage(readFileSync(join(images, 'bert/bert_0001.jpg')), 'bert');
    const face = await decodeImage(readFileSync(join(outputs.images, 'bert/bert_0001.png')), 'bert');
    expect([face.height, face.width]).toEqual([150, 150]);
    const { a, b, tx, ty } = similarityTransform(points, pointsIn(size, 'dlib'));
    const expected = warpAffine(photograph, [a, -b, tx, b, a, ty], size);
    expect(Buffer.from(face.data).equals(Buffer.from(expected.data))).toBe(true);
    const { residual = NaN } = records[0] ?? {};
    expect(residual).toBeGreaterThan(0);
    expect(residual).toBeLessThan(5);
  });

  it('takes another size where one is asked for, and is as without it where it is that of ArcFace', async () => {
    const { images, list } = listedFaces();
    const imageSize = { height: 96, width: 120 };
    const wide = await alignFaces({ images, list, params: { template: 'dlib', imageSize, encoding: 'png' } });
    const face = await decodeImage(readFileSync(join(wide.outputs.images, 'anna/anna_0001.png')), 'anna');
    expect([face.height, face.width]).toEqual([96, 120]);
    // In the middle of the width.
    const [left, right] = pointsIn(imageSize, 'dlib');
    expect(((left?.[0] ?? NaN) + (right?.[0] ?? NaN)) / 2).toBeCloseTo(60 + 96 * ((0.25 + 0.4901265) / 1.5 - 0.5), 6);
    const [named, unnamed] = await Promise.all(
      [{ template: 'arcface' as const }, {}].map((params) => alignFaces({ images, list, params })),
    );
    const bytesOf = (aligned: typeof wide | undefined): Buffer =>
      readFileSync(join(aligned?.outputs.images ?? '', 'anna/anna_0001.jpg'));
    expect(bytesOf(named).equals(bytesOf(unnamed))).toBe(true);
  });
});

describe('images that cannot be aligned', () => {
  /** A line with points of its own for each image. */
  function listOf(lines: Readonly<Record<string, readonly number[] | undefined>>): string {
    const list = join(temporaryFolder(), 'photographs.lst');
    const rows = Object.entries(lines).map(([name, ten]) => fields(0, name, 0, ...boxed, ...(ten ?? tenNumbers)));
    writeFileSync(list, rows.map((row) => `${row}\n`).join(''));
    return list;
  }

  async function badFolder(): Promise<string> {
    const folder = temporaryFolder();
    const whole = jpeg(1, 100);
    const put = (name: string, bytes: Uint8Array): void => {
      writeFileSync(join(folder, name), bytes);
    };
    put('whole.jpg', whole);
    put('empty.jpg', new Uint8Array(0));
    put('cut.jpg', whole.subarray(0, whole.length / 2));
    put('text.jpg', Buffer.from('no image at all'));
    const zero = Buffer.from(whole);
    const frame = zero.indexOf(Buffer.from([0xff, 0xc0]));
    zero.writeUInt16BE(0, frame + 5);
    put('zero.jpg', zero);
    const flat = Buffer.from(await encodePng(paint(3, 100)));
    flat.writeUInt32BE(0, 16);
    put('flat.png', flat);
    const { data, width, height } = paint(2, 100);
    const raw = { width, height, channels: 3 as const };
    put('cmyk.jpg', await sharp(data, { raw }).toColourspace('cmyk').jpeg().toBuffer());
    put('deep.png', await sharp(data, { raw }).toColourspace('rgb16').png().toBuffer());
    put('grey.png', await sharp(data, { raw }).greyscale().png().toBuffer());
    const frames = Buffer.concat([1, 2].map((seed) => Buffer.from(paint(seed, 100).data)));
    put(
      'film.gif',
      await sharp(frames, { raw: { ...raw, height: 200, pageHeight: 100 } })
        .gif()
        .toBuffer(),
    );
    return folder;
  }

  it('are named with the reason, the others are aligned, and the counts add up', async () => {
    const images = await badFolder();
    const names = [
      'whole.jpg',
      'empty.jpg',
      'cut.jpg',
      'text.jpg',
      'zero.jpg',
      'flat.png',
      'cmyk.jpg',
      'deep.png',
      'grey.png',
    ];
    const moved = tenNumbers.map((value) => value + 500);
    const partly = tenNumbers.map((value, index) => (index === 0 ? -3 : value));
    const list = listOf({
      ...Object.fromEntries(names.map((name) => [name, undefined])),
      'film.gif': undefined,
      'gone.jpg': undefined,
      './whole.jpg': moved,
      'sub/../whole.jpg': tenNumbers.map(() => 50),
      '././whole.jpg': partly,
    });
    const { records, warnings, figures } = await alignFaces({ images, list });
    expect(records.filter(({ outcome }) => outcome === 'aligned').map(({ image }) => image)).toEqual([
      'whole.jpg',
      'cmyk.jpg',
      'deep.png',
      'grey.png',
      'film.gif',
      '././whole.jpg',
    ]);
    const reasons = records.flatMap(({ image, reason }) => (reason === undefined ? [] : [[image, reason]]));
    expect(Object.fromEntries(reasons)).toEqual({
      'empty.jpg': 'undecodable-image',
      'cut.jpg': 'undecodable-image',
      'text.jpg': 'undecodable-image',
      'zero.jpg': 'undecodable-image',
      'flat.png': 'undecodable-image',
      'gone.jpg': 'missing-image',
      './whole.jpg': 'points-outside',
      'sub/../whole.jpg': 'equal-points',
    });
    expect(warnings.join('\n')).toMatchInlineSnapshot(`
      "left out empty.jpg: the image cannot be decoded: it is empty
      left out cut.jpg: the image cannot be decoded: the JPEG data end without their end marker: they were cut off
      left out text.jpg: the image cannot be decoded: it is not an image in a known format
      left out zero.jpg: the image cannot be decoded: the JPEG data hold no frame size
      left out flat.png: the image cannot be decoded: the PNG image has no pixels: its size is 0 x 100
      film.gif: it is animated; of its 2 images the first was taken
      left out gone.jpg: expected an image, found no file
      left out ./whole.jpg: the five points are all outside of the image of 100 x 100 pixels
      left out sub/../whole.jpg: the points of the face are all at one place, or are not numbers: nothing can be aligned by them
      ././whole.jpg: the points are 11.4 pixels from the template on average: a face from the side, or none
      ././whole.jpg: 1 of the five points are outside of the image"
    `);
    expect(figures).toMatchObject({
      images: 14,
      aligned: 6,
      'left out': 8,
      'left out: undecodable-image': 5,
      'left out: missing-image': 1,
      'left out: points-outside': 1,
      'left out: equal-points': 1,
      'points partly outside': 1,
    });
  });

  it('end the stage if all are, with the reasons and how often', async () => {
    const images = await badFolder();
    const list = listOf({ 'empty.jpg': undefined, 'cut.jpg': undefined, 'gone.jpg': undefined });
    const text = await printedFailure(() => alignFaces({ images, list }));
    expect(text.replaceAll(list, '<list>')).toMatchInlineSnapshot(`
      "<list>: nothing-aligned: none of 3 images could be aligned: 2 undecodable-image, 1 missing-image
        The log names them; with strict: true the first of them is the failure."
    `);
  });

  it('end it if strict, at the first', async () => {
    const images = await badFolder();
    const list = listOf({ 'whole.jpg': undefined, 'cut.jpg': undefined });
    const [failure] = await failuresOf(() => alignFaces({ images, list, params: { strict: true } }));
    expect(failure).toMatchObject({ code: 'undecodable-image', at: { file: join(images, 'cut.jpg') } });
  });

  it.each([
    ['points', tenNumbers.map((value) => value + 500), 'points-outside'],
    ['one place', tenNumbers.map(() => 50), 'equal-points'],
  ])('end it if strict, with the text of the failure: %s', async (_, ten, code) => {
    const images = await badFolder();
    const list = listOf({ 'whole.jpg': ten });
    const text = await printedFailure(() => alignFaces({ images, list, params: { strict: true } }));
    expect(text.replaceAll(images, '<images>').split('\n')[0]).toBe(
      code === 'equal-points'
        ? '<images>/whole.jpg: equal-points: the points of the face are all at one place, or are not numbers: nothing can be aligned by them'
        : '<images>/whole.jpg: points-outside: the five points are all outside of the image of 100 x 100 pixels',
    );
  });

  it('warn where the points are far from the template', async () => {
    const images = await badFolder();
    const [left, right, nose, mouthLeft, mouthRight] = alignmentTemplate.map(([x, y]) => [x * 0.8, y * 0.8] as const);
    const swapped = [mouthLeft, mouthRight, nose, left, right].map((point) => point ?? [0, 0]);
    const list = listOf({ 'whole.jpg': [...swapped.map(([x]) => x), ...swapped.map(([, y]) => y)] });
    const { warnings, figures } = await alignFaces({ images, list });
    expect(warnings).toEqual([
      expect.stringMatching(/^whole\.jpg: the points are \d+\.\d pixels from the template on average/),
    ]);
    expect(figures).toMatchObject({ aligned: 1, 'residual above 5': 1 });
  });
});

describe.skipIf(!installedOnnxruntime().installed)('images without a face (needs onnxruntime)', () => {
  const pictures = () => writeFaceFolder(temporaryFolder(), { anna: 1, bert: 2 }, 60);

  it('are left out, and end the stage where strict, or where there are no others', async () => {
    const images = pictures();
    const strict = await printedFailure(() => alignFaces({ images, params: { strict: true } }));
    expect(strict.replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<images>/anna/anna_0001.jpg: no-face: no face was found in the image
        Look for smaller faces, lower the thresholds of the detector, or choose withoutFace: crop."
    `);
    const all = await printedFailure(() => alignFaces({ images }));
    expect(all.replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<images>: nothing-aligned: none of 3 images could be aligned: 3 no-face
        The log names them; with strict: true the first of them is the failure."
    `);
  });

  it('are cropped as align_lfw does, or listed without points as align_insight does', async () => {
    const images = pictures();
    const cropped = await alignFaces({ images, params: { preset: 'align_lfw' } });
    expect(cropped.figures).toMatchObject({ images: 3, aligned: 0, cropped: 3, 'found: none': 3 });
    const { width, height } = await decodeImage(readFileSync(join(cropped.outputs.images, 'anna/anna_0001.jpg')), 'a');
    expect([width, height]).toEqual([112, 112]);
    const listed = await alignFaces({ images, params: { preset: 'align_insight' } });
    expect(listed.list[0]).toBe(fields(0, 'anna/anna_0001.jpg', 0));
    expect(listed.figures).toMatchObject({ images: 3, 'listed without points': 3 });
  });

  it('are cropped by the known box where the set has one, as align_megaface does', async () => {
    const images = pictures();
    const box = { x: 10, y: 5, width: 30, height: 40 };
    writeFileSync(join(images, 'anna/anna_0001.jpg.json'), JSON.stringify({ bounding_box: box }));
    const { outputs, records } = await alignFaces({ images, params: { preset: 'align_megaface', encoding: 'png' } });
    const [record] = records;
    expect(record).toMatchObject({ outcome: 'cropped', step: 'none' });
    const photograph = await decodeImage(readFileSync(join(images, 'anna/anna_0001.jpg')), 'anna');
    const known = { left: 10, top: 5, right: 40, bottom: 45 };
    const expected = cropKnownFace(photograph, known, { width: 112, height: 112 });
    const face = await decodeImage(readFileSync(join(outputs.images, 'anna/anna_0001.png')), 'anna');
    expect(Buffer.from(face.data).equals(Buffer.from(expected.data))).toBe(true);
  });
});

describe('an alignment that is interrupted', () => {
  it('goes on after the last whole record, and ends with the same', async () => {
    const { images, list, folder } = listedFaces();
    const many = Array.from({ length: 40 }, (_, index) =>
      fields(0, index % 7 === 3 ? `gone/${index}.jpg` : 'anna/anna_0001.jpg', index, ...boxed, ...tenNumbers),
    );
    writeFileSync(list, `${many.join('\n')}\n`);
    const whole = await alignFaces({ images, list });
    const place = join(folder, 'interrupted');
    mkdirSync(place);
    const abort = new AbortController();
    let warned = 0;
    const onEvent = (event: { readonly type: string }) => {
      if (event.type === 'log' && ++warned === 3) abort.abort(new Error('stop'));
    };
    await expect(alignFaces({ images, list, folder: place, onEvent, signal: abort.signal })).rejects.toThrow('stop');
    const records = join(place, 'scratch/faces.ndjson');
    const before = readFileSync(records, 'utf8');
    expect(before.split('\n').length).toBeGreaterThan(10);
    // As a crash may leave it: a line that is not whole, and a file without content.
    writeFileSync(records, before.slice(0, -20));
    const again = await alignFaces({ images, list, folder: place });
    expect(again.events).toContainEqual({
      type: 'log',
      level: 'info',
      message: expect.stringMatching(/^continuing after \d+ images$/) as string,
    });
    expect(again.records).toEqual(whole.records);
    expect(again.list).toEqual(whole.list);
    expect(again.figures).toEqual(whole.figures);
    expect(again.sheet).toEqual(whole.sheet);
  });
});

describe('what is wrong before anything is read', () => {
  const lenient = { preset: 'plain', engine: 'auto', strict: false, samples: 24 } as const;
  const known = (params: object, inputs: { images: string; list?: string }) =>
    printedFailure(() =>
      check({
        params: { ...lenient, ...params },
        engine: () => undefined,
        inputs,
        whole: new Set(['images', 'list']),
        once: (_, read) => read(),
      }),
    );

  it('is a folder without images', async () => {
    const images = temporaryFolder();
    expect((await known({}, { images })).replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<images>: nothing-to-align: expected images in the layout folders, found none
        Bind the folder that holds the folders of people, or an image, a list, an archive; see the README of the stage."
    `);
  });

  it('are parameters that exclude each other', async () => {
    const { images, list } = listedFaces();
    const texts = [
      await known({ layout: 'megaface' }, { images, list }),
      await known({ withoutFace: 'list' }, { images }),
      await known({ withoutFace: 'crop', output: 'points' }, { images }),
      await known({ layout: 'celeb' }, { images }),
    ];
    expect(texts.join('\n').replaceAll(list, '<list>').replaceAll(images, '<images>')).toMatchInlineSnapshot(`
      "<list>: several-inputs: a list cannot be combined with the layout megaface
      <images>: several-inputs: withoutFace: list needs output: points, for there is nothing to write an image of
      <images>: several-inputs: withoutFace: crop needs output: images; face2rec crops too (withoutPoints: crop), of what withoutFace: list lists
      <images>: several-inputs: the layout celeb is that of a .tsv file, and images is a folder"
    `);
  });

  it('are images of a list that are not there, with strict', async () => {
    const { images, list } = listedFaces();
    writeFileSync(list, `${fields(0, 'anna/anna_0007.jpg', 0, ...boxed, ...tenNumbers)}\n`);
    const nothing = {
      params: lenient,
      engine: () => undefined,
      inputs: { images, list },
      whole: new Set(['images', 'list']),
      once: <Value>(_: string, read: () => Value) => read(),
    };
    await check(nothing);
    expect((await known({ strict: true }, { images, list })).replaceAll(images, '<images>')).toMatchInlineSnapshot(
      `"<images>/anna/anna_0007.jpg: missing-image: expected an image, found no file"`,
    );
  });
});
