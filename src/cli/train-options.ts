import { fail } from '../core/failure.ts';
import { failures } from './failures.ts';
import { readShellScript } from './shell-words.ts';

/** Options of train_softmax.py, and of train.py what it has besides, with their defaults. */
export const trainOptions: Readonly<Record<string, string>> = {
  'data-dir': '',
  prefix: '../model/model',
  pretrained: '',
  ckpt: '1',
  'loss-type': '4',
  verbose: '2000',
  'max-steps': '0',
  'end-epoch': '100000',
  network: 'r50',
  'version-se': '0',
  'version-input': '1',
  'version-output': 'E',
  'version-unit': '3',
  'version-act': 'prelu',
  'use-deformable': '0',
  lr: '0.1',
  wd: '0.0005',
  mom: '0.9',
  'lr-steps': '',
  'fc7-wd-mult': '1',
  'bn-mom': '0.9',
  'emb-size': '512',
  'per-batch-size': '128',
  'margin-m': '0.5',
  'margin-s': '64',
  'margin-a': '1',
  'margin-b': '0',
  'easy-margin': '0',
  margin: '4',
  beta: '1000',
  'beta-min': '5',
  'beta-freeze': '0',
  gamma: '0.12',
  power: '1',
  scale: '0.9993',
  'rand-mirror': '1',
  cutoff: '0',
  target: 'lfw,cfp_fp,agedb_30',
  'center-alpha': '0.5',
  'center-scale': '0.003',
  'images-per-identity': '0',
  'triplet-bag-size': '3600',
  'triplet-alpha': '0.3',
  'triplet-max-ap': '0',
  'noise-sgd': '0',
  incay: '0',
  'train-limit': '0',
  'c2c-threshold': '0',
  'c2c-mode': '-10',
  'output-c2c': '0',
  patch: '0_0_96_112_0',
  'margin-verbose': '0',
  'logits-verbose': '0',
};

/** Parsed by the original and without effect on what it computes, with why. */
export const withoutEffect: Readonly<Record<string, string>> = {
  'fc7-wd-mult': 'the optimiser of the original never sees multipliers',
  'use-deformable': 'the original never reads it',
  scale: 'the original anneals SphereFace by another way',
  'margin-verbose': 'it prints more',
  'logits-verbose': 'it prints more',
  'output-c2c': 'it prints more',
};

/** They did something, and nothing here does it; their defaults do nothing. */
const withoutCounterpart: readonly string[] = [
  'noise-sgd',
  'incay',
  'train-limit',
  'patch',
  'c2c-threshold',
  'c2c-mode',
];

/** Of a call of the original: the devices (undefined where they are not stated), and the options that were written. */
export interface TrainCall {
  readonly devices: number | undefined;
  readonly written: ReadonlyMap<string, string>;
}

/**
 * The first call of one of the programs in a command line, or in the text of a script. Fails with `unreadable-command`, `not-a-training`,
 * `unknown-train-option`, `wrong-option`, `train-option-missing`.
 */
export function readTrainCall(text: string): TrainCall {
  const { commands, variables } = readShellScript(text);
  const isProgram = (word: string): boolean => /(^|\/)train(_softmax)?\.py$/.test(word);
  const words = commands.find((each) => each.some(isProgram)) ?? fail(failures.notATraining({ line: text }));
  const program = words.findIndex(isProgram);
  const devices = words.slice(0, program).find((word) => word.startsWith('CUDA_VISIBLE_DEVICES='));
  const written = new Map<string, string>();
  const rest = words.slice(program + 1).flatMap((word) => (/^--[^=]+=/.test(word) ? splitOnce(word) : [word]));
  for (let at = 0; at < rest.length; at += 2) {
    const [option = '', value] = rest.slice(at, at + 2);
    const name = nameOf(option);
    const fallback = trainOptions[name] ?? '';
    const isNumber = fallback !== '' && Number.isFinite(Number(fallback));
    if (value === undefined || value.startsWith('--') || (isNumber && !Number.isFinite(Number(value || NaN)))) {
      fail(failures.wrongOption({ option, expected: isNumber ? 'a number' : 'followed by a value', found: value }));
    }
    if (withoutCounterpart.includes(name) && value !== fallback && Number(value) !== Number(fallback)) {
      fail(failures.trainOptionMissing({ option, value }));
    }
    written.set(name, value);
  }
  const ids = devices?.split('=')[1] ?? variables.get('CUDA_VISIBLE_DEVICES');
  return { devices: ids?.split(',').length, written };
}

/** An option may be shortened, as Python's argparse allows it, where no other begins in the same way. */
function nameOf(option: string): string {
  const name = option.replace(/^--/, '');
  const known = Object.keys(trainOptions);
  const meant = known.includes(name) ? [name] : known.filter((each) => name !== '' && each.startsWith(name));
  const [first] = meant;
  if (option.startsWith('--') && first !== undefined && meant.length === 1) return first;
  return fail(failures.unknownTrainOption({ option, known: known.map((each) => `--${each}`) }));
}

function splitOnce(word: string): string[] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}
