import { paintRow, type ChromaScale, type Plane } from './jpeg-colour.ts';
import {
  CoefficientReader,
  entropyPaddingBytes,
  huffmanTable,
  naturalOrder,
  type HuffmanTable,
} from './jpeg-huffman.ts';
import { fillBlock, transformBlock } from './jpeg-transform.ts';
import { DecodeBuffers, type ImageArea, type RgbImage } from './rgb-image.ts';

interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  readonly quantisation: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly [Component, Component, Component];
  readonly scale: ChromaScale;
}

/** What the blocks of a component are coded with. */
interface ComponentCode {
  /** Steps of the coefficients, in natural order. */
  readonly step: Int32Array;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

/** What stands before the entropy-coded data. */
interface Head {
  readonly frame: Frame;
  readonly components: readonly [ComponentCode, ComponentCode, ComponentCode];
  /** Where the entropy-coded data start. */
  readonly scan: number;
}

/** An image of fewer pixels is decoded whole elsewhere; the filter of libjpeg needs three samples of chroma. */
const minWidth = 6;

/**
 * Decodes the part of a JPEG image that an alignment needs, with the pixels of libjpeg's default. The result has the size of
 * the image; pixels outside of the area are unspecified. Only for the kind that cameras and libraries write most: baseline,
 * YCbCr with chroma at full or half resolution, one scan, without restart markers and EXIF orientation. `undefined` for
 * every other kind, and if the data are damaged: decode those whole, by a library, which also reports what is wrong. The
 * pixels are in `buffers`, where the next image replaces them.
 */
export function decodeJpegPart(
  bytes: Uint8Array,
  area: ImageArea,
  buffers = new DecodeBuffers(),
): RgbImage | undefined {
  const head = readHead(bytes);
  if (head === undefined) return undefined;
  const { width, height } = head.frame;
  if (leastDataBytes(head.frame) > bytes.length - head.scan) return undefined;
  const inside = {
    left: Math.max(0, area.left),
    top: Math.max(0, area.top),
    right: Math.min(width, area.right),
    bottom: Math.min(height, area.bottom),
  };
  const rgb = buffers.take('colours', width * height * 3);
  const image = { width, height, data: new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length) };
  if (inside.left >= inside.right || inside.top >= inside.bottom) return image;
  const planes = planesOf(head.frame, buffers);
  if (!decodePlanes(head, readerOf(bytes, head.scan, buffers), { planes, area: inside })) return undefined;
  const rows = { planes, scale: head.frame.scale, rgb, width, from: inside.left, to: inside.right };
  for (let y = inside.top; y < inside.bottom; y += 1) paintRow(rows, y);
  return image;
}

/** A block takes at least one bit for its first coefficient and one for the end of the others: no size is believed without. */
function leastDataBytes({ width, height, scale: { across, down } }: Frame): number {
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  return (units * (across * down + 2) * 2) / 8;
}

type Planes = readonly [Plane, Plane, Plane];

interface PlaneArea {
  readonly planes: Planes;
  readonly area: ImageArea;
}

/** Decodes the blocks that the area needs, and passes over the others; false where the data are damaged. */
function decodePlanes(head: Head, reader: CoefficientReader, { planes, area }: PlaneArea): boolean {
  const { across, down } = head.frame.scale;
  // The filter of the chroma looks one sample, two pixels, around.
  const first = { x: Math.floor((area.left - 2) / (8 * across)), y: Math.floor((area.top - 2) / (8 * down)) };
  const last = { x: Math.floor((area.right + 1) / (8 * across)), y: Math.floor((area.bottom + 1) / (8 * down)) };
  const [luma, blue, red] = decodersOf(head, reader, planes);
  const units = unitsOf(head.frame);
  const rows = Math.min(last.y + 1, units.down);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < units.across; x += 1) {
      const isNeeded = y >= first.y && x >= first.x && x <= last.x;
      const isSound =
        luma.decodeUnit(x, y, isNeeded) && blue.decodeUnit(x, y, isNeeded) && red.decodeUnit(x, y, isNeeded);
      if (!isSound) return false;
    }
  }
  return true;
}

function decodersOf({ frame, components }: Head, reader: CoefficientReader, planes: Planes): Decoders {
  const [luma, blue, red] = components;
  const single = { across: 1, down: 1 };
  return [
    new BlockDecoder(reader, { plane: planes[0], blocks: frame.scale, ...luma }),
    new BlockDecoder(reader, { plane: planes[1], blocks: single, ...blue }),
    new BlockDecoder(reader, { plane: planes[2], blocks: single, ...red }),
  ];
}

type Decoders = readonly [BlockDecoder, BlockDecoder, BlockDecoder];

/** Units that the blocks of all components are grouped in. */
function unitsOf({ width, height, scale }: Frame): { readonly across: number; readonly down: number } {
  return { across: Math.ceil(width / (8 * scale.across)), down: Math.ceil(height / (8 * scale.down)) };
}

interface BlockPlan extends ComponentCode {
  readonly plane: Plane;
  /** Blocks of the component in a unit. */
  readonly blocks: { readonly across: number; readonly down: number };
}

/** Decodes the blocks of one component. */
class BlockDecoder {
  readonly #reader: CoefficientReader;
  readonly #plan: BlockPlan;
  readonly #block = new Int32Array(64);
  #lastDc = 0;

  constructor(reader: CoefficientReader, plan: BlockPlan) {
    this.#reader = reader;
    this.#plan = plan;
  }

  /** The blocks of a unit, row by row; false where the data are damaged. */
  decodeUnit(unitX: number, unitY: number, isNeeded: boolean): boolean {
    const { across, down } = this.#plan.blocks;
    for (let y = 0; y < down; y += 1) {
      for (let x = 0; x < across; x += 1) {
        if (!this.#decode(unitX * across + x, unitY * down + y, isNeeded)) return false;
      }
    }
    return true;
  }

  #decode(column: number, row: number, isNeeded: boolean): boolean {
    const { plane, step, dc, ac } = this.#plan;
    const difference = this.#reader.readDc(dc);
    if (Number.isNaN(difference)) return false;
    this.#lastDc += difference;
    if (!isNeeded) return this.#reader.skipAc(ac);
    const last = this.#reader.readAc(ac, step, this.#block);
    if (last < 0) return false;
    this.#block[0] = this.#lastDc * (step[0] ?? 0);
    const at = (row * plane.stride + column) * 8;
    if (last === 0) fillBlock(this.#block, plane, at);
    else transformBlock(this.#block, last, plane, at);
    return true;
  }
}

function planesOf(frame: Frame, buffers: DecodeBuffers): Planes {
  const { width, height, scale } = frame;
  const units = unitsOf(frame);
  const plane = (name: string, blocks: ChromaScale, spread: ChromaScale): Plane => ({
    samples: buffers.take(name, units.across * units.down * 64 * blocks.across * blocks.down),
    stride: units.across * 8 * blocks.across,
    width: Math.ceil(width / spread.across),
    height: Math.ceil(height / spread.down),
  });
  const single = { across: 1, down: 1 } as const;
  return [plane('luma', scale, single), plane('blue', single, scale), plane('red', single, scale)];
}

/** A reader of the data from `start` to the next marker, without the zeros that are stuffed in after 0xff. */
function readerOf(bytes: Uint8Array, start: number, buffers: DecodeBuffers): CoefficientReader {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = buffers.take('entropy', bytes.length - start + entropyPaddingBytes);
  let length = 0;
  for (let at = start; ;) {
    const marker = source.indexOf(0xff, at);
    const isStuffed = marker >= 0 && source[marker + 1] === 0;
    const end = marker < 0 ? source.length : isStuffed ? marker + 1 : marker;
    result.set(source.subarray(at, end), length);
    length += end - at;
    if (!isStuffed) {
      result.fill(0, length, length + entropyPaddingBytes);
      return new CoefficientReader(result, length);
    }
    at = marker + 2;
  }
}

const marker = { sof0: 0xc0, sof1: 0xc1, dht: 0xc4, sos: 0xda, dqt: 0xdb, app0: 0xe0, comment: 0xfe } as const;

/** Everything before the scan; undefined where something is not of the common kind. */
function readHead(bytes: Uint8Array): Head | undefined {
  const parts = new HeadParts();
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const kind = bytes[at + 1] ?? 0;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (length < 2 || at + 2 + length > bytes.length) return undefined;
    const segment = bytes.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (kind === marker.sos) return parts.finish(segment, at);
    if (!parts.add(kind, segment)) return undefined;
  }
  return undefined;
}

/** The segments before the scan, as they come. */
class HeadParts {
  readonly #steps = new Map<number, Int32Array>();
  readonly #tables = new Map<number, HuffmanTable>();
  #frame: Frame | undefined;

  /** False where the segment is of no common kind. */
  add(kind: number, segment: Uint8Array): boolean {
    switch (kind) {
      case marker.sof0:
      case marker.sof1:
        this.#frame = frameOf(segment);
        return this.#frame !== undefined;
      case marker.dqt:
        return this.#addSteps(segment);
      case marker.dht:
        return this.#addTables(segment);
      case marker.app0:
      case marker.comment:
        return true;
      default:
        // Exif (an orientation), Adobe (other colours), restart intervals, progressive frames; colour profiles are passed over.
        return kind > marker.app0 + 1 && kind <= marker.app0 + 15 && kind !== marker.app0 + 14;
    }
  }

  finish(scan: Uint8Array, start: number): Head | undefined {
    const frame = this.#frame;
    if (frame === undefined || scan[0] !== 3 || scan.length !== 10) return undefined;
    const code = ({ id, quantisation }: Component, index: number): ComponentCode | undefined => {
      const choice = scan[2 + 2 * index] ?? 0;
      const step = this.#steps.get(quantisation);
      const dc = this.#tables.get(choice >> 4);
      const ac = this.#tables.get(16 + (choice & 15));
      const isWhole = scan[1 + 2 * index] === id && step !== undefined && dc !== undefined && ac !== undefined;
      return isWhole ? { step, dc, ac } : undefined;
    };
    const [luma, blue, red] = frame.components.map(code);
    if (luma === undefined || blue === undefined || red === undefined) return undefined;
    return { frame, components: [luma, blue, red], scan: start };
  }

  #addSteps(segment: Uint8Array): boolean {
    for (let at = 0; at < segment.length; at += 65) {
      const id = segment[at] ?? 0;
      if (id > 3 || at + 65 > segment.length) return false;
      const steps = new Int32Array(64);
      for (const [position, place] of naturalOrder.entries()) steps[place] = segment[at + 1 + position] ?? 0;
      this.#steps.set(id, steps);
    }
    return true;
  }

  #addTables(segment: Uint8Array): boolean {
    for (let at = 0; at < segment.length;) {
      const counts = segment.subarray(at + 1, at + 17);
      const symbols = counts.reduce((sum, count) => sum + count, 0);
      if (counts.length < 16 || symbols > 256 || at + 17 + symbols > segment.length) return false;
      this.#tables.set(segment[at] ?? 0, huffmanTable(counts, segment.subarray(at + 17, at + 17 + symbols)));
      at += 17 + symbols;
    }
    return true;
  }
}

function frameOf(segment: Uint8Array): Frame | undefined {
  const word = (at: number): number => ((segment[at] ?? 0) << 8) | (segment[at + 1] ?? 0);
  const [height, width] = [word(1), word(3)];
  if (segment[0] !== 8 || segment[5] !== 3 || segment.length !== 15 || height === 0 || width < minWidth)
    return undefined;
  const component = (index: number): Component => {
    const at = 6 + 3 * index;
    const sampling = segment[at + 1] ?? 0;
    return { id: segment[at] ?? 0, across: sampling >> 4, down: sampling & 15, quantisation: segment[at + 2] ?? 0 };
  };
  const components = [component(0), component(1), component(2)] as const;
  const isCommon = components.every(
    ({ id, across, down }, index) => id === index + 1 && (index === 0 || (across === 1 && down === 1)),
  );
  const { across, down } = components[0];
  if (!isCommon || (across !== 1 && across !== 2) || (down !== 1 && down !== 2) || down > across) return undefined;
  return { width, height, components, scale: { across, down } };
}
