import { fail } from '../../src/core/failure.ts';
import type { Image, ImageSource } from './image-source.ts';

/** What goes into a training set, and what was left out of it and why. Sizes grow with the identities, not the images. */
export interface PackingPlan {
  /** Images to pack, with their final labels, in their order. */
  readonly images: ImageSource;
  readonly imageCount: number;
  /** Names of everybody who is packed. */
  readonly identities: ReadonlySet<string>;
  readonly labelCount: number;
  /** Some images have to be aligned. */
  readonly anyUnaligned: boolean;
  /** Left out because the packed pairs show them. */
  readonly heldOut: readonly string[];
  /** Left out because they have too few images. */
  readonly tooFew: readonly string[];
}

export interface PackingRules {
  /** Nobody of these is packed. */
  readonly held: ReadonlySet<string>;
  readonly minImagesPerIdentity: number;
  /** Where the images of a label must follow each other: the list to name in the failure. */
  readonly groupedList?: string;
  /** Numbers the labels anew even if nobody is left out. */
  readonly renumber: boolean;
}

interface LabelSurvey {
  images: number;
  readonly names: Set<string>;
}

/**
 * Leaves out whom the pairs show and who has too few images. Labels stay as they are if nobody is left out, and are
 * numbered anew from 0, in the same order, otherwise.
 */
export function planPacking(source: ImageSource, rules: PackingRules): PackingPlan {
  const labels = new Map<number, LabelSurvey>();
  const heldOut = new Set<string>();
  let anyUnaligned = false;
  let lastLabel: number | undefined;
  for (const image of source()) {
    const { label, identity } = image;
    requireLabel(image, rules.groupedList);
    const known = labels.get(label);
    if (rules.groupedList !== undefined && known !== undefined && label !== lastLabel) {
      refuseScattered(image, rules.groupedList);
    }
    lastLabel = label;
    anyUnaligned ||= !image.aligned;
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
  source: ImageSource,
  rules: PackingRules,
  labels: ReadonlyMap<number, LabelSurvey>,
  heldOut: ReadonlySet<string>,
): Omit<PackingPlan, 'anyUnaligned'> {
  const kept = [...labels].filter(([, { images }]) => images > 0 && images >= rules.minImagesPerIdentity);
  const tooFew = [...labels.values()].filter(({ images }) => images > 0 && images < rules.minImagesPerIdentity);
  const keepsLabels = heldOut.size === 0 && tooFew.length === 0 && !rules.renumber;
  const newLabel = new Map(kept.map(([label], index) => [label, keepsLabels ? label : index]));
  return {
    images: function* () {
      for (const image of source()) {
        const label = newLabel.get(image.label);
        if (label === undefined || rules.held.has(image.identity)) continue;
        yield label === image.label ? image : { ...image, label };
      }
    },
    imageCount: kept.reduce((sum, [, { images }]) => sum + images, 0),
    identities: new Set(kept.flatMap(([, { names }]) => [...names])),
    labelCount: kept.length,
    heldOut: [...heldOut],
    tooFew: tooFew.flatMap(({ names }) => [...names]),
  };
}

function requireLabel({ label, line = 1 }: Image, list: string | undefined): void {
  if (Number.isInteger(label) && label >= 0) return;
  fail({
    code: 'damaged-list',
    message: `expected a label that is a whole number from 0 on, found ${label}`,
    at: { file: list ?? '', line, column: 1, length: 1 },
  });
}

/** A label that comes back later would make a second identity out of one person. */
function refuseScattered({ label, line = 1 }: Image, list: string): never {
  fail({
    code: 'list-not-grouped',
    message: `label ${label} comes back after other labels; all images of an identity must follow each other`,
    at: { file: list, line, column: 1, length: 1 },
    hint: 'Sort the list by label, or choose order: identities or order: images.',
  });
}
