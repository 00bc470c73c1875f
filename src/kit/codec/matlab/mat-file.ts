import { failures } from '../failures.ts';
import { fail } from '../../../core/failure.ts';
import type { FileFormat } from '../codec.ts';
import { pairFacts } from '../description.ts';
import { decodeMat, type MatStruct, type MatValue } from './mat-reader.ts';

/** The variables of a MATLAB 5 file by name. */
export const matFile: FileFormat<ReadonlyMap<string, MatValue>> = {
  name: 'mat-file',
  title: 'MATLAB 5 file',
  summary: 'Variables of MATLAB; the protocols of CFP and AgeDB are published so.',
  endings: ['.mat'],
  sniff: (head) => Buffer.from(head.subarray(0, 10)).toString('latin1') === 'MATLAB 5.0',
  decode: decodeMat,
  describe(cursor) {
    const variables = matFile.decode(cursor);
    const facts = [...variables].map(([name, { type, dimensions }]) => ({
      name: `variable ${name}`,
      value: `${type}, ${dimensions.join(' x ')}`,
    }));
    if (!variables.has('pairs') && !variables.has('splits')) return { facts };
    const pairs = pairsOfMat(variables, cursor.file);
    return { facts: [...facts, ...pairFacts(pairs, new Set(pairs.map(({ fold }) => fold)).size)] };
  },
};

/** Two images to compare, by their paths within a data set. */
export interface ImagePair {
  readonly left: string;
  readonly right: string;
  readonly same: boolean;
  /** Counted from 1; contiguous. */
  readonly fold: number;
}

/*
 * Pair protocols published as MATLAB files (insightface, src/data/cfp2pack.py and agedb2pack.py):
 *
 * - CFP, variable `pairs`: 1 x N structure of path A, path B, fold, label; the same person where the label is above 0.
 * - AgeDB, variable `splits`: a cell per split, holding a structure whose first field is a 2 x P cell; column i is pair
 *   i, each entry a structure of path (without extension) and age. The same person: equal up to the first `_`.
 *
 * Both are read by the order of the fields, not by their names, as the original programs do.
 */
export function pairsOfMat(variables: ReadonlyMap<string, MatValue>, file: string): ImagePair[] {
  const pairs = variables.get('pairs');
  const splits = variables.get('splits');
  if (pairs?.type === 'struct') return cfpPairs(pairs, file);
  if (splits?.type === 'cell') return splits.items.flatMap((split, index) => ageDbPairs(split, index + 1, file));
  return refuse(
    file,
    'a variable "pairs" (CFP) or "splits" (AgeDB)',
    [...variables.keys()].join(', ') || 'no variables',
  );
}

function cfpPairs(pairs: MatStruct, file: string): ImagePair[] {
  return pairs.items.map((fields, index) => {
    const [left, right, fold, label, ...others] = [...fields.values()].map(unwrap);
    const [inFold, says] = [fold, label].map(numberOf);
    const isWhole = inFold !== undefined && Number.isInteger(inFold) && inFold >= 1;
    if (left?.type !== 'text' || right?.type !== 'text' || !isWhole || says === undefined || others.length > 0) {
      const expected = `pairs(${index + 1}) to be path, path, fold (from 1), label`;
      return refuse(file, expected, [...fields].map(([name, value]) => `${name} (${shown(unwrap(value))})`).join(', '));
    }
    return { left: left.text, right: right.text, same: says > 0, fold: inFold };
  });
}

/** The number that a value is; undefined for none, several, and what is no number. */
function numberOf(value: MatValue | undefined): number | undefined {
  const [number, ...others] = value?.type === 'numbers' ? value.values : [];
  return others.length > 0 || Number.isNaN(number) ? undefined : number;
}

/** For failures. */
function shown(value: MatValue | undefined): string {
  if (value?.type === 'numbers' && value.values.length === 1) return String(value.values[0]);
  return value === undefined ? 'nothing' : `${value.type} of ${value.dimensions.join(' x ')}`;
}

function ageDbPairs(split: MatValue, fold: number, file: string): ImagePair[] {
  const cell = unwrap(split.type === 'struct' ? firstField(split) : split);
  if (cell?.type !== 'cell' || cell.dimensions[0] !== 2 || cell.items.length === 0) {
    return refuse(file, `splits{${fold}} to hold one 2 x P cell`, shown(cell));
  }
  const { items } = cell;
  return Array.from({ length: items.length / 2 }, (_, pair) => {
    const [left, right] = [items[2 * pair], items[2 * pair + 1]].map((entry) => pathOf(entry, file));
    const nameOf = (path: string | undefined): string | undefined => path?.split('_')[0];
    return { left: left ?? '', right: right ?? '', same: nameOf(left) === nameOf(right), fold };
  });
}

function pathOf(entry: MatValue | undefined, file: string): string {
  const path = entry?.type === 'struct' ? unwrap(firstField(entry)) : undefined;
  return path?.type === 'text'
    ? path.text
    : refuse(file, 'each entry of a split to start with a path', entry?.type ?? 'nothing');
}

/** Of a structure of one element: the others of several would be lost. */
function firstField(struct: MatStruct): MatValue | undefined {
  return struct.items.length > 1 ? undefined : struct.items[0]?.values().next().value;
}

/** Cells of one item are often put around text. */
function unwrap(value: MatValue | undefined): MatValue | undefined {
  return value?.type === 'cell' && value.items.length === 1 ? unwrap(value.items[0]) : value;
}

function refuse(file: string, expected: string, found: string): never {
  fail(failures.damagedProtocol({ expected, found }, { file }));
}
