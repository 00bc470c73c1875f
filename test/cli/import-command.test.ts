import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Rig } from '../e2e/rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

interface Training {
  readonly params?: { readonly devices: number };
  readonly stages: Readonly<Record<string, { readonly with: Readonly<Record<string, unknown>> }>>;
}

/** What decides about the training, without where its data are. */
function trainingOf(text: string, stage: string): Record<string, unknown> & { schedule: { steps: number[] } } {
  const { params, stages } = parse(text) as Training;
  const { network, loss, optimizer, schedule, batch } = stages[stage]?.with ?? {};
  const rates = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005, ...(optimizer as object | undefined) };
  return {
    network,
    loss,
    optimizer: rates,
    schedule: schedule as { steps: number[] },
    batch,
    devices: params?.devices,
  };
}

const four = 'CUDA_VISIBLE_DEVICES="0,1,2,3" python -u train_softmax.py --data-dir ../datasets/faces_ms1m_112x112';

test.each([
  ['arcface-r100', 'train', `${four} --network r100 --loss-type 4 --margin-m 0.5 --prefix ../model-r100/model`],
  ['cosface-r50', 'train', `${four} --network r50 --loss-type 2 --margin-m 0.35 --prefix ../model-r50-amsoftmax/model`],
  ['softmax-m1', 'train', `${four} --network m1 --loss-type 0 --prefix ../model-m1-softmax/model`],
  [
    'softmax-p107',
    'train',
    "CUDA_VISIBLE_DEVICES='0,1,2,3,4,5,6,7' python -u train_softmax.py --network p107 --loss-type 0 --per-batch-size 64 --prefix ../model-p107-softmax/model --data-dir ../datasets/faces_vgg_112x112",
  ],
  [
    'triplet-m1',
    'triplet',
    `${four.replace('train_softmax', 'train')} --network m1 --loss-type 12 --lr 0.005 --mom 0.0 --per-batch-size 150 --pretrained ../model-m1-softmax/model,50 --prefix ../model-m1-triplet/model`,
  ],
  [
    'mobilefacenet-y1',
    'arcface',
    `${four} --network y1 --loss-type 4 --emb-size 128 --wd 0.00004 --fc7-wd-mult 10 --lr-steps 100000,140000,160000 --max-steps 186000`,
  ],
])('the command of %s becomes the training of the recipe', async (recipe, stage, line) => {
  const { code, stderr } = await rig.flow(['import-command', line, 'imported.yaml']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const original = readFileSync(join(import.meta.dirname, `../../pipelines/${recipe}.yaml`), 'utf8');
  const { schedule, ...expected } = trainingOf(original, stage);
  const imported = trainingOf(rig.read('imported.yaml'), 'train');
  expect(imported).toMatchObject(recipe === 'triplet-m1' ? { ...expected, devices: 4 } : expected);
  // Where the original has no end, recipes have ends of their own.
  expect(imported.schedule.steps).toEqual(schedule.steps);
});

test('what it writes has no mistake but that the data are not there, and says what of the command has no effect', async () => {
  const written = await rig.flow([
    'import-command',
    `${four} --network r100 --fc7-wd-mult 10 --prefix ../model-r100/model`,
  ]);
  expect(written.stdout).toContain('wrote model-r100.yaml');
  expect(rig.read('model-r100.yaml')).toContain('# --fc7-wd-mult 10 has no effect: ');
  const { code, stdout } = await rig.flow(['check', 'model-r100.yaml', '--json']);
  expect(code).toBe(0);
  const { failures, warnings } = JSON.parse(stdout) as { failures: object[]; warnings: { code: string }[] };
  expect(failures).toEqual([]);
  expect([...new Set(warnings.map((warning) => warning.code))].sort()).toEqual(['input-not-found']);
});

test.each([
  ['../model-r100', 'model-r100.yaml'],
  ['../model-y1/model', 'model-y1.yaml'],
  ['model', 'imported.yaml'],
])('the experiment has the name of --prefix %s', async (prefix, file) => {
  const { stdout } = await rig.flow(['import-command', `${four} --network r100 --prefix ${prefix}`]);
  expect(stdout).toContain(`wrote ${file}`);
});

// What of these the original never looks at is left out, and said; what is left has no mistake.
test.each<[string, object, string]>([
  ['--network y1 --version-output F', { network: { name: 'y1' } }, '--version-output F has no effect on y1.'],
  ['--network m1 --version-unit 2 --version-se 1', { network: { name: 'm1' } }, '--version-se 1 has no effect on m1.'],
  [
    '--loss-type 5 --margin-m -0.3 --margin-b -0.2',
    { loss: { name: 'combined', angularMargin: 0, cosineMargin: 0 } },
    '--margin-m -0.3 has no effect: the original takes it above 0 only.',
  ],
  ['--loss-type 5 --margin-m 0 --margin-b -0.1', { loss: { angularMargin: 0, cosineMargin: -0.1 } }, ''],
  ['--cutoff 1', {}, '--cutoff 1 has no effect: half of it, rounded down, is nothing.'],
  ['--ckpt 2', {}, '--ckpt 2 is left out: '],
  ['--ckpt 1', { keep: 'best', bestBy: 'original' }, ''],
])('%s is what the original made of it', async (options, expected, remark) => {
  await rig.flow(['import-command', `${four} ${options}`, 'imported.yaml']);
  const text = rig.read('imported.yaml');
  const { stages } = parse(text) as Training;
  expect(stages['train']?.with).toMatchObject(expected);
  expect(stages['train']?.with['augment']).toBeUndefined();
  expect(text).toContain(remark === '' ? '' : `# ${remark}`);
  expect(await rig.flow(['check', 'imported.yaml'])).toMatchObject({ code: 0, stderr: '' });
});

test('nothing is written of a training that the original does not do either', async () => {
  const { code, stderr } = await rig.flow([
    'import-command',
    `${four.replace('_softmax', '')} --loss-type 3`,
    'e.yaml',
  ]);
  expect(stderr).toMatchInlineSnapshot(`
    "not-a-training-here: the training of the command has a mistake, and nothing was written: "loss.factor" of stage "train" must be greater than 1, found 0.5
      Change the option of the command that says so; docs/training.md has a table of the options and our parameters.
    "
  `);
  expect(code).toBe(2);
  expect(existsSync(rig.path('e.yaml'))).toBe(false);
});

test('--cutoff is the augmentation cutOut', async () => {
  await rig.flow(['import-command', `${four} --cutoff 24`, 'cut.yaml']);
  expect(rig.read('cut.yaml')).toMatch(/augment:\s+cutOut:\s+size: 24\n/);
  const { code, stderr } = await rig.flow(['check', 'cut.yaml']);
  expect({ code, mistakes: stderr }).toMatchObject({ code: 0 });
});

test('a script is read as a shell reads it, to the first call of the program', async () => {
  const script = `# On two devices.
export CUDA_VISIBLE_DEVICES=0,1
NETWORK=r100
JOB="arc face" ; PREFIX="../model-$NETWORK-\${JOB}/model"
nohup python -u train_softmax.py --network "$NETWORK" --per-batch 64 --loss-type=4 \\
  --prefix "$PREFIX" --lr-steps "100000, 140000" --emb-size 256 > 'log file' 2>&1 &
tail -f log`;
  const { code, stderr } = await rig.flow(['import-command', script, 'a.yaml']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(trainingOf(rig.read('a.yaml'), 'train')).toMatchObject({
    network: { name: 'r100', embeddingSize: 256 },
    loss: { name: 'arcface', margin: 0.5 },
    batch: 64,
    devices: 2,
    schedule: { steps: [100_000, 140_000] },
  });
  expect(rig.read('a.yaml')).toContain('name: model-r100-arc face\n');
});

test('--margin-a is 0 for the losses that only train.py has', async () => {
  await rig.flow(['import-command', `${four.replace('_softmax', '')} --loss-type 7`, 'a.yaml']);
  expect(trainingOf(rig.read('a.yaml'), 'train')['loss']).toMatchObject({ least: 0, greatest: 0.5 });
});

test('what depends on the data set is said in the first lines', async () => {
  await rig.flow(['import-command', `${four} --loss-type 1 --end-epoch 20`, 'a.yaml']);
  const text = rig.read('a.yaml');
  expect(text).toContain('# Above 20,000 identities the original takes --beta-freeze 5000 and --gamma 0.06');
  expect(text).toContain(
    '# --end-epoch 20 is left out: maxSteps counts steps, an epoch has as many as there are images / 512,',
  );
});

test.each(Array.from({ length: 14 }, (_, type) => type))(
  '--loss-type %i is a loss with options it has',
  async (type) => {
    const margin = type === 3 ? ' --margin-m 1.5' : '';
    const batch = type > 10 ? ' --per-batch-size 150' : '';
    await rig.flow([
      'import-command',
      `${four.replace('_softmax', '')} --loss-type ${type}${margin}${batch}`,
      'a.yaml',
    ]);
    const { code, stderr } = await rig.flow(['check', 'a.yaml']);
    expect({ code, mistakes: stderr }).toMatchObject({ code: 0 });
  },
);

test.each([
  [
    'python eval.py',
    'not-a-training: expected a command with train_softmax.py or train.py, found "python eval.py"\n  Write the whole command in one pair of quotes.\n',
  ],
  [
    'python train.py --netwrok r50',
    'unknown-train-option: train_softmax.py and train.py have no option "--netwrok" (did you mean "--network"?)\n  Their options are listed in docs/training.md.\n',
  ],
  [
    'python train.py --data-dir $DATA_DIR',
    'unreadable-command: the command cannot be read: it names $DATA_DIR and does not set it\n  Write the whole command in one pair of single quotes, with double quotes within, and assign its variables before it.\n',
  ],
  [
    'python train.py --prefix "../model',
    'unreadable-command: the command cannot be read: a quotation that begins with "../model does not end\n  Write the whole command in one pair of single quotes, with double quotes within, and assign its variables before it.\n',
  ],
  [
    'python train.py --b 3',
    'unknown-train-option: train_softmax.py and train.py have no option "--b"\n  Their options are listed in docs/training.md.\n',
  ],
  [
    'python train.py --c2c-threshold 0.4',
    'train-option-missing: --c2c-threshold 0.4 has no counterpart in the stage train\n  Leave it out, and the experiment is written without it.\n',
  ],
  [
    'python train.py --incay 0.5',
    'train-option-missing: --incay 0.5 has no counterpart in the stage train\n  Leave it out, and the experiment is written without it.\n',
  ],
  [
    'python train.py --loss-type 14',
    'unknown-loss-type: there is no loss of --loss-type 14\n  The numbers are listed in docs/losses.md.\n',
  ],
  ['python train.py --lr fast', 'wrong-option: expected --lr to be a number, found "fast"\n'],
  ['python train.py --lr', 'wrong-option: expected --lr to be a number, found none\n'],
  [
    'python train.py --pretrained model',
    'wrong-option: expected --pretrained to be a prefix and an epoch, as in model,50, found "model"\n',
  ],
  ['python train.py --version-unit 4', 'wrong-option: expected --version-unit to be one of 1, 2, 3, found "4"\n'],
  [
    'python train.py --lr-steps soon',
    'wrong-option: expected --lr-steps to be numbers of batches from 1, with commas between, found "soon"\n',
  ],
])('%s is one clear error', async (line, message) => {
  const { code, stderr } = await rig.flow(['import-command', line, 'a.yaml']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: message });
});
