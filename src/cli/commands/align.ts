import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { FailureError, type Failure } from '../../core/failure.ts';
import { counted } from '../../core/human.ts';
import { alignmentMatrix, alignmentResidual } from '../../kit/face/align-face.ts';
import { centralFace } from '../../kit/face/choose-face.ts';
import type { DetectedFace, Detector } from '../../kit/face/detectors/detector.ts';
import { openDetector } from '../../kit/face/detectors/index.ts';
import { decodeImage, encodePng } from '../../kit/image/image.ts';
import { readImageFile } from '../../kit/image/image-file.ts';
import { stacked } from '../../kit/image/draw-shapes.ts';
import type { RgbImage } from '../../kit/image/rgb-image.ts';
import { inferenceEngine } from '../../kit/net/engines/choose-engine.ts';
import { detectorChoice } from '../detector-options.ts';
import { drawFaces } from '../draw-faces.ts';
import { answer, exitCode, type Call, type FlowCommand, type ProcessContext } from '../flow-command.ts';
import { engineOverride } from '../planned-experiment.ts';

export const command: FlowCommand = {
  declare(command) {
    command
      .argument('<image...>', 'images to look for faces in')
      .option('--draw <file>', 'write a PNG of the images, one below the other, with boxes and points on them')
      .option('--detector <name>', 'what looks for faces', 'mtcnn')
      .option('--option <name=value>', 'an option of the detector, e.g. minimumSize=40 (repeatable)', collect, [])
      .option('--weights <path>', 'the networks of the detector, instead of those that come with it')
      .option('--json', 'print JSON', false);
  },

  async run(call, context) {
    const paths = [call.arguments[0] ?? []].flat();
    const detector = await open(call, context);
    const looks: Look[] = [];
    try {
      for (const path of paths) looks.push(await lookAt(path, detector, context));
    } finally {
      await detector.dispose();
    }
    const drawing: unknown = call.options['draw'];
    if (typeof drawing === 'string') await draw(looks, resolve(context.workingFolder, drawing));
    const json = { detector: detector.identity, images: looks.map(jsonOf) };
    answer(call, context, { json, text: [...looks.map(textOf), closingLine(looks)].join('\n') });
    return looks.every(({ faces }) => faces.length > 0) ? exitCode.done : exitCode.taskFailed;
  },
};

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function open({ options }: Call, context: ProcessContext): Promise<Detector> {
  const { option, weights } = options as { readonly option: readonly string[]; readonly weights?: string };
  const choice = detectorChoice(String(options['detector']), option);
  const { identity } = inferenceEngine({ choice: 'auto', override: engineOverride(context), stage: 'align' });
  return openDetector(choice, {
    ...{ engine: identity, threads: availableParallelism() },
    weights: weights === undefined ? undefined : resolve(context.workingFolder, weights),
  });
}

/** What was seen in an image; without pixels: why not. */
interface Look {
  readonly path: string;
  readonly image?: RgbImage;
  readonly faces: readonly DetectedFace[];
  /** The face that an alignment would take. */
  readonly chosen?: number | undefined;
  readonly failure?: Failure;
}

async function lookAt(path: string, detector: Detector, { workingFolder }: ProcessContext): Promise<Look> {
  const file = resolve(workingFolder, path);
  try {
    const image = await decodeImage(readImageFile(file), path, { upright: true });
    const [faces = []] = await detector.detect([image]);
    return { path, image, faces, chosen: centralFace(faces, image) };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { path, faces: [], failure: error.failures[0] };
  }
}

async function draw(looks: readonly Look[], file: string): Promise<void> {
  const drawn = looks.flatMap(({ image, faces, chosen }) => (image ? [drawFaces(image, faces, chosen)] : []));
  writeFileAtomic(file, await encodePng(stacked(drawn)));
}

/** Of the face as it would be aligned to 112 x 112; undefined without points, or of points that are at one place. */
function residualOf({ points }: DetectedFace): number | undefined {
  if (points === undefined || points.every(([x, y]) => x === points[0][0] && y === points[0][1])) return undefined;
  const size = { width: 112, height: 112 };
  return alignmentResidual(points, alignmentMatrix(points, size), size);
}

function jsonOf({ path, image, faces, chosen, failure }: Look): object {
  if (failure !== undefined) return { image: path, failure };
  const { width = 0, height = 0 } = image ?? {};
  const described = faces.map((face) => ({ ...face, residual: residualOf(face) }));
  return { image: path, width, height, faces: described, chosen: chosen ?? null };
}

function textOf({ path, image, faces, chosen, failure }: Look): string {
  if (image === undefined) return `${path}: ${failure?.message ?? 'not read'}`;
  const lines = faces.flatMap((face, index) => faceLines(face, { index, isChosen: index === chosen }));
  const found = faces.length === 0 ? 'no face' : counted(faces.length, 'face');
  return [`${path}: ${image.width} x ${image.height}, ${found}`, ...lines].join('\n');
}

function faceLines(
  face: DetectedFace,
  { index, isChosen }: { readonly index: number; readonly isChosen: boolean },
): string[] {
  const { left, top, right, bottom } = face.box;
  const box = [left, top, right, bottom].map((edge) => edge.toFixed(1)).join(' ');
  const residual = residualOf(face);
  const fit = residual === undefined ? '' : `, residual ${residual.toFixed(1)}`;
  const points = face.points?.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return [
    `  ${index + 1}${isChosen ? '*' : ' '} score ${face.score.toFixed(4)}, box ${box}${fit}`,
    ...(points === undefined ? [] : [`     points ${points}`]),
  ];
}

function closingLine(looks: readonly Look[]): string {
  const unread = looks.filter(({ failure }) => failure !== undefined).length;
  const without = looks.filter(({ failure, faces }) => failure === undefined && faces.length === 0).length;
  const faces = looks.reduce((sum, look) => sum + look.faces.length, 0);
  const parts = [`${looks.length - unread - without} with a face`, `${without} without`, `${unread} not read`];
  return `${counted(looks.length, 'image')}: ${parts.join(', ')}; ${counted(faces, 'face')}; * is the one that an alignment takes`;
}
