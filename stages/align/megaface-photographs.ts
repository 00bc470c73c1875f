import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { Cursor } from '../../src/kit/codec/cursor.ts';
import { isJsonObject, parseJson } from '../../src/kit/codec/json-text.ts';
import { readBytes } from '../../src/kit/codec/read-file.ts';
import { isImageName } from '../../src/kit/dataset/image-folder.ts';
import { imageTree, type FileRole } from '../../src/kit/dataset/image-tree.ts';
import type { Point2 } from '../../src/kit/face/align-face.ts';
import type { KnownFace } from '../../src/kit/face/search-face.ts';
import { failures } from './failures.ts';
import { countedPhotographs, photographFile, type Photographs } from './photograph.ts';

/*
 * MegaFace as the 2018 system read it (insightface, src/align/align_megaface.py): <3 digits>/<user>/<photo>_<n>.jpg, and beside
 * each image <image>.json: "bounding_box" {x, y, width, height}; "landmarks" {"1": image-left eye, "0": image-right eye,
 * "2": nose}, each {x, y}, used only if all three are there. Names that end in .jpg.jpg are passed over.
 */
export function megafacePhotographs(folder: string): Photographs {
  return countedPhotographs(function* (onStray) {
    for (const path of imageTree(folder, { roleOf, onStray })) {
      const file = `${join(folder, path)}.json`;
      const identity = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      yield photographFile(folder, path, { identity, known: () => (existsSync(file) ? readKnown(file) : {}) });
    }
  });
}

function roleOf(path: string): FileRole {
  if (path.endsWith('.json')) return 'known';
  return isImageName(path) && !path.endsWith('.jpg.jpg') ? 'image' : 'stray';
}

function readKnown(file: string): KnownFace {
  const facts = parseJson(new Cursor(readBytes(file, 'description of a face'), file));
  if (!isJsonObject(facts)) return fail(failures.wrongFaceFile({ found: typeof facts }, { file }));
  const { bounding_box: box, landmarks } = facts;
  const points = isJsonObject(landmarks) ? ['1', '0', '2'].map((name) => pointOf(landmarks[name])) : [];
  const [left, right, nose] = points;
  return {
    ...(box === undefined || box === null ? {} : { box: boxOf(box, file) }),
    ...(left && right && nose ? { threePoints: [left, right, nose] as const } : {}),
  };
}

function boxOf(box: unknown, file: string): NonNullable<KnownFace['box']> {
  const values = isJsonObject(box) ? ['x', 'y', 'width', 'height'].map((name) => box[name]) : [];
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
  if (numbers.length < 4) {
    fail(failures.wrongFaceFile({ found: 'a bounding_box without the numbers x, y, width and height' }, { file }));
  }
  return { left: x, top: y, right: x + width, bottom: y + height };
}

function pointOf(value: unknown): Point2 | undefined {
  if (!isJsonObject(value)) return undefined;
  const { x, y } = value;
  return typeof x === 'number' && typeof y === 'number' ? [x, y] : undefined;
}
