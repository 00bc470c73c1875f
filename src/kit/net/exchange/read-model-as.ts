import { type Failure, throwIfAny } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { Model } from '../model/model.ts';
import { modelFormats } from './index.ts';
import type { ModelFormat, ModelReadOptions, ModelWriteOptions, ReadOption, WriteOption } from './model-format.ts';

/** A model in its place, and what its files do not state. */
export interface ModelSource {
  readonly format: ModelFormat;
  readonly path: string;
  readonly options: ModelReadOptions;
}

/** Reads a model. Fails with `option-not-taken` before anything is read, and with the codes of the format. */
export function readModelAs({ format, path, options }: ModelSource): Model {
  throwIfAny(readOptionFailures(format, options, path));
  return format.read(path, options);
}

/** Read options without those that are undefined. */
export function givenReadOptions(options: {
  readonly [Name in keyof ModelReadOptions]: ModelReadOptions[Name] | undefined;
}): ModelReadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

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
      const option = Object.entries(words[direction]).find(([known]) => known === name)?.[1] ?? name;
      const facts = {
        option,
        format: format.name,
        isRead: direction === 'read',
        takers: takers.map((each) => each.name),
      };
      return failures.optionNotTaken(facts, { file });
    });
}
