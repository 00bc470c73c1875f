import { basename, dirname } from 'node:path';
import { fail } from '../core/failure.ts';
import { type BackboneName, backbones } from '../kit/net/backbones/index.ts';
import { failures } from './failures.ts';
import { trainOptions, withoutEffect, type TrainCall } from './train-options.ts';

type Value = string | number | boolean | readonly (string | number)[] | Fields;
interface Fields {
  readonly [name: string]: Value | undefined;
}

const manyIdentities =
  'Above 20,000 identities the original takes --beta-freeze 5000 and --gamma 0.06, whatever is written, and lets the rate fall 5000 steps later.';

/** An experiment in the form of a file, and what its first lines have to say. */
export interface ImportedTraining {
  readonly name: string;
  readonly remarks: readonly string[];
  readonly content: Fields;
}

/** What a call of the 2018 programs describes, in our words (docs/training.md). Fails with `unknown-loss-type`. */
export function importedTraining({ devices, written }: TrainCall): ImportedTraining {
  const text = (name: string): string => written.get(name) ?? defaultOf(name, written.get('loss-type'));
  const number = (name: string): number => Number(text(name));
  const batch = number('per-batch-size') || 128;
  const length = scheduleOf({ text, number, totalBatch: batch * (devices ?? 1) });
  const name = nameOf(text('prefix'));
  const sets = text('target').split(',').filter(Boolean);
  const ignored = [...written.keys()].filter((option) => option in withoutEffect);
  const network = networkOf(text, number);
  const train = {
    dataset: '${params.data}',
    validation: sets.map((set) => `\${params.data}/${set}.bin`),
    pretrained: pretrainedOf(text('pretrained')),
    network: network.choice,
    loss: lossOf(text, number),
    optimizer: { learningRate: number('lr'), momentum: number('mom'), weightDecay: number('wd') },
    schedule: length.schedule,
    batch,
    accumulate: '${params.devices}',
    mirror: number('rand-mirror') === 0 ? false : undefined,
    augment: number('cutoff') > 1 ? { cutOut: { size: number('cutoff') } } : undefined,
    ...keptModel(text('ckpt'), sets),
    verifyEverySteps: text('verbose') === trainOptions['verbose'] ? undefined : number('verbose'),
  };
  return {
    name,
    remarks: [
      ...(devices === undefined
        ? ['Without CUDA_VISIBLE_DEVICES the original does not start: taken as one device.']
        : []),
      ...length.remarks,
      ...(Number(text('loss-type')) === 1 ? [manyIdentities] : []),
      ...(written.has('end-epoch')
        ? [
            `--end-epoch ${text('end-epoch')} is left out: maxSteps counts steps, an epoch has as many as there are images / ${batch * (devices ?? 1)}, rounded down.`,
          ]
        : []),
      ...(written.has('ckpt') && number('ckpt') !== 1
        ? [
            `--ckpt ${text('ckpt')} is left out: checkpoints to resume from, and the model at the end, are always written.`,
          ]
        : []),
      ...network.remarks,
      ...marginRemarks(text, number),
      ...(number('cutoff') === 1 ? ['--cutoff 1 has no effect: half of it, rounded down, is nothing.'] : []),
      ...ignored.map((option) => `--${option} ${text(option)} has no effect: ${withoutEffect[option] ?? ''}.`),
    ],
    content: {
      params: { data: text('data-dir') || 'datasets/faces_ms1m_112x112', devices: devices ?? 1 },
      stages: {
        train: { uses: 'train', with: train },
        ...(sets.length === 0 ? {} : { verify: verifyOf(sets) }),
      },
    },
  };
}

/** Of losses that only train.py has: there --margin-a is 0 unless it is written. */
const lossesOfTrain: readonly (string | undefined)[] = ['6', '7'];

function defaultOf(name: string, loss: string | undefined): string {
  return name === 'margin-a' && lossesOfTrain.includes(loss) ? '0' : (trainOptions[name] ?? '');
}

type Text = (name: string) => string;
type Numbers = (name: string) => number;

function verifyOf(sets: readonly string[]): Fields {
  const pairs = '${params.data}/${matrix.set}.bin';
  return { uses: 'verify', matrix: { set: sets }, with: { model: '${stages.train.outputs.model}', pairs } };
}

function pretrainedOf(written: string): string | undefined {
  const [, prefix, epoch] = /^(.+),(\d+)$/.exec(written) ?? [];
  if (written === '') return undefined;
  if (prefix === undefined || epoch === undefined) {
    return fail(
      failures.wrongOption({
        option: '--pretrained',
        expected: 'a prefix and an epoch, as in model,50',
        found: written,
      }),
    );
  }
  return `${prefix}-${epoch.padStart(4, '0')}.params`;
}

/** Of the file prefix, or where that is `model`, as everywhere in the original's README, of its folder. */
function nameOf(prefix: string): string {
  const [file, folder] = [basename(prefix), basename(dirname(prefix))];
  const name = file === 'model' ? folder : file;
  return /^\.*$/.test(name) ? 'imported' : name;
}

/** Which of its models the original saves last. Without a set it saves none by its rule, and a training here has its last one. */
function keptModel(checkpoints: string, sets: readonly string[]): Fields {
  return Number(checkpoints) === 1 && sets.length > 0 ? { keep: 'best', bestBy: 'original' } : {};
}

/** What the combined margin of train_softmax.py passes over in silence. */
function marginRemarks(text: Text, number: Numbers): string[] {
  if (Number(text('loss-type')) !== 5) return [];
  const { ignored } = combinedOf(number);
  return ignored.map((option) => `--${option} ${text(option)} has no effect: the original takes it above 0 only.`);
}

/** Margins below 0 are left out by the original, but for one of the cosine that stands alone. */
function combinedOf(number: Numbers): { readonly choice: Fields; readonly ignored: readonly string[] } {
  const [factor, angular, cosine] = [number('margin-a') || 1, number('margin-m'), number('margin-b')];
  const isAlone = factor === 1 && angular === 0;
  const takesCosine = isAlone || cosine >= 0;
  return {
    choice: {
      name: 'combined',
      angleFactor: factor,
      angularMargin: Math.max(0, angular),
      cosineMargin: takesCosine ? cosine : 0,
      scale: number('margin-s'),
    },
    ignored: [...(angular < 0 ? ['margin-m'] : []), ...(takesCosine ? [] : ['margin-b'])],
  };
}

/** Options of the network where they are not the original's defaults, and which of them it never sees. */
function networkOf(text: Text, number: Numbers): { readonly choice: Fields; readonly remarks: readonly string[] } {
  const changed = (name: string): boolean =>
    Number(text(name)) !== Number(trainOptions[name]) && text(name) !== trainOptions[name];
  const units = { 1: 'post-activation', 2: 'pre-activation', 3: undefined } as const;
  const unit = oneOf(units, '--version-unit', text('version-unit'));
  const inputs = { 0: true, 1: undefined, 2: undefined } as const;
  const name = text('network');
  const fields: readonly (readonly [field: string, option: string, value: Value | undefined])[] = [
    ['embeddingSize', 'emb-size', changed('emb-size') ? number('emb-size') : undefined],
    ['bnMomentum', 'bn-mom', changed('bn-mom') ? number('bn-mom') : undefined],
    ['squeezeExcitation', 'version-se', number('version-se') !== 0 ? true : undefined],
    ['earlyDownsampling', 'version-input', oneOf(inputs, '--version-input', text('version-input'))],
    ['head', 'version-output', changed('version-output') ? text('version-output') : undefined],
    ['unit', 'version-unit', text('version-input') === '2' ? 'resnext' : unit],
    ['activation', 'version-act', changed('version-act') ? text('version-act') : undefined],
  ];
  // An unknown network has none of them; what then is written is checked, and that says so.
  const known = isBackbone(name) ? Object.keys(backbones[name].options) : undefined;
  const taken = fields.filter(([field]) => known?.includes(field) ?? true);
  const unseen = fields.filter(([field, , value]) => value !== undefined && known?.includes(field) === false);
  return {
    choice: { name, ...Object.fromEntries(taken.map(([field, , value]) => [field, value])) },
    remarks: unseen.map(([, option]) => `--${option} ${text(option)} has no effect on ${name}.`),
  };
}

const isBackbone = (name: string): name is BackboneName => Object.hasOwn(backbones, name);

/** What a number of the original means. Fails with `wrong-option` for another. */
function oneOf<T>(meanings: Readonly<Record<string, T>>, option: string, found: string): T | undefined {
  if (found in meanings) return meanings[found];
  return fail(failures.wrongOption({ option, expected: `one of ${Object.keys(meanings).join(', ')}`, found }));
}

/** The loss of --loss-type, with the options that act on it. */
function lossOf(text: Text, number: Numbers): Fields {
  const margin = number('margin-m');
  const scale = number('margin-s');
  const imagesPerIdentity = number('images-per-identity') || undefined;
  const mining = {
    imagesPerIdentity: imagesPerIdentity ?? 5,
    poolSize: number('triplet-bag-size'),
    maxPositiveDistance: number('triplet-max-ap'),
  };
  const lambdas = {
    lambdaStart: number('beta'),
    lambdaLeast: number('beta-min'),
    lambdaFreezeSteps: number('beta-freeze'),
    lambdaGamma: number('gamma'),
    lambdaPower: number('power'),
  };
  const losses: Readonly<Record<string, Fields>> = {
    0: { name: 'softmax' },
    1: { name: 'sphereface', margin: number('margin'), ...lambdas },
    2: { name: 'cosface', margin, scale },
    3: { name: 'multiplied-angle', factor: margin, scale },
    4: { name: 'arcface', margin, scale, easyMargin: number('easy-margin') !== 0 ? true : undefined },
    5: combinedOf(number).choice,
    6: { name: 'graded-margin', margin, leastShare: number('margin-a'), scale },
    7: { name: 'drawn-margin', least: number('margin-a'), greatest: margin, scale },
    8: { name: 'centre', weight: number('center-scale'), rate: number('center-alpha') },
    9: { name: 'coco', imagesPerIdentity },
    10: { name: 'marginal', imagesPerIdentity },
    11: { name: 'n-pair' },
    12: { name: 'triplet', margin: number('triplet-alpha'), ...mining },
    13: { name: 'triplet-angular', margin, negativeMargin: number('triplet-alpha'), ...mining },
  };
  return losses[text('loss-type')] ?? fail(failures.unknownLossType({ value: text('loss-type') }));
}

/** Where the rate falls, and the end, which the original leaves to its user. */
function scheduleOf(call: { readonly text: Text; readonly number: Numbers; readonly totalBatch: number }): {
  readonly schedule: { readonly steps: readonly number[]; readonly maxSteps: number };
  readonly remarks: readonly string[];
} {
  const { text, number, totalBatch } = call;
  const type = number('loss-type');
  const usual = type >= 1 && type <= 7 ? [100_000, 140_000, 160_000] : [40_000, 60_000, 80_000];
  const frozen = type === 1 ? number('beta-freeze') : 0;
  const steps = (
    text('lr-steps') === ''
      ? usual.map((step) => Math.trunc((step * 512) / totalBatch))
      : text('lr-steps').split(',').map(Number)
  ).map((step) => step + frozen);
  if (steps.some((step) => !Number.isInteger(step) || step < 1)) {
    fail(
      failures.wrongOption({
        option: '--lr-steps',
        expected: 'numbers of batches from 1, with commas between',
        found: text('lr-steps'),
      }),
    );
  }
  const maxSteps = number('max-steps');
  if (maxSteps > 0) {
    const within = steps.filter((step) => step < maxSteps);
    const beyond = steps.filter((step) => step >= maxSteps);
    const remark = `The rate does not fall at ${beyond.join(', ')}: the training ends before.`;
    return { schedule: { steps: within, maxSteps }, remarks: beyond.length === 0 ? [] : [remark] };
  }
  const end = Math.max(...steps) + Math.trunc((20_000 * 512) / totalBatch);
  const remark = `The original runs until it is stopped: maxSteps ends it 20,000 steps of 512 images after the rate has fallen last.`;
  return { schedule: { steps, maxSteps: end }, remarks: [remark] };
}
