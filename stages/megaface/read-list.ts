import { fail } from '../../src/core/failure.ts';
import { type DevkitList, devkitList } from '../../src/kit/codec/megaface/devkit-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { failures } from './failures.ts';

/** So many names of one failure are shown; the count tells of the others. */
const shownNames = 20;

/** A list of the development kit that names every image once. Fails with `unusable-list`. */
export function readList(file: string): DevkitList {
  const list = decodeFile(devkitList, file);
  const { paths } = list;
  if (paths.length === 0) fail(failures.unusableList({ problem: 'the list names no image' }, { file }));
  const seen = new Set<string>();
  const repeated = new Set(paths.filter((path) => seen.size === seen.add(path).size));
  if (repeated.size === 0) return list;
  const names = [...repeated].slice(0, shownNames).join(', ');
  const more = repeated.size > shownNames ? `, and ${repeated.size - shownNames} more` : '';
  const problem = `${repeated.size} of ${seen.size} images are listed more than once: ${names}${more}`;
  return fail(failures.unusableList({ problem }, { file }));
}
