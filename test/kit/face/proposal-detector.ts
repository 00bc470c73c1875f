import type { RgbImage } from '../../../src/kit/image/rgb-image.ts';
import type { DetectedFace, Detector, InferenceSession } from '../../../src/kit/net/sessions/inference-session.ts';

/** Of MTCNN's first network: it looks at windows of this size, two pixels apart. */
const [windowSize, windowStride] = [12, 2];

/** As a detector with one network: the windows of an image in which MTCNN's first network sees a face, at one scale. */
export function proposalDetector(session: InferenceSession, minScore: number): Detector {
  return {
    computesWith: session.computesWith,
    async detect(images, signal) {
      const faces: DetectedFace[][] = [];
      for (const image of images) {
        signal?.throwIfAborted();
        faces.push(await proposals(session, image, minScore));
      }
      return faces;
    },
    dispose: () => session.dispose(),
  };
}

async function proposals(session: InferenceSession, image: RgbImage, minScore: number): Promise<DetectedFace[]> {
  const { width, height } = image;
  if (Math.min(width, height) < windowSize) return [];
  const data = Float32Array.from(image.data, (value) => (value - 127.5) / 128);
  const scores = (await session.run({ data, shape: [1, height, width, 3] }, ['prob1'])).get('prob1');
  const [, , rows = 0, columns = 0] = scores?.shape ?? [];
  const faces: DetectedFace[] = [];
  for (let at = 0; at < rows * columns; at += 1) {
    const score = scores?.data[rows * columns + at] ?? 0;
    if (score < minScore) continue;
    const [left, top] = [(at % columns) * windowStride, Math.floor(at / columns) * windowStride];
    faces.push({ box: { left, top, right: left + windowSize, bottom: top + windowSize }, score, points: [] });
  }
  return faces.sort((a, b) => b.score - a.score);
}
