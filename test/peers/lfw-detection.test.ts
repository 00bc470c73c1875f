import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectedFace, FaceBox } from '../../src/kit/face/detectors/detector.ts';
import { type DetectorChoice, openDetector } from '../../src/kit/face/detectors/index.ts';
import { resizeBilinear } from '../../src/kit/face/resize-bilinear.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import { inferenceEngine, installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { prepareCenterface } from './centerface-file.ts';

const folder = '../shared/data/lfw';
const pictures = `${folder}/deepfunneled-250`;
const onnxruntime = installedOnnxruntime();
const reason = !onnxruntime.installed
  ? onnxruntime.reason
  : existsSync(pictures)
    ? undefined
    : `${pictures} is not there`;
const note = reason === undefined ? '' : ` (skipped: ${reason})`;

const cascade = {
  name: 'mtcnn',
  minimumSize: 20,
  factor: 0.709,
  thresholds: [],
  singleProposal: 'mirrored',
  refinePoints: false,
  crops: 'rnet-onet',
  greyImages: 'tinted',
  fullFrame: false,
} as const;
const centerface = await prepareCenterface();
const choices: readonly { readonly name: string; readonly choice: DetectorChoice }[] = [
  { name: 'mtcnn-mxnet', choice: { ...cascade, arithmetic: 'mxnet' } },
  { name: 'mtcnn-tensorflow', choice: { ...cascade, arithmetic: 'tensorflow' } },
  ...(centerface.missing === undefined
    ? [
        {
          name: 'centerface',
          choice: { name: 'centerface', threshold: 0.5, overlap: 0.3, longestSide: 1920, fullFrame: false } as const,
        },
      ]
    : []),
];

/** One of so many images of the fold, and of these one of so many to fill the frame; all with `DETECTION_LFW=all`. */
const isWhole = process.env['DETECTION_LFW'] === 'all';
const every = isWhole ? 1 : 8;
const everyFilled = isWhole ? 8 : 4;

function show(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The images of the first fold of LFW's pairs, each once. */
function foldOne(): string[] {
  const lines = readFileSync(`${folder}/pairs.txt`, 'utf8').trim().split('\n').slice(1, 601);
  const files = lines.flatMap((line) => {
    const [name = '', first = '', second = '', other] = line.trim().split(/\s+/);
    return other === undefined
      ? [fileOf(name, first), fileOf(name, second)]
      : [fileOf(name, first), fileOf(second, other)];
  });
  return [...new Set(files)];
}

function fileOf(name: string, number: string): string {
  return `${pictures}/${name}/${name}_${number.padStart(4, '0')}.jpg`;
}

async function facesOf(choice: DetectorChoice, images: readonly RgbImage[]): Promise<(readonly DetectedFace[])[]> {
  const { identity: engine } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'test' });
  const weights = choice.name === 'centerface' ? centerface.file : undefined;
  const detector = await openDetector(choice, { engine, threads: 2, weights });
  const faces: (readonly DetectedFace[])[] = [];
  for (let start = 0; start < images.length; start += 16)
    faces.push(...(await detector.detect(images.slice(start, start + 16))));
  await detector.dispose();
  return faces;
}

/** Largest minus twice the squared distance to the centre. */
function chosen({ width, height }: RgbImage, faces: readonly DetectedFace[]): DetectedFace | undefined {
  const worth = ({ box: { left, top, right, bottom } }: DetectedFace): number =>
    (right - left) * (bottom - top) - 2 * (((left + right - width) / 2) ** 2 + ((top + bottom - height) / 2) ** 2);
  return [...faces].sort((a, b) => worth(b) - worth(a))[0];
}

/** The square around a face in which it fills `share` of the side, as an image of 250 x 250, borders repeated; and the face's box there. */
function filling(image: RgbImage, box: FaceBox, share: number): { readonly image: RgbImage; readonly box: FaceBox } {
  const side = Math.round(Math.max(box.right - box.left, box.bottom - box.top) / share);
  const left = Math.round((box.left + box.right - side) / 2);
  const top = Math.round((box.top + box.bottom - side) / 2);
  const data = new Uint8Array(side * side * 3);
  for (let at = 0; at < side * side; at += 1) {
    const x = Math.min(Math.max(left + (at % side), 0), image.width - 1);
    const y = Math.min(Math.max(top + Math.floor(at / side), 0), image.height - 1);
    for (let channel = 0; channel < 3; channel += 1)
      data[3 * at + channel] = image.data[3 * (y * image.width + x) + channel] ?? 0;
  }
  const scale = 250 / side;
  const moved = { left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top };
  const scaled = {
    left: moved.left * scale,
    top: moved.top * scale,
    right: moved.right * scale,
    bottom: moved.bottom * scale,
  };
  return { image: resizeBilinear({ width: side, height: side, data }, { width: 250, height: 250 }), box: scaled };
}

function shareInCommon(a: FaceBox, b: FaceBox): number {
  const width = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left));
  const height = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const area = (box: FaceBox): number => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / (area(a) + area(b) - width * height);
}

describe.skipIf(reason !== undefined)(`detectors on the first fold of LFW${note}`, () => {
  const images: RgbImage[] = [];
  const found = new Map<string, (DetectedFace | undefined)[]>();

  beforeAll(async () => {
    for (const [index, file] of foldOne().entries()) {
      if (index % every === 0) images.push(await decodeImage(readFileSync(file), file));
    }
    for (const { name, choice } of choices) {
      const faces = await facesOf(choice, images);
      found.set(
        name,
        images.map((image, index) => chosen(image, faces[index] ?? [])),
      );
    }
  }, 3_600_000);

  it.each(choices)('$name finds a face in every image', ({ name }) => {
    expect(images).toHaveLength(Math.ceil(807 / every));
    expect(found.get(name)?.filter((face) => face === undefined)).toEqual([]);
  });

  it('the points of the two arithmetics of MTCNN are less than 2 pixels apart in the median', () => {
    const [first = [], second = []] = [found.get('mtcnn-mxnet'), found.get('mtcnn-tensorflow')];
    const distances = first.flatMap((face, index) =>
      (face?.points ?? []).map(([x, y], point) => {
        const [otherX = NaN, otherY = NaN] = second[index]?.points?.[point] ?? [];
        return Math.hypot(x - otherX, y - otherY);
      }),
    );
    distances.sort((a, b) => a - b);
    const [median = NaN, most = NaN] = [0.5, 0.95].map((share) => distances[Math.floor(distances.length * share)]);
    show(`points of the two arithmetics: median ${median.toFixed(2)} pixels apart, 95 % less than ${most.toFixed(2)}`);
    expect(median).toBeLessThan(2);
  });

  it.each(choices)(
    '$name finds the faces that fill 40 to 95 % of the frame, if it looks at full frames',
    { timeout: 3_600_000 },
    async ({ name, choice }) => {
      const boxes = found.get('mtcnn-tensorflow') ?? [];
      for (const share of [0.4, 0.6, 0.8, 0.95]) {
        const filled = images.flatMap((image, index) => {
          const box = boxes[index]?.box;
          return index % everyFilled === 0 && box !== undefined ? [filling(image, box, share)] : [];
        });
        const shares: number[] = [];
        for (const fullFrame of [false, true]) {
          const faces = await facesOf(
            { ...choice, fullFrame },
            filled.map(({ image }) => image),
          );
          const isFound = faces.map((each, index) =>
            each.some(({ box }) => shareInCommon(box, filled[index]?.box ?? box) > 0.5),
          );
          shares.push(isFound.filter(Boolean).length / filled.length);
        }
        const [plain = 0, full = 0] = shares;
        show(
          `${name}, faces of ${100 * share} %: found ${(100 * plain).toFixed(1)} %, with fullFrame ${(100 * full).toFixed(1)} %`,
        );
        expect(full).toBe(1);
      }
    },
  );
});
