import type { Failure } from '../../../core/failure.ts';
import { modelFormats } from './index.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions, ReadOption, WriteOption } from './model-format.ts';

/** As parameters of stages are called, and as the command line has them. */
const words = {
  read: {
    epoch: '"epoch" (--epoch)',
    outputs: '"outputs" (--output)',
    input: '"input" (--input)',
    normalization: '"normalization" (--mean, --scale, --color-order)',
  } satisfies Record<ReadOption, string>,
  write: {
    epoch: '"epoch"',
    normalization: '--normalization',
  } satisfies Record<WriteOption, string>,
};

/** One failure for each option that the format has no use for when a model is read. */
export function readOptionFailures(format: ModelFormat, options: ModelReadOptions, file: string): Failure[] {
  return failuresOf(options, { format, direction: 'read', file });
}

/** One failure for each option that the format has no use for when a model is written. */
export function writeOptionFailures(format: ModelFormat, options: ModelWriteOptions, file: string): Failure[] {
  return failuresOf(options, { format, direction: 'write', file });
}

interface Purpose {
  readonly format: ModelFormat;
  readonly direction: 'read' | 'write';
  readonly file: string;
}

function failuresOf(options: object, { format, direction, file }: Purpose): Failure[] {
  const takes = (other: ModelFormat, name: string): boolean => other.takes[direction].some((taken) => taken === name);
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return given
    .filter((name) => !takes(format, name))
    .map((name) => {
      const takers = Object.values<ModelFormat>(modelFormats).filter((other) => takes(other, name));
      const word = Object.entries(words[direction]).find(([option]) => option === name)?.[1] ?? name;
      return {
        code: 'option-not-taken',
        message: `The format "${format.name}" has no use for ${word} when a model is ${direction === 'read' ? 'read' : 'written'}; ${listed(takers)}.`,
        at: { file },
        hint: 'Leave it out.',
      };
    });
}

function listed(takers: readonly ModelFormat[]): string {
  return takers.length === 1
    ? `${takers[0]?.name ?? ''} takes it`
    : `${takers.map(({ name }) => name).join(', ')} take it`;
}
