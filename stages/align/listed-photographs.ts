import { isAbsolute, join } from 'node:path';
import { celebACompanions, isCelebAList, readCelebAList } from '../../src/kit/codec/lists/celeba-list.ts';
import { isVggFace2List, readVggFace2List, vggFace2Boxes } from '../../src/kit/codec/lists/vggface2-list.ts';
import { landmarkList } from '../../src/kit/codec/lists/landmark-list.ts';
import { packingList, readPackingList } from '../../src/kit/codec/insightface/packing-list.ts';
import { decodeFile, readHead } from '../../src/kit/codec/read-file.ts';
import type { FacePoints } from '../../src/kit/face/detectors/detector.ts';
import type { KnownFace } from '../../src/kit/face/search-face.ts';
import { readImageFile } from '../../src/kit/image/image-file.ts';
import { countedPhotographs, type Photograph, type Photographs } from './photograph.ts';

/** What a line of a list says of an image. */
interface ListedImage {
  readonly path: string;
  readonly label?: number;
  readonly box?: readonly number[];
  /** Five x, then five y. */
  readonly points?: readonly number[];
  /** Who it is, where the folder of the path does not tell it. */
  readonly identity?: string;
}

/**
 * The images of a packing list, of a list of boxes and points without labels, or of the lists of VGGFace2 and CelebA. Relative paths start at the folder of
 * images. Fails with `damaged-list`.
 */
export function listedPhotographs(list: string, folder: string): Photographs {
  return countedPhotographs(function* () {
    for (const listed of entriesOf(list)) yield photographOf(listed, folder);
  });
}

function* entriesOf(list: string): Generator<ListedImage> {
  const head = readHead(list);
  if (isVggFace2List(head)) {
    yield* readVggFace2List(list);
    return;
  }
  if (isCelebAList(head)) {
    yield* readCelebAList(list);
    return;
  }
  if (isLandmarkList(list)) {
    yield* decodeFile(landmarkList, list).entries;
    return;
  }
  for (const entry of readPackingList(list)) {
    if ('labels' in entry) yield { path: entry.path, label: entry.labels[0] ?? 0 };
    else yield entry;
  }
}

/** Files beside a list of VGGFace2 or CelebA that are read with it, if they are there; undefined for other lists. */
export function setListCompanions(list: string): readonly string[] | undefined {
  const head = readHead(list);
  if (isVggFace2List(head)) return [vggFace2Boxes(list)];
  if (!isCelebAList(head)) return undefined;
  const { boxes, identities } = celebACompanions(list);
  return boxes === undefined ? [identities] : [boxes, identities];
}

/** A list of boxes and points without labels, as alignment tools write it. */
export function isLandmarkList(list: string): boolean {
  // A packing list with boxes and points looks like one too, but for its first column.
  const head = readHead(list);
  return !packingList.sniff(head, list) && landmarkList.sniff(head, list);
}

function photographOf({ path, label, box, points, identity }: ListedImage, folder: string): Photograph {
  const file = isAbsolute(path) ? path : join(folder, path);
  const known = knownFace(box, points);
  return {
    name: path,
    identity: identity ?? (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''),
    ...(label === undefined ? {} : { label }),
    target: insideOf(identity === undefined ? path : `${identity}/${path}`),
    path: file,
    load: () => ({ bytes: readImageFile(file), origin: { file } }),
    known: () => known,
  };
}

function knownFace(box: readonly number[] | undefined, points: readonly number[] | undefined): KnownFace {
  const [left, top, right, bottom] = box ?? [];
  const isBox = left !== undefined && top !== undefined && right !== undefined && bottom !== undefined;
  return {
    ...(isBox ? { box: { left, top, right, bottom } } : {}),
    ...(points === undefined ? {} : { points: pairUp(points) }),
  };
}

function pairUp(values: readonly number[]): FacePoints {
  const at = (index: number): readonly [number, number] => [values[index] ?? NaN, values[5 + index] ?? NaN];
  return [at(0), at(1), at(2), at(3), at(4)];
}

/** A path below the output, whatever the list has: absolute paths too, and without steps upwards. */
export function insideOf(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}
