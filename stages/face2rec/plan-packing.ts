import { fail } from '../../src/core/failure.ts';
import type { Picture, PictureSource } from './picture-source.ts';

/** What goes into a training set, and what was left out of it and why. Sizes grow with the identities, not the pictures. */
export interface PackingPlan {
  /** Pictures to pack, with their final labels, in their order. */
  readonly pictures: PictureSource;
  readonly imageCount: number;
  /** Names of everybody who is packed. */
  readonly identities: ReadonlySet<string>;
  readonly labelCount: number;
  /** Some pictures have to be aligned. */
  readonly anyUnaligned: boolean;
  /** Left out because the packed pairs show them. */
  readonly heldOut: readonly string[];
  /** Left out because they have too few pictures. */
  readonly tooFew: readonly string[];
}

export interface PackingRules {
  /** Nobody of these is packed. */
  readonly held: ReadonlySet<string>;
  readonly minImagesPerIdentity: number;
  /** Where the pictures of a label must follow each other: the list to name in the failure. */
  readonly groupedList?: string;
  /** Numbers the labels anew even if nobody is left out. */
  readonly renumber: boolean;
}

interface LabelSurvey {
  images: number;
  readonly names: Set<string>;
}

/**
 * Leaves out whom the pairs show and who has too few pictures. Labels stay as they are if nobody is left out, and are
 * numbered anew from 0, in the same order, otherwise.
 */
export function planPacking(source: PictureSource, rules: PackingRules): PackingPlan {
  const labels = new Map<number, LabelSurvey>();
  const heldOut = new Set<string>();
  let anyUnaligned = false;
  let lastLabel: number | undefined;
  for (const picture of source()) {
    const { label, identity } = picture;
    requireLabel(picture, rules.groupedList);
    const known = labels.get(label);
    if (rules.groupedList !== undefined && known !== undefined && label !== lastLabel) {
      refuseScattered(picture, rules.groupedList);
    }
    lastLabel = label;
    anyUnaligned ||= !picture.aligned;
    const survey = known ?? { images: 0, names: new Set<string>() };
    if (known === undefined) labels.set(label, survey);
    if (rules.held.has(identity)) heldOut.add(identity);
    else {
      survey.images += 1;
      survey.names.add(identity);
    }
  }
  return { ...finishPlan(source, rules, labels, heldOut), anyUnaligned };
}

function finishPlan(
  source: PictureSource,
  rules: PackingRules,
  labels: ReadonlyMap<number, LabelSurvey>,
  heldOut: ReadonlySet<string>,
): Omit<PackingPlan, 'anyUnaligned'> {
  const kept = [...labels].filter(([, { images }]) => images > 0 && images >= rules.minImagesPerIdentity);
  const tooFew = [...labels.values()].filter(({ images }) => images > 0 && images < rules.minImagesPerIdentity);
  const keepsLabels = heldOut.size === 0 && tooFew.length === 0 && !rules.renumber;
  const newLabel = new Map(kept.map(([label], index) => [label, keepsLabels ? label : index]));
  return {
    pictures: function* () {
      for (const picture of source()) {
        const label = newLabel.get(picture.label);
        if (label === undefined || rules.held.has(picture.identity)) continue;
        yield label === picture.label ? picture : { ...picture, label };
      }
    },
    imageCount: kept.reduce((sum, [, { images }]) => sum + images, 0),
    identities: new Set(kept.flatMap(([, { names }]) => [...names])),
    labelCount: kept.length,
    heldOut: [...heldOut],
    tooFew: tooFew.flatMap(({ names }) => [...names]),
  };
}

function requireLabel({ label, line = 1 }: Picture, list: string | undefined): void {
  if (Number.isInteger(label) && label >= 0) return;
  fail({
    code: 'damaged-list',
    message: `expected a label that is a whole number from 0 on, found ${label}`,
    at: { file: list ?? '', line, column: 1, length: 1 },
  });
}

/** A label that comes back later would make a second identity out of one person. */
function refuseScattered({ label, line = 1 }: Picture, list: string): never {
  fail({
    code: 'list-not-grouped',
    message: `label ${label} comes back after other labels; all pictures of an identity must follow each other`,
    at: { file: list, line, column: 1, length: 1 },
    hint: 'Sort the list by label, or choose order: identities or order: images.',
  });
}
