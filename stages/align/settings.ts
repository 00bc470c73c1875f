import type { DetectorChoice } from '../../src/kit/face/detectors/index.ts';
import type { AlignedSize } from '../../src/kit/face/align-face.ts';
import type { SearchRules } from '../../src/kit/face/search-face.ts';
import type { Params } from './contract.ts';

export type Layout = NonNullable<Params['layout']>;

/** How images become aligned ones: a preset, and what the parameters say instead. */
export interface Settings {
  readonly layout: Layout | undefined;
  readonly detector: DetectorChoice;
  /** `central`: the most central face, or that of a known box. `cascade`: the five steps for FaceScrub and MegaFace. */
  readonly search: 'central' | 'cascade';
  readonly rules: SearchRules;
  readonly output: 'images' | 'points';
  readonly cut: 'points' | 'box';
  readonly withoutFace: 'leave-out' | 'crop' | 'list';
  readonly imageSize: AlignedSize;
  readonly encoding: 'jpg' | 'png';
  readonly quality: number;
}

/** The detector of src/align of the 2018 system, with the thresholds that all its scripts but a few have. */
const tensorflow = {
  name: 'mtcnn',
  arithmetic: 'tensorflow',
  minimumSize: 20,
  thresholds: [0.6, 0.7, 0.7],
  factor: 0.709,
  singleProposal: 'mirrored',
  refinePoints: false,
  crops: 'rnet-onet',
  greyImages: 'as-they-are',
  fullFrame: false,
} as const;

const usual: Settings = {
  layout: undefined,
  detector: { ...tensorflow, arithmetic: 'mxnet', thresholds: [0.6, 0.7, 0.8], greyImages: 'tinted' },
  search: 'central',
  rules: { overlapAbove: 0.3, forcedScore: 0.3, smallest: () => undefined },
  output: 'images',
  cut: 'points',
  withoutFace: 'leave-out',
  imageSize: { height: 112, width: 112 },
  encoding: 'jpg',
  quality: 95,
};

/** A face of a known box is as large as the box; half of the image at most. */
const sizeOfBox: SearchRules['smallest'] = ({ width, height }, { box }) =>
  box === undefined
    ? undefined
    : Math.min(box.right - box.left, box.bottom - box.top, Math.floor(height / 2), Math.floor(width / 2));

const insight: Partial<Settings> = {
  output: 'points',
  withoutFace: 'list',
  // Whatever overlaps, however little; and whatever is in the box.
  rules: { overlapAbove: -0.3, forcedScore: 0, smallest: sizeOfBox },
};

const cascade: Partial<Settings> = { search: 'cascade', detector: tensorflow, withoutFace: 'crop' };

/** The scripts of the 2018 system by their names (insightface, src/align); docs/alignment.md lists them. */
const presets: Readonly<Record<Params['preset'], Partial<Settings>>> = {
  plain: {},
  align_lfw: { detector: { ...tensorflow, thresholds: [0.6, 0.7, 0.9], factor: 0.85 }, withoutFace: 'crop' },
  align_facescrub: { ...cascade, layout: 'facescrub', encoding: 'png', quality: 6 },
  align_megaface: { ...cascade, layout: 'megaface' },
  align_insight: { ...insight, detector: { ...tensorflow, minimumSize: 100 } },
  align_insight_lfw: { ...insight, detector: { ...tensorflow, thresholds: [0.6, 0.7, 0.9], factor: 0.85 } },
  align_insight_ytf: { ...insight, detector: { ...tensorflow, thresholds: [0.6, 0.7, 0.4], factor: 0.85 } },
  align_celeb: {
    layout: 'celeb',
    detector: { ...tensorflow, thresholds: [0.6, 0.6, 0.3] },
    rules: {
      ...usual.rules,
      smallest: ({ width, height }) => Math.min(Math.floor(height / 5), Math.floor(width / 5)),
    },
    quality: 75,
  },
  align_dataset_mtcnn: {
    detector: tensorflow,
    cut: 'box',
    imageSize: { height: 182, width: 182 },
    encoding: 'png',
    quality: 6,
  },
};

/** A preset with what the parameters say instead of it. */
export function settingsOf(params: Params): Settings {
  const { preset, layout, detector, output, withoutFace, encoding, quality } = params;
  const base = { ...usual, ...presets[preset] };
  return {
    ...base,
    ...(layout === undefined ? {} : { layout }),
    ...(detector === undefined ? {} : { detector }),
    ...(output === undefined ? {} : { output }),
    ...(withoutFace === undefined ? {} : { withoutFace }),
    imageSize: sizeOf(params, base),
    ...(encoding === undefined ? {} : { encoding, quality: encoding === 'png' ? 6 : 95 }),
    ...(quality === undefined ? {} : { quality }),
  };
}

/** A template given without a size has that of its networks. */
function sizeOf({ imageSize, template }: Params, base: Settings): AlignedSize {
  if (template === undefined) return imageSize ?? base.imageSize;
  const usualSize = template === 'dlib' ? { height: 150, width: 150 } : base.imageSize;
  return { ...(imageSize ?? usualSize), template };
}
