import { readFileSync } from 'node:fs';
import { type DetectorChoice, openDetector } from '../src/kit/face/detectors/index.ts';
import { openThreadedDetector } from '../src/kit/face/detectors/threaded-detector.ts';
import { decodeImage, type RgbImage } from '../src/kit/image/image.ts';
import { inferenceEngine } from '../src/kit/net/engines/choose-engine.ts';

/*
 * Detects faces in the images of a list: `detection-worker.js <choice as JSON> <threads> <list> [rounds] [one|several]`. `several`
 * looks at several images at a time as the stage align does, `one` at one after the other, in this thread. Prints one line of JSON
 * as bench/peers/detection.py does, and the resident memory after each tenth of the rounds.
 */
const [choice = '{}', threads = '2', list = '', rounds = '1', inFlight = 'several'] = process.argv.slice(2);
/** Images that are given at once; the stage has the next ones searched while it is at the last ones. */
const together = inFlight === 'one' ? 1 : 96;
const open = inFlight === 'one' ? openDetector : openThreadedDetector;

const { identity: engine } = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'bench' });
const detector = await open(JSON.parse(choice) as DetectorChoice, { engine, threads: Number(threads) });
const images: RgbImage[] = [];
for (const file of readFileSync(list, 'utf8').split('\n').filter(Boolean))
  images.push(await decodeImage(readFileSync(file), file));

async function detectAll(): Promise<number> {
  let faces = 0;
  for (let start = 0; start < images.length; start += together) {
    const found = await detector.detect(images.slice(start, start + together));
    faces += found.flat().length;
  }
  return faces;
}

// Enough for each thread to have opened its networks.
await detector.detect(images.slice(0, 32));
const start = performance.now();
const before = process.cpuUsage();
const resident: number[] = [];
let faces = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  faces = await detectAll();
  if (round % Math.ceil(Number(rounds) / 10) === 0) resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
}
const count = images.length * Number(rounds);
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    imagesPerSecond: (1000 * count) / (performance.now() - start),
    processorMs: (user + system) / 1000 / count,
    ...{ faces, resident },
  }),
);
await detector.dispose();
