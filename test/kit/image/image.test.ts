import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageFormat } from '../../../src/kit/image/image-header.ts';
import { decodeImage, decodeJpegFast, encodeJpeg } from '../../../src/kit/image/image.ts';
import { JpegDecoder } from '../../../src/kit/image/jpeg-decoder.ts';
import { checkImage } from '../../../src/kit/image/image-header.ts';
import { failuresOf, jpeg, paint } from '../dataset/tiny-faces.ts';

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

describe('an image', () => {
  it('comes back from JPEG nearly as it was, red first', async () => {
    const image = paint(3, 48, 32);
    const bytes = encodeJpeg(image);
    const decoded = await decodeImage(bytes, 'x.jpg');
    expect([decoded.width, decoded.height]).toEqual([48, 32]);
    expect(meanDifference(decoded.data, image.data)).toBeLessThan(3);
    const fast = decodeJpegFast(bytes, 'x.jpg');
    expect(meanDifference(fast.data, decoded.data)).toBeLessThan(2.5);
  });

  it('stays what it is where the next one is decoded into the same memory, unless that was asked for', async () => {
    const [first, second] = [await decodeImage(jpeg(4), 'x.jpg'), await decodeImage(jpeg(5), 'x.jpg')];
    expect(Buffer.from(first.data).equals(Buffer.from(second.data))).toBe(false);
    expect(Buffer.from(first.data).equals(Buffer.from((await decodeImage(jpeg(4), 'x.jpg')).data))).toBe(true);
    const decoder = new JpegDecoder();
    const kept = await decodeImage(jpeg(4), 'x.jpg', { decoder });
    expect(Buffer.from(kept.data).equals(Buffer.from(first.data))).toBe(true);
    await decodeImage(jpeg(5), 'x.jpg', { decoder });
    expect(Buffer.from(kept.data).equals(Buffer.from(second.data))).toBe(true);
  });

  it('is the same from any lossless format', async () => {
    const { data, width, height } = paint(5, 20, 10);
    const raw = sharp(data, { raw: { width, height, channels: 3 } });
    for (const bytes of [
      await raw.clone().png().toBuffer(),
      await raw.clone().tiff({ compression: 'lzw' }).toBuffer(),
      await raw.clone().webp({ lossless: true }).toBuffer(),
    ]) {
      const decoded = await decodeImage(bytes, 'x');
      expect(imageFormat(bytes)).not.toBe('jpeg');
      expect(Buffer.from(decoded.data).equals(Buffer.from(data))).toBe(true);
    }
  });

  it('has three equal channels where it is grey', async () => {
    const pgm = Buffer.concat([Buffer.from('P5\n2 2\n255\n'), Uint8Array.of(0, 60, 120, 255)]);
    const decoded = await decodeImage(pgm, 'x.pgm');
    expect([...decoded.data]).toEqual([0, 0, 0, 60, 60, 60, 120, 120, 120, 255, 255, 255]);
  });

  it('loses its opacity, not its colours', async () => {
    const rgba = Uint8Array.of(10, 20, 30, 0, 40, 50, 60, 255);
    const png = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await decodeImage(png, 'x.png')).data]).toEqual([10, 20, 30, 40, 50, 60]);
  });

  // Written by Pillow 13, as read by OpenCV 4.7, whose TIFF reader divides by 255 instead.
  it.each([
    ['jpg', 0],
    ['tif', 2],
  ])('has the colours that OpenCV mixes of the inks of a CMYK image (%s)', async (ending, tolerance) => {
    const read = (name: string) => decodeImage(readFileSync(join('test/kit/codec/golden', name)), name);
    const ours = await read(`pillow-cmyk.${ending}`);
    const theirs = await read(`opencv-cmyk-${ending}.png`);
    expect([ours.width, ours.height]).toEqual([24, 16]);
    const differences = ours.data.map((value, index) => Math.abs(value - (theirs.data[index] ?? NaN)));
    expect(Math.max(...differences)).toBe(tolerance);
  });

  it('is refused with the reason where it is HEIC', async () => {
    const heic = Buffer.concat([Uint8Array.of(0, 0, 0, 24), Buffer.from('ftypheic\0\0\0\0mif1heic'), Buffer.alloc(64)]);
    const [failure] = await failuresOf(() => decodeImage(heic, 'x.heic'));
    expect(failure?.message).toContain("it is HEIC (HEVC), which sharp's library as it is shipped does not read");
  });

  it('shows its size without being decoded', async () => {
    expect(checkImage(jpeg(1, 24, 16))).toEqual({ format: 'jpeg', width: 24, height: 16, channels: 3 });
    const png = await sharp(paint(1, 24, 16).data, { raw: { width: 24, height: 16, channels: 3 } })
      .png()
      .toBuffer();
    expect(checkImage(png)).toEqual({ format: 'png', width: 24, height: 16, channels: 3 });
  });

  it('is refused with file and offset where it was cut, at every byte', async () => {
    const whole = jpeg(6);
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length);
      const [failure] = await failuresOf(() => decodeImage(cut, { file: 'train.rec', offset: 1000, what: 'image 3' }));
      expect(failure?.code).toBe('undecodable-image');
      expect(failure?.message).toContain('image 3 cannot be decoded: ');
      expect(failure?.at).toEqual({ file: 'train.rec', offset: 1000 });
    }
  });

  it('is refused where a TIFF was cut', async () => {
    const whole = readFileSync('test/kit/codec/golden/pillow-cmyk.tif');
    const cut = whole.subarray(0, Math.floor(whole.length * 0.9));
    const [failure] = await failuresOf(() => decodeImage(cut, 'a.tif'));
    expect(failure).toMatchObject({ code: 'undecodable-image', at: { file: 'a.tif' } });
  });

  it.each([
    ['text', 'hello, I am no image'],
    ['nothing', ''],
    ['a broken JPEG', '\xff\xd8\xff\xe0\x00\x02\xff\xd9'],
  ])('is refused where it is %s', async (_name, content) => {
    const [failure] = await failuresOf(() => decodeImage(Buffer.from(content, 'latin1'), 'a.jpg'));
    expect(failure).toMatchObject({ code: 'undecodable-image', at: { file: 'a.jpg' } });
  });

  it('is refused where its data are damaged, by the exact decoder', async () => {
    const bytes = Uint8Array.from(jpeg(7, 64));
    // A Huffman table that claims more codes than there can be.
    const table = Buffer.from(bytes).indexOf(Uint8Array.of(0xff, 0xc4));
    bytes.fill(0xff, table + 5, table + 12);
    const [failure] = await failuresOf(() => decodeImage(bytes, 'a.jpg'));
    expect(failure?.code).toBe('undecodable-image');
    const [fast] = await failuresOf(() => decodeJpegFast(bytes, 'a.jpg'));
    expect(fast?.code).toBe('undecodable-image');
  });

  it('is refused before memory is taken where it claims to be huge', async () => {
    const bytes = Uint8Array.from(jpeg(8));
    const frame = Buffer.from(bytes).indexOf(Uint8Array.of(0xff, 0xc0));
    bytes.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    const [failure] = await failuresOf(() => decodeImage(bytes, 'a.jpg'));
    expect(failure?.message).toContain('it claims 65535 x 65535 pixels');
  });

  const photo = '../shared/data/samples/t1.jpg';
  it.skipIf(!existsSync(photo))('is read from a photograph', async () => {
    const image = await decodeImage(readFileSync(photo), photo);
    expect(image.data.length).toBe(image.width * image.height * 3);
  });
});
