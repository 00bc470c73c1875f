import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import type { VerificationFile, VerificationResult } from '../../src/kit/face/verification-result.ts';
import { prepareCenterface } from '../peers/centerface-file.ts';
import { Rig } from './rig.ts';

/*
 * The 600 pairs of fold 1 of LFW, from photographs to an accuracy, by what a user types. One detector by default: each takes half
 * a minute. ALIGN_LFW=all takes all of them, each with the photographs turned into others too; ALIGN_LFW=tensorflow,grey the
 * detectors (or else mxnet) and the changes that it names.
 */
const shared = '../shared/data';
const data = resolve(shared);
const photographs = join(data, 'lfw/deepfunneled-250');
const protocol = join(data, 'lfw/pairs.txt');
const model = join(data, 'models/mobilefacenet-y1/model-0000.params');
const missing = ![photographs, protocol, model].every(existsSync);
const asked = process.env['ALIGN_LFW']?.split(',') ?? ['mxnet'];
const isAsked = (name: string): boolean => asked.includes('all') || asked.includes(name);

const detectors: Readonly<Record<string, object>> = {
  mxnet: {},
  tensorflow: { preset: 'align_lfw' },
  centerface: { detector: { name: 'centerface' }, weights: 'centerface.onnx' },
};
const askedDetectors = Object.keys(detectors).filter(isAsked);

/** What else photographs may be. */
const changes: Readonly<Record<string, (photograph: Sharp) => Sharp>> = {
  png: (photograph) => photograph.png(),
  grey: (photograph) => photograph.greyscale().jpeg({ quality: 95 }),
  halved: (photograph) => photograph.resize(125, 125).jpeg({ quality: 95 }),
  turned: (photograph) => photograph.rotate(10, { background: '#000' }).jpeg({ quality: 95 }),
};

/** The photographs of the fold: `<name>/<name>_0001.jpg`. */
function photographsOfFold(): string[] {
  const named = new Set<string>();
  const add = (name: string, number: string) => named.add(`${name}/${name}_${number.padStart(4, '0')}.jpg`);
  for (const line of readFileSync(protocol, 'utf8').split('\n').slice(1, 601)) {
    const [left = '', number = '', right = '', other] = line.trim().split(/\s+/);
    add(left, number);
    add(other === undefined ? left : right, other ?? right);
  }
  return [...named];
}

interface Outcome {
  /** At the threshold that decides most of the 600 pairs rightly. */
  readonly accuracy: number;
  /** At thresholds that were chosen on nine tenths of them. */
  readonly overFolds: number;
  /** Photographs in which the detector found a face. */
  readonly found: number;
}

function accuracyAtBestThreshold({ distances, same }: VerificationResult): number {
  const right = distances.map((threshold) => distances.filter((each, pair) => each <= threshold === same[pair]).length);
  return Math.max(...right) / distances.length;
}

function say(name: string, { accuracy, overFolds, found }: Outcome): void {
  process.stdout.write(
    `${name}: accuracy ${accuracy.toFixed(4)} at the best threshold, ${overFolds.toFixed(4)} over folds, ${found} of 807 faces found\n`,
  );
}

describe.skipIf(missing || !installedOnnxruntime().installed)(
  `fold 1 of LFW, aligned and verified (needs onnxruntime and ${shared}: ${missing ? 'not tested' : asked.join(', ')})`,
  { timeout: 1_800_000 },
  () => {
    let rig: Rig;

    beforeAll(async () => {
      rig = new Rig();
      if (isAsked('centerface'))
        writeFileSync(rig.path('centerface.onnx'), readFileSync((await prepareCenterface()).file));
      for (const name of photographsOfFold()) {
        mkdirSync(dirname(rig.path('photographs', name)), { recursive: true });
        writeFileSync(rig.path('photographs', name), readFileSync(join(photographs, name)));
      }
    });
    afterAll(() => rig.dispose());

    async function accuracyOf(images: string, settings: object): Promise<Outcome> {
      const stages = {
        align: { uses: 'align', with: { images, ...settings } },
        pairs: { uses: 'pairs2bin', with: { images: '${stages.align.outputs.images}', protocol, folds: [1] } },
        verify: { uses: 'verify', with: { model, pairs: '${stages.pairs.outputs.pairs}', names: ['lfw'] } },
      };
      rig.write('fold.yaml', JSON.stringify({ name: 'fold', stages }));
      const { code, stdout } = await rig.flow(['run', 'fold.yaml'], { FLOW_ENGINE: 'onnxruntime' });
      expect(stdout.split('\n').slice(-10).join('\n')).toMatch(/verify: accuracy/);
      expect(code).toBe(0);
      // A PNG holds the very pixels of the photograph: its verification is known, and says so.
      const notice = 'the weights of MobileFaceNet y1 are for research that is not commercial only';
      expect(stdout).toMatch(new RegExp(`verify: warning: ${notice}|^from cache: .*verify`, 'm'));
      const outputs = rig.path('runs', rig.runs().at(-1) ?? '', 'outputs');
      const { results } = JSON.parse(
        readFileSync(join(outputs, 'verify/verification.json'), 'utf8'),
      ) as VerificationFile;
      const records = readFileSync(join(outputs, 'align/faces.ndjson'), 'utf8').trim().split('\n');
      const found = records.filter((line) => line.includes('"step":"detected"')).length;
      const [result] = results;
      if (result === undefined) throw new Error('nothing was verified');
      return { accuracy: accuracyAtBestThreshold(result), overFolds: result.accuracy, found };
    }

    it.each(Object.entries(detectors).filter(([name]) => isAsked(name)))('by %s', async (name, settings) => {
      const outcome = await accuracyOf('photographs', settings);
      say(name, outcome);
      expect(outcome.found).toBeGreaterThanOrEqual(805);
      expect(outcome.accuracy).toBeGreaterThanOrEqual(0.99);
    });

    const changed = Object.entries(changes).flatMap(([name, change]) =>
      (askedDetectors.length === 0 ? ['mxnet'] : askedDetectors).map((detector) => ({ name, change, detector })),
    );
    it.each(changed.filter(({ name }) => isAsked(name)))(
      'by $detector, with the photographs $name',
      async ({ name, change, detector }) => {
        for (const photograph of photographsOfFold()) {
          const path = rig.path(name, photograph.replace(/jpg$/, name === 'png' ? 'png' : 'jpg'));
          if (existsSync(path)) continue;
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, await change(sharp(rig.path('photographs', photograph))).toBuffer());
        }
        // Every pair is decided: where no face is found, by the middle of the photograph.
        const outcome = await accuracyOf(name, { ...detectors[detector], withoutFace: 'crop' });
        say(`${detector}, ${name}`, outcome);
        expect(outcome.found).toBeGreaterThanOrEqual(805);
        expect(outcome.accuracy).toBeGreaterThanOrEqual(0.99);
      },
    );
  },
);
