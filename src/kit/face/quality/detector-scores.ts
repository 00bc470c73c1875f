import { fail } from '../../../core/failure.ts';
import { readFilledLines, type TextLine } from '../../codec/text-lines.ts';
import { withoutExtension } from '../../dataset/image-folder.ts';
import { failures } from './failures.ts';

/**
 * The score of the detector for each image that has a name, from what align says of faces (faces.ndjson: an object per line with `image`, `file` and
 * `score`); NaN of an image without one. `names` are what each image can be called, the most precise first. Fails with `bad-faces`.
 */
export function detectorScores(files: readonly string[], names: readonly (readonly string[])[]): Float64Array {
  const scores = new Map<string, number>();
  for (const file of files) for (const line of readFilledLines(file, 'table of faces')) addScore(scores, line);
  return Float64Array.from(names, (each) => {
    const name = each.map(withoutExtension).find((one) => scores.has(one));
    return name === undefined ? NaN : (scores.get(name) ?? NaN);
  });
}

/** Under the name of the aligned image, and under that of the one it was found in. */
function addScore(scores: Map<string, number>, line: TextLine): void {
  const { image, file, score } = recordOf(line);
  if (typeof image !== 'string') refuse(line, 'a line without "image"');
  if (typeof score !== 'number') return;
  scores.set(withoutExtension(image), score);
  if (typeof file === 'string') scores.set(withoutExtension(file), score);
}

interface FoundFace {
  readonly image?: unknown;
  readonly file?: unknown;
  readonly score?: unknown;
}

function recordOf(line: TextLine): FoundFace {
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(line, 'a line that is no JSON');
  }
  return typeof value === 'object' && value !== null ? value : refuse(line, 'a line that is no object');
}

function refuse({ file, number }: TextLine, problem: string): never {
  return fail(failures.badFaces({ problem }, { file, line: number, column: 1, length: 1 }));
}
