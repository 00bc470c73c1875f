import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { countEach, histogramOf } from '../description.ts';
import { isJsonObject, isStringList, jsonHead, parseJson } from '../json-text.ts';

/*
 * Feature list of MegaFace's development kit (templatelists/*.json): `{"path": [...], "id": [...]}` for probes, only
 * `path` for distractors. Some files have the keys the other way round.
 */
export interface DevkitList {
  readonly paths: readonly string[];
  /** The identity of each path; absent in lists of distractors. */
  readonly ids?: readonly string[];
}

export const devkitList: Codec<DevkitList> = {
  name: 'devkit-list',
  title: "list of MegaFace's development kit",
  summary: 'Which images are probes (with their identities) or distractors.',
  endings: ['_list.json', '_list.json_'],
  sniff: (head) => /^\{\s*"(path|id)"\s*:\s*\[/.test(jsonHead(head)),
  decode(cursor) {
    const content = parseJson(cursor);
    const { path, id } = isJsonObject(content) ? content : {};
    if (!isStringList(path)) return fail(failures.damagedList({ expected: '"path", a list of names' }, cursor.at(0)));
    if (id === undefined) return { paths: path };
    if (!isStringList(id) || id.length !== path.length) {
      return fail(failures.damagedList({ expected: `"id", a list of ${path.length} names` }, cursor.at(0)));
    }
    return { paths: path, ids: id };
  },
  describe(cursor) {
    const { paths, ids } = devkitList.decode(cursor);
    return {
      facts: [
        { name: 'images', value: paths.length },
        { name: 'identities', value: ids === undefined ? 'not given: a list of distractors' : new Set(ids).size },
      ],
      ...(ids === undefined ? {} : { imagesPerIdentity: histogramOf(countEach(ids).values()) }),
    };
  },
  encode: ({ paths, ids }) =>
    Buffer.from(JSON.stringify(ids === undefined ? { path: paths } : { path: paths, id: ids })),
};
