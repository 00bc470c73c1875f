import { describe, expect, it } from 'vitest';
import { alignmentTemplate, type Point2 } from '../../../src/kit/face/align-face.ts';
import { cascadeSearch } from '../../../src/kit/face/cascade-search.ts';
import { cropKnownFace } from '../../../src/kit/face/crop-face.ts';
import { searchFaces, type KnownFace, type SearchRules } from '../../../src/kit/face/search-face.ts';
import { dotDetector, dottedImage } from './dot-detector.ts';

/** The template, enlarged, turned by 20 degrees and moved. */
function facePoints(scale: number, [x, y]: Point2): readonly Point2[] {
  const [cosine, sine] = [scale * Math.cos(0.35), scale * Math.sin(0.35)];
  return alignmentTemplate.map(([u, v]) => [cosine * u - sine * v + x, sine * u + cosine * v + y]);
}

const large = facePoints(2, [150, 20]);
const small = facePoints(0.6, [150, 120]);
const faceBox = { left: 80, top: 80, right: 320, bottom: 340 };
const smallBox = { left: 125, top: 135, right: 210, bottom: 215 };

function threeOf(points: readonly Point2[]): NonNullable<KnownFace['threePoints']> {
  const [a = [0, 0], b = [0, 0], c = [0, 0]] = points;
  return [a, b, c];
}

describe('the cascade of FaceScrub and MegaFace', () => {
  const images = [
    { image: dottedImage(400, 400, large), known: { threePoints: threeOf(large), box: faceBox } },
    { image: dottedImage(400, 400, large), known: { box: faceBox } },
    { image: dottedImage(400, 400, small), known: { box: smallBox } },
    { image: dottedImage(400, 400), known: { box: smallBox } },
    { image: dottedImage(400, 400), known: {} },
  ];

  it('goes through its steps: turned by three points, overlapping, forced, and none', async () => {
    const findings = await cascadeSearch(images, dotDetector);
    expect(findings.map(({ step }) => step)).toEqual(['turned', 'overlapping', 'forced', 'none', 'none']);
  });

  it('takes no face that overlaps the known box by 0.3 or less, and no forced one below 0.3', async () => {
    const away = { left: 0, top: 0, right: 60, bottom: 60 };
    const [finding] = await cascadeSearch([{ image: dottedImage(400, 400, large), known: { box: away } }], dotDetector);
    expect(finding?.step).toBe('none');
  });

  it('cuts a turned face from the image of 224 pixels, and says where it is in the image itself', async () => {
    const [finding] = await cascadeSearch(images.slice(0, 1), dotDetector);
    expect([finding?.cutFrom?.image.width, finding?.cutFrom?.image.height]).toEqual([224, 224]);
    // (85.44, 105.54): the left eye of the template, times 1.5, plus 28.
    expect(finding?.cutFrom?.points[0][0]).toBeCloseTo(85.4419, 0);
    expect(finding?.cutFrom?.points[0][1]).toBeCloseTo(105.54445, 0);
    for (const [index, [x, y]] of (finding?.face?.points ?? []).entries()) {
      expect(Math.hypot(x - (large[index]?.[0] ?? NaN), y - (large[index]?.[1] ?? NaN))).toBeLessThan(1);
    }
  });

  it('crops the known box to the shape of the output, and without one all but 6 % on each side', () => {
    const image = dottedImage(200, 100);
    // Columns are as bright as their number.
    for (let at = 0; at < 200 * 100; at += 1) image.data.fill(at % 200, 3 * at, 3 * at + 3);
    const size = { width: 56, height: 112 };
    // 40 rows of a box 60 wide: 20 columns in its middle, 20 to 39.
    const box = cropKnownFace(image, { left: 0, top: 10, right: 60, bottom: 50 }, size);
    expect([box.data[0], box.data.at(-1)]).toEqual([20, 39]);
    const middle = cropKnownFace(image, undefined, size);
    expect([middle.data[0], middle.data.at(-1)]).toEqual([13, 186]);
  });
});

describe('the search for the face of an image', () => {
  const rules: SearchRules = { overlapAbove: 0.3, forcedScore: 0.3, smallest: () => undefined };
  const [a = [0, 0], b = [0, 0], c = [0, 0], d = [0, 0], e = [0, 0]] = large as readonly (readonly [number, number])[];

  it('takes points that are known as they are, without a look at the image', async () => {
    const known: KnownFace = { points: [a, b, c, d, e] };
    const [finding] = await searchFaces([{ image: dottedImage(4, 4), known }], dotDetector, { rules });
    expect(finding).toMatchObject({ step: 'listed', face: { points: [a, b, c, d, e] } });
  });

  it('detects, prefers what overlaps a known box, forces what is not detected, and finds nothing in nothing', async () => {
    const forcedRules = { ...rules, smallest: () => 100 };
    const images = [
      { image: dottedImage(400, 400, large), known: {} },
      { image: dottedImage(400, 400, large), known: { box: faceBox } },
      { image: dottedImage(400, 400, small), known: { box: smallBox } },
      { image: dottedImage(400, 400), known: { box: smallBox } },
      { image: dottedImage(400, 400, small), known: {} },
    ];
    const findings = await searchFaces(images, dotDetector, { rules: forcedRules });
    expect(findings.map(({ step }) => step)).toEqual(['detected', 'overlapping', 'forced', 'none', 'none']);
  });
});
