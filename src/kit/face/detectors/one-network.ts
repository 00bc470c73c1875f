import { basename } from 'node:path';
import { isOnnxruntimeOnCpu } from '../../net/engines/choose-engine.ts';
import { digestOf, type Json } from '../../../core/digest.ts';
import { fail, FailureError } from '../../../core/failure.ts';
import { onnxModel } from '../../codec/onnx/onnx-model.ts';
import { readBytes } from '../../codec/read-file.ts';
import type { ImageSize, RgbImage } from '../../image/rgb-image.ts';
import type { InputNormalization } from '../../net/exchange/model-format.ts';
import type { ImageBatch, InferenceSession, OutputValues } from '../../net/sessions/inference-session.ts';
import { openSession } from '../../net/sessions/open-session.ts';
import { failures } from '../failures.ts';
import { resizeBilinear } from '../resize-bilinear.ts';
import { movedFace } from './moved-face.ts';
import type { DetectedFace, DetectionSettings, Detector, DetectorResources } from './detector.ts';

/** How an image is put on the canvas that the network is shown: resized, in the upper left corner, on black. */
export interface Placement {
  readonly canvas: ImageSize;
  /** What the image is resized to. */
  readonly size: ImageSize;
  readonly image: ImageSize;
}

/** One output for one image. */
export interface ImageOutput {
  readonly values: Float32Array;
  /** The length of the last axis: the numbers of one anchor, or the columns of a map. */
  readonly columns: number;
}

/** By their names, in the order of the file. */
export type NetworkOutputs = ReadonlyMap<string, ImageOutput>;

/** What is known of a detector that is one ONNX network: how it is fed, and what its outputs mean. */
export interface OneNetwork {
  readonly name: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly normalization: InputNormalization;
  /** Of red, green and blue, 0..255, taken off first; absent: none. */
  readonly channelMeans?: readonly [number, number, number];
  /** The canvases an image is looked at on, one after the other. */
  placements(image: ImageSize): readonly Placement[];
  /** Faces in pixels of the canvas; fails with `not-this-detector` where the outputs cannot be what they should. */
  decode(outputs: NetworkOutputs, canvas: ImageSize): DetectedFace[];
  /** What is left of the faces of all canvases, in pixels of the image. */
  select(faces: readonly DetectedFace[]): DetectedFace[];
}

/** Pixels of canvases that are run together: on the CPU more do not fit into its caches, and take longer. */
const [pixelsOnCpu, pixelsOnGpu] = [1 << 17, 1 << 19];

/**
 * Opens an ONNX file as a detector, for images of any size and number, whatever its input says; a network that then cannot
 * compute is shown images of its own size, resized. Fails with `detector-needs-onnxruntime`, `no-detector-weights`,
 * `not-this-detector` and the codes of `openSession`.
 */
export async function openOneNetwork(
  network: OneNetwork,
  { engine, threads, weights }: DetectorResources,
): Promise<Detector> {
  const { name, normalization } = network;
  if (weights === undefined) return fail(failures.noDetectorWeights({ detector: name }));
  if (engine.name !== 'onnxruntime')
    return fail(failures.detectorNeedsOnnxruntime({ detector: name, engine: engine.name }));
  const bytes = readBytes(weights, 'an ONNX model');
  if (!onnxModel.sniff(bytes.subarray(0, headLength), weights)) {
    const found = `a file that begins with ${Buffer.from(bytes.subarray(0, 8)).toString('hex') || 'nothing'}`;
    return fail(failures.notThisDetector({ detector: name, expected: 'an ONNX model', found }, { file: weights }));
  }
  const source = { kind: 'onnx-file', file: weights, normalization } as const;
  const notTaken = failures.notADetector;
  const options = { engine, threads, notTaken };
  // A wide image, so that height and width are not taken for each other.
  const [{ canvas: probe } = fittedInto(probeImage, probeImage)] = network.placements(probeImage);
  const opened = await openSession({ ...source, opensAxes: true }, options);
  const takesSizes = await computesAsOpened(opened, probe);
  if (!takesSizes) await opened.dispose();
  const session = takesSizes ? opened : await openSession(source, options);
  await checkOutputs(network, session, probe);
  return new OneNetworkDetector(network, session, {
    takesBatches: await computesBatches(session, probe),
    maxPixels: isOnnxruntimeOnCpu(engine) ? pixelsOnCpu : pixelsOnGpu,
    identity: { name, options: network.options, weights: { [basename(weights)]: digestOf(bytes) } },
  });
}

/** Enough to tell an ONNX model by. */
const headLength = 64;

const probeImage: ImageSize = { width: 96, height: 64 };

/** Whether a network computes images of a size that its file may not have had in mind. */
async function computesAsOpened(session: InferenceSession, { width, height }: ImageSize): Promise<boolean> {
  const [, ownHeight, ownWidth] = session.input.shape;
  if (ownHeight !== undefined && ownWidth !== undefined) return true;
  return runs(session, { data: new Uint8Array(height * width * 3), shape: [1, height, width, 3] });
}

/** False where onnxruntime fails to; what else fails is a defect of ours. */
async function runs(session: InferenceSession, images: ImageBatch): Promise<boolean> {
  try {
    await session.run(images);
    return true;
  } catch (error) {
    if (error instanceof FailureError) return false;
    throw error;
  }
}

/** Fails with `not-this-detector` before any image is looked at. */
async function checkOutputs(network: OneNetwork, session: InferenceSession, probe: ImageSize): Promise<void> {
  const [, height = probe.height, width = probe.width] = session.input.shape;
  const outputs = await session.run({ data: new Uint8Array(height * width * 3), shape: [1, height, width, 3] });
  network.decode(outputsOfImage(outputs, 0, 1), { width, height });
}

/** Whether what a network says of an image is the same beside another one. */
async function computesBatches(session: InferenceSession, probe: ImageSize): Promise<boolean> {
  const [, height = probe.height, width = probe.width] = session.input.shape;
  const length = height * width * 3;
  const data = Uint8Array.from({ length: 2 * length }, (_, index) => (index * 7919 + (index >> 3) * 31) & 255);
  const [both, second]: ImageBatch[] = [
    { data, shape: [2, height, width, 3] },
    { data: data.subarray(length), shape: [1, height, width, 3] },
  ];
  if (both === undefined || second === undefined || !(await runs(session, both))) return false;
  const together = await session.run(both);
  return [...(await session.run(second))].every(([name, alone]) => {
    const beside = together.get(name)?.data.subarray(alone.data.length);
    return beside?.length === alone.data.length && alone.data.every((value, at) => isNear(value, beside[at] ?? NaN));
  });
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(a));
}

interface OpenedNetwork {
  readonly takesBatches: boolean;
  /** Of the canvases that are run together. */
  readonly maxPixels: number;
  readonly identity: Detector['identity'];
}

class OneNetworkDetector implements Detector {
  readonly identity;
  readonly computesWith;
  readonly #network: OneNetwork;
  readonly #session: InferenceSession;
  readonly #opened: OpenedNetwork;

  constructor(network: OneNetwork, session: InferenceSession, opened: OpenedNetwork) {
    this.identity = opened.identity;
    this.computesWith = session.computesWith;
    this.#network = network;
    this.#session = session;
    this.#opened = opened;
  }

  async detect(images: readonly RgbImage[], settings: DetectionSettings = {}): Promise<DetectedFace[][]> {
    const found: DetectedFace[][] = images.map(() => []);
    settings.signal?.throwIfAborted();
    for (const group of this.#groups(images)) {
      settings.signal?.throwIfAborted();
      const results = await this.#run(group);
      for (const [position, { index, placement }] of group.entries()) {
        const outputs = outputsOfImage(results, position, group.length);
        const faces = this.#network.decode(outputs, placement.canvas);
        found[index]?.push(...faces.map((face) => scaled(face, placement)));
      }
    }
    return found.map((faces, index) => {
      const least = settings.minimumSizes?.[index] ?? 0;
      return this.#network.select(faces.filter(({ box }) => sideOf(box) >= least));
    });
  }

  async #run(group: readonly PlacedImage[]): Promise<ReadonlyMap<string, OutputValues>> {
    const [first] = group;
    const { width, height } = first?.placement.canvas ?? { width: 0, height: 0 };
    const data = new Uint8Array(group.length * width * height * 3);
    for (const [position, { image, placement }] of group.entries()) {
      const { size } = placement;
      const isOwnSize = size.width === image.width && size.height === image.height;
      const resized = isOwnSize ? image : resizeBilinear(image, size);
      for (let row = 0; row < size.height; row += 1) {
        const pixels = resized.data.subarray(row * size.width * 3, (row + 1) * size.width * 3);
        data.set(pixels, (position * height + row) * width * 3);
      }
    }
    const { channelMeans } = this.#network;
    const fed =
      channelMeans === undefined ? data : Float32Array.from(data, (value, at) => value - (channelMeans[at % 3] ?? 0));
    return this.#session.run({ data: fed, shape: [group.length, height, width, 3] });
  }

  /** Images on canvases of one size, as many as are run together. */
  *#groups(images: readonly RgbImage[]): Generator<PlacedImage[]> {
    const { takesBatches, maxPixels } = this.#opened;
    const open = new Map<string, PlacedImage[]>();
    for (const [index, image] of images.entries()) {
      if (image.width < 1 || image.height < 1) continue;
      for (const placement of this.#placements(image)) {
        const { width, height } = placement.canvas;
        const key = `${width} x ${height}`;
        const group = open.get(key) ?? [];
        group.push({ image, index, placement });
        open.set(key, group);
        const isFull = !takesBatches || (group.length + 1) * width * height > maxPixels;
        if (!isFull) continue;
        open.delete(key);
        yield group;
      }
    }
    yield* open.values();
  }

  /** Where the network takes one size only, the whole image, resized into it. */
  #placements(image: RgbImage): readonly Placement[] {
    const [, height, width] = this.#session.input.shape;
    if (height === undefined || width === undefined) return this.#network.placements(image);
    return [fittedInto(image, { width, height })];
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

interface PlacedImage {
  readonly image: RgbImage;
  /** Its number among all images. */
  readonly index: number;
  readonly placement: Placement;
}

/** An image that keeps its aspect, as large as the canvas allows (insightface, scrfd.py: the sides are cut to integers). */
export function fittedInto(image: ImageSize, canvas: ImageSize): Placement {
  const isTall = image.height / image.width > canvas.height / canvas.width;
  const size = isTall
    ? { width: Math.trunc(canvas.height * (image.width / image.height)), height: canvas.height }
    : { width: canvas.width, height: Math.trunc(canvas.width * (image.height / image.width)) };
  return { canvas, size: { width: Math.max(size.width, 1), height: Math.max(size.height, 1) }, image };
}

/** Sides rounded up to a multiple of the network's largest stride. */
export function roundedUp({ width, height }: ImageSize, stride: number): ImageSize {
  return { width: Math.ceil(width / stride) * stride, height: Math.ceil(height / stride) * stride };
}

/** The image's size, or a smaller one of the same aspect whose longer side is `longest`; 0: any. */
export function limitedTo({ width, height }: ImageSize, longest: number): ImageSize {
  const factor = longest === 0 ? 1 : Math.min(1, longest / Math.max(width, height));
  return factor === 1
    ? { width, height }
    : { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** Of several images, whatever the axes are called: the values of one after those of the other. */
function outputsOfImage(
  results: ReadonlyMap<string, OutputValues>,
  position: number,
  images: number,
): Map<string, ImageOutput> {
  return new Map(
    [...results].map(([name, { shape, data }]) => {
      const length = data.length / images;
      const values = data.subarray(position * length, (position + 1) * length);
      return [name, { values, columns: shape.at(-1) ?? 1 }];
    }),
  );
}

function scaled(face: DetectedFace, { size, image }: Placement): DetectedFace {
  const across = image.width / size.width;
  const down = image.height / size.height;
  return movedFace(
    face,
    (value) => value * across,
    (value) => value * down,
  );
}

function sideOf({ left, top, right, bottom }: DetectedFace['box']): number {
  return Math.max(right - left, bottom - top);
}
