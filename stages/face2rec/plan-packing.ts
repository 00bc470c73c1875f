import { fail } from '../../src/core/failure.ts';
import { Random } from '../../src/core/random.ts';
import { failures as datasetFailures } from '../../src/kit/dataset/failures.ts';
import { maxExactId } from '../../src/kit/dataset/packed-dataset.ts';
import { failures } from './failures.ts';
import type { ImageSource, SourceImage } from './image-source.ts';

/** What goes into a training set, and what was left out of it and why. Sizes grow with the identities, not the images. */
export interface PackingPlan {
  /** Images to pack, with their final labels, in their order. */
  readonly images: ImageSource;
  readonly imageCount: number;
  /** Names of the people who are packed. */
  readonly identities: ReadonlySet<string>;
  readonly labelCount: number;
  /** Labels below the largest that no image has: a training counts them as classes. */
  readonly unusedLabels: number;
  /** Some images have to be aligned. */
  readonly anyUnaligned: boolean;
  /** Left out because the packed pairs show them. */
  readonly heldOut: readonly string[];
  /** Left out because they have too few images. */
  readonly tooFew: readonly string[];
}

export interface PackingRules {
  /** Names of people who are left out. */
  readonly held: ReadonlySet<string>;
  readonly minImagesPerIdentity: number;
  /** If the images of a label must follow each other: the list to name in the failure. */
  readonly groupedList?: string;
  /** Number the labels again even if every identity is kept. */
  readonly renumber: boolean;
}

interface LabelSurvey {
  images: number;
  readonly names: Set<string>;
}

/**
 * Leaves out the people that the pairs show, and those with too few images. Labels stay as they are if every identity is
 * kept, and are numbered again from 0, in the same order, otherwise. Fails with `damaged-list` and `list-not-grouped`.
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
  return { ...finishPlan(source, rules, { labels, heldOut }), anyUnaligned };
}

function finishPlan(
  source: ImageSource,
  rules: PackingRules,
  { labels, heldOut }: { readonly labels: ReadonlyMap<number, LabelSurvey>; readonly heldOut: ReadonlySet<string> },
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
    unusedLabels: keepsLabels ? kept.reduce((most, [label]) => Math.max(most, label + 1), 0) - kept.length : 0,
    heldOut: [...heldOut],
    tooFew: tooFew.flatMap(({ names }) => [...names]),
  };
}

function requireLabel({ label, line = 1 }: SourceImage, list: string | undefined): void {
  if (Number.isInteger(label) && label >= 0 && label <= maxExactId) return;
  const at = { file: list ?? '', line, column: 1, length: 1 };
  if (label > maxExactId) fail(datasetFailures.labelTooLarge({ label, max: maxExactId }, at));
  fail(failures.badLabel({ label }, at));
}

/** A label that comes back later would make a second identity out of one person. */
function refuseScattered({ label, line = 1 }: SourceImage, list: string): never {
  fail(failures.listNotGrouped({ label }, { file: list, line, column: 1, length: 1 }));
}

/** `list`: as given. `identities`: identities in random order, each with its images together. `pictures`: all images mixed. */
export type PackingOrder = 'list' | 'identities' | 'pictures';

/** Puts images in another order. All but `list` keep the names of all images in memory. */
export function orderImages(source: ImageSource, order: PackingOrder, seed: number): ImageSource {
  if (order === 'list') return source;
  const random = Random.derive(seed, 'order of packing');
  const images = [...source()];
  if (order === 'pictures') {
    random.shuffle(images);
    return () => images;
  }
  const identities = groupByLabel(images);
  random.shuffle(identities);
  return function* (): Generator<SourceImage> {
    for (const identity of identities) yield* identity;
  };
}

function groupByLabel(images: readonly SourceImage[]): SourceImage[][] {
  const groups = new Map<number, SourceImage[]>();
  for (const image of images) {
    const group = groups.get(image.label);
    if (group === undefined) groups.set(image.label, [image]);
    else group.push(image);
  }
  return [...groups.values()];
}
