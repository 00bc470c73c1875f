import { FailureError, type Failure } from '../core/failure.ts';
import { type Detector, type DetectorOptions, loadDetector } from '../embedding/detector.ts';
import type { FaceTemplate } from '../kit/face/align-face.ts';
import { cutFace } from '../embedding/face-template.ts';
import { type CutFace, readFaces } from '../embedding/read-faces.ts';
import type { ImageSize } from '../kit/image/rgb-image.ts';

/*
 * The process in which images of strangers are decoded and searched for faces, with a limit of memory of its own. It is told what
 * to do by messages, and answers each in turn.
 */

export interface FaceProcessSetup {
  readonly detector: DetectorOptions;
  readonly size: ImageSize;
  readonly template: FaceTemplate;
  readonly maxPixels: number;
}

export type FaceProcessMessage =
  { readonly kind: 'setup'; readonly setup: FaceProcessSetup } | { readonly kind: 'find'; readonly bytes: Uint8Array };

export type FaceProcessAnswer =
  | { readonly outcome: 'ready'; readonly identity: Detector['identity']; readonly computesWith: string }
  /** `ms`: how long decoding, searching and cutting took. */
  | { readonly outcome: 'found'; readonly faces: readonly CutFace[]; readonly ms: number }
  | { readonly outcome: 'failed'; readonly failures: readonly [Failure, ...Failure[]] }
  | { readonly outcome: 'crashed'; readonly message: string };

let opened: { readonly detector: Detector; readonly setup: FaceProcessSetup } | undefined;
let work = Promise.resolve();

process.on('message', (message: FaceProcessMessage) => {
  work = work.then(async () => {
    const answer = await answerTo(message);
    process.send?.(answer);
  });
});
// The service has ended, which waited for the answers.
process.on('disconnect', () => process.exit());

async function answerTo(message: FaceProcessMessage): Promise<FaceProcessAnswer> {
  try {
    if (message.kind === 'setup') {
      const detector = await loadDetector(message.setup.detector);
      opened = { detector, setup: message.setup };
      return { outcome: 'ready', identity: detector.identity, computesWith: detector.computesWith };
    }
    if (opened === undefined) throw new Error('the process was not set up');
    const { detector, setup } = opened;
    const embedder = { size: setup.size, align: (image, face) => cutFace(image, face, setup) } satisfies Parameters<
      typeof readFaces
    >[1]['embedder'];
    const { maxPixels } = setup;
    const start = performance.now();
    const faces = await readFaces(message.bytes, { detector, embedder }, { choice: 'all', maxPixels });
    return { outcome: 'found', faces, ms: performance.now() - start };
  } catch (error) {
    // What is left of the memory may not do for the next image: the process ends, and another one starts.
    if (isOutOfMemory(error)) process.exit(1);
    if (error instanceof FailureError) return { outcome: 'failed', failures: error.failures };
    return { outcome: 'crashed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** As V8, libvips and glib say it. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /out of memory|Array buffer allocation failed|Cannot allocate|Error creating thread/.test(error.message)
  );
}
