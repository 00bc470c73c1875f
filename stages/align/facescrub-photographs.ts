import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { failures as codecFailures } from '../../src/kit/codec/failures.ts';
import { devkitList } from '../../src/kit/codec/megaface/devkit-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { readFilledLines, refuseLine } from '../../src/kit/codec/text-lines.ts';
import { isImageName } from '../../src/kit/dataset/image-folder.ts';
import { imageTree } from '../../src/kit/dataset/image-tree.ts';
import type { FaceBox } from '../../src/kit/face/detectors/detector.ts';
import { countedPhotographs, photographFile, type Photographs } from './photograph.ts';

/*
 * FaceScrub as the 2018 system read it (insightface, src/align/align_facescrub.py):
 *
 *   facescrub/<Person Name>/<Person Name>_<face id>.<extension>
 *   facescrub_actors.txt, facescrub_actresses.txt   tab separated with a line of titles: name, image id, face id, address, box x1,y1,x2,y2
 *   facescrub_uncropped_features_list.json          of MegaFace's development kit: the images that are probes; optional here
 */
export const facescrubTables = ['facescrub_actors.txt', 'facescrub_actresses.txt'] as const;
const probeList = 'facescrub_uncropped_features_list.json';
const imageFolder = 'facescrub';

/** The images of FaceScrub with the boxes of its tables; only the probes where their list is there. */
export function facescrubPhotographs(folder: string): Photographs {
  const boxes = readBoxes(folder);
  const probes = readProbes(folder);
  const within = join(folder, imageFolder);
  return countedPhotographs(function* (onIgnored) {
    // Three probes have no ending in the list nor in the set.
    const roleOf = (path: string) => (isImageName(path) || !/\.[A-Za-z]{1,5}$/.test(path) ? 'image' : 'stray');
    for (const path of imageTree(within, { roleOf, onStray: onIgnored })) {
      const key = keyOf(path);
      if (probes !== undefined && !probes.has(key)) {
        onIgnored(`${path} (no probe)`);
        continue;
      }
      const box = boxes.get(key);
      yield photographFile(within, path, {
        identity: path.split('/')[0] ?? '',
        target: path.replaceAll(' ', '_'),
        known: () => (box === undefined ? {} : { box }),
      });
    }
  });
}

/** `<name>_<face id>`, without folder and ending: what names an image in tables and lists. */
function keyOf(path: string): string {
  const name = basename(path);
  return isImageName(name) ? name.slice(0, name.lastIndexOf('.')) : name;
}

function readProbes(folder: string): ReadonlySet<string> | undefined {
  const file = join(folder, probeList);
  return existsSync(file) ? new Set(decodeFile(devkitList, file).paths.map(keyOf)) : undefined;
}

function readBoxes(folder: string): ReadonlyMap<string, FaceBox> {
  const boxes = new Map<string, FaceBox>();
  for (const table of facescrubTables) {
    let isTitle = true;
    for (const line of readFilledLines(join(folder, table), 'table of FaceScrub')) {
      const [name, , faceId, , corners = ''] = line.text.split('\t');
      const [left, top, right, bottom] = /^\d+(?:,\d+){3}$/.test(corners.trim()) ? corners.split(',').map(Number) : [];
      if (left !== undefined && top !== undefined && right !== undefined && bottom !== undefined) {
        boxes.set(`${name ?? ''}_${faceId ?? ''}`, { left, top, right, bottom });
      } else if (!isTitle) {
        refuseLine(line, codecFailures.damagedList, 'name, image id, face id, address and a box x1,y1,x2,y2');
      }
      isTitle = false;
    }
  }
  return boxes;
}
