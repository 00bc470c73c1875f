import { serveJobs } from '../../../core/worker-pool.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import type { BoxedImage, DetectedFace, Detector, DetectorResources } from './detector.ts';
import { type DetectorChoice, openDetector } from './index.ts';

/** What a thread of the {@link openThreadedDetector} is started with. */
export interface DetectionSetup {
  readonly choice: DetectorChoice;
  readonly resources: DetectorResources;
}

export type DetectionJob =
  | { readonly kind: 'describe' }
  | {
      readonly kind: 'detect';
      readonly images: readonly RgbImage[];
      readonly minimumSizes: readonly (number | undefined)[];
    }
  | { readonly kind: 'refine-crops'; readonly images: readonly RgbImage[] }
  | { readonly kind: 'refine-boxes'; readonly boxed: readonly BoxedImage[] }
  | { readonly kind: 'dispose' };

/** What a job answers: of each image all faces, or the one that was refined. */
export type DetectionAnswer =
  | { readonly kind: 'description'; readonly description: DetectorDescription }
  | { readonly kind: 'faces'; readonly faces: readonly (readonly DetectedFace[])[] }
  | { readonly kind: 'refined'; readonly faces: readonly (DetectedFace | undefined)[] }
  | { readonly kind: 'disposed' };

export interface DetectorDescription extends Pick<Detector, 'identity' | 'computesWith'> {
  readonly refinesCrops: boolean;
  readonly refinesBoxes: boolean;
}

serveJobs(({ choice, resources }: DetectionSetup) => {
  let opened: Promise<Detector> | undefined;
  return async (job: DetectionJob): Promise<DetectionAnswer> => {
    const detector = await (opened ??= openDetector(choice, resources));
    return answer(job, detector);
  };
});

async function answer(job: DetectionJob, detector: Detector): Promise<DetectionAnswer> {
  switch (job.kind) {
    case 'describe': {
      const { identity, computesWith } = detector;
      const refines = {
        refinesCrops: detector.refineCrops !== undefined,
        refinesBoxes: detector.refineBoxes !== undefined,
      };
      return { kind: 'description', description: { identity, computesWith, ...refines } };
    }
    case 'detect':
      return { kind: 'faces', faces: await detector.detect(job.images, { minimumSizes: job.minimumSizes }) };
    case 'refine-crops':
      return { kind: 'refined', faces: (await detector.refineCrops?.(job.images)) ?? [] };
    case 'refine-boxes':
      return { kind: 'refined', faces: (await detector.refineBoxes?.(job.boxed)) ?? [] };
    case 'dispose':
      await detector.dispose();
      return { kind: 'disposed' };
  }
}
