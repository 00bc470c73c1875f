import { fail } from '../../src/core/failure.ts';
import { failures as groupFailures } from '../../src/kit/face/groups/failures.ts';
import { type Grouping, readGrouping } from '../../src/kit/face/groups/group-list.ts';
import { namesOfPairs } from '../../src/kit/face/groups/names-of-pairs.ts';
import { detectorScores } from '../../src/kit/face/quality/detector-scores.ts';
import { failures as qualityFailures } from '../../src/kit/face/quality/failures.ts';
import type { VerifySetOptions } from '../../src/kit/face/verify-set.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** More are not compared with each other: 20 groups have 190 gaps at each rate. */
const mostGroups = 20;

export type Ports = Pick<Inputs, 'pairs' | 'protocol' | 'groups' | 'faces'>;

/** Fails with `scores-needed`, `names-needed` or `protocols-do-not-match` where something is asked for that nothing has. */
export function requireNames({ quality }: Pick<Params, 'quality'>, { pairs, protocol, groups, faces }: Ports): void {
  if (quality.includes('score') && faces.length === 0) fail(qualityFailures.scoresNeeded({}));
  if (protocol.length > 0 && protocol.length !== pairs.length) {
    fail(groupFailures.protocolsDoNotMatch({ protocols: protocol.length, sets: pairs.length }));
  }
  if (protocol.length > 0) return;
  if (groups !== undefined) fail(groupFailures.namesNeeded({ what: 'groups are given' }, { file: groups }));
  if (faces.length > 0)
    fail(groupFailures.namesNeeded({ what: 'scores of a detector are given' }, { file: faces[0] ?? '' }));
}

type Context = StageContext<Params, Inputs, Outputs>;

/** A set as it was packed, and what of it is measured. */
export interface MeasuredSet {
  readonly whole: NamedSet;
  readonly set: NamedSet;
  /** Of the images of `set`, where they are in the whole one; undefined: all of them. */
  readonly images: readonly number[] | undefined;
}

/** By what the errors of a set are told apart, as parameters and ports ask for it; `position` is that of the set among the inputs. */
export function breakdownOf(
  context: Context,
  { whole, set, images }: MeasuredSet,
  position: number,
): NonNullable<VerifySetOptions['by']> {
  const { params, inputs } = context;
  const { quality, protocolFolds: folds } = params;
  const protocol = inputs.protocol[position];
  if (protocol === undefined) return { quality };
  const named = namesOfPairs({ protocol, folds, set: whole });
  const names = images?.map((image) => named.names[image] ?? []) ?? named.names;
  const people = named.people && (images?.map((image) => named.people?.[image] ?? '') ?? named.people);
  const grouping = inputs.groups === undefined ? undefined : groupingOf(context, { set, names, file: inputs.groups });
  const scores = quality.includes('score') ? scoresOf(inputs.faces, names, set) : undefined;
  return { people, quality, grouping, scores };
}

interface NamedImages {
  readonly set: NamedSet;
  readonly names: readonly (readonly string[])[];
  readonly file: string;
}

function groupingOf(context: Context, { set, names, file }: NamedImages): Grouping {
  const grouping = readGrouping(file, names, `the set ${set.name}`);
  const { groups, unknown, without } = grouping;
  if (groups.length > mostGroups) {
    fail(groupFailures.tooManyGroups({ groups: groups.length, most: mostGroups }, { file }));
  }
  const note = (message: string): void => {
    context.emit({ type: 'log', level: 'info', message: `[${set.name}]${message}` });
  };
  if (unknown > 0) note(`${unknown} names of the list of groups are no person and no image of the set`);
  if (without > 0)
    note(`${without} of ${names.length} images are in no group: their pairs count for the whole set only`);
  return grouping;
}

/** Fails with `no-scores`. */
function scoresOf(faces: readonly string[], names: NamedImages['names'], { name, set }: NamedSet): Float64Array {
  const scores = detectorScores(faces, names);
  const isKnown = (image: number): boolean => !Number.isNaN(scores[image] ?? NaN);
  if (!set.same.some((same, pair) => same && isKnown(2 * pair) && isKnown(2 * pair + 1))) {
    const images = scores.filter((score) => !Number.isNaN(score)).length;
    fail(qualityFailures.noScores({ set: name, images }, { file: faces[0] ?? '' }));
  }
  return scores;
}
