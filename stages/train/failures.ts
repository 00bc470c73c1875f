import { catalogue } from '../../src/core/failure.ts';

/** Failures of the stage itself; those of data sets, verification and training are in src/kit. */
export const failures = catalogue({
  nothingToWatch: {
    meaning: 'The best step is asked for, or an early end, and there is no verification to tell it.',
    text: ({ parameter }: { parameter: string }) => ({
      message: `"${parameter}" goes by the accuracy on a validation set, and none is bound`,
      hint: 'Bind pairs to "validation", such as the output pairs of face2rec.',
    }),
    example: { parameter: 'keep: best' },
  },
  nothingToFreeze: {
    meaning: 'A layer that is to stay as it is, by name or by a pattern, is not in the network.',
    text: ({ parameter, pattern, layers }: { parameter: string; pattern: string; layers: readonly string[] }) => ({
      message: `"${parameter}" is "${pattern}", and no layer of the network is called so`,
      hint: 'flow inspect shows the layers of a model; in "freeze", * matches any characters.',
      suggest: { name: pattern, known: layers },
    }),
    example: { parameter: 'freeze[0]', pattern: 'stag1_*', layers: ['stage1_unit1_bn1', 'stage1_unit1_conv1'] },
  },
  stepBeyondEnd: {
    meaning: 'The learning rate is to fall, or to be reached, after the last step of the training.',
    text: ({ step, maxSteps, scaled = '' }: { step: number; maxSteps: number; scaled?: string | undefined }) => ({
      message: `"schedule.steps" names step ${step}, and the training ends with step ${maxSteps}${scaled}: the learning rate would not fall there`,
      hint: 'Raise schedule.maxSteps, or leave the step out.',
    }),
    example: { step: 160000, maxSteps: 140000 },
  },
  warmupBeyondEnd: {
    code: 'step-beyond-end',
    meaning: 'The learning rate is to fall, or to be reached, after the last step of the training.',
    text: (facts: { warmupSteps: number; maxSteps: number; scaled?: string | undefined }) => ({
      message: `"schedule.warmupSteps" is ${facts.warmupSteps}, and the training ends with step ${facts.maxSteps}${facts.scaled ?? ''}: the learning rate would never be reached`,
      hint: 'Raise schedule.maxSteps, or warm up for fewer steps.',
    }),
    example: { warmupSteps: 5000, maxSteps: 2000 },
  },
  lessThanOneStep: {
    meaning: 'A number of steps that is written for smaller batches is less than one step of the training.',
    text: (facts: { parameter: string; steps: number; scaleFrom: number; images: number }) => ({
      message: `"${facts.parameter}" has ${facts.steps}, counted in steps of ${facts.scaleFrom} images (scaleFrom): less than one step of ${facts.images}, which this training takes`,
      hint: 'Raise it, or write the schedule in steps of the training, without schedule.scaleFrom.',
    }),
    example: { parameter: 'schedule.maxSteps', steps: 3, scaleFrom: 32, images: 512 },
  },
  batchNotShared: {
    meaning: 'A batch cannot be shared equally among the ranks of a training.',
    text: ({ batch, ranks }: { batch: number; ranks: number }) => ({
      message: `a batch of ${batch} images cannot be shared equally among ${ranks} ranks`,
      hint: '"batch" counts the images of all ranks together: make it a multiple of resources.ranks, or of resources.gpus where there are no ranks.',
    }),
    example: { batch: 128, ranks: 3 },
  },
  normalizedParts: {
    code: 'ranks-mismatch',
    meaning: 'Batch normalisation is to go over parts of a batch, and the ranks have other parts.',
    text: ({ batch, normalizeOver, ranks }: { batch: number; normalizeOver: number; ranks: number }) => ({
      message: `"normalizeOver" is ${normalizeOver}, and ${ranks === 1 ? 'one rank has' : `each of ${ranks} ranks has`} ${batch / ranks} of the ${batch} images of a batch`,
      hint: `Set resources.ranks to ${batch / normalizeOver}, or leave normalizeOver out: statistics are those of the whole batch then, with any number of ranks.`,
    }),
    example: { batch: 512, normalizeOver: 128, ranks: 1 },
  },
  normalizedRest: {
    code: 'ranks-mismatch',
    meaning: 'Batch normalisation is to go over parts of a batch that do not make a whole one.',
    text: ({ batch, normalizeOver }: { batch: number; normalizeOver: number }) => ({
      message: `"normalizeOver" is ${normalizeOver}, and a batch of ${batch} images is not made of such parts`,
      hint: 'Make "batch" a multiple of it, or leave it out.',
    }),
    example: { batch: 500, normalizeOver: 128 },
  },
  ranksNeedReading: {
    code: 'ranks-mismatch',
    meaning: 'The engine cannot take part in a training with several ranks.',
    text: ({ engine }: { engine: string }) => ({
      message: `the engine "${engine}" cannot share a training among several ranks: its values cannot be read in the midst of a step`,
      hint: 'FLOW_ENGINE may be tensorflow, cuda, wasm or cpu for it; or leave resources.ranks out.',
    }),
    example: { engine: 'webgpu' },
  },
  mpiMissing: {
    meaning: 'A training with several ranks needs MPI, which was not found.',
    text: ({ reason, remedy }: { reason: string; remedy: string }) => ({
      message: `several ranks train together over MPI, which is not there: ${reason}`,
      hint: `To do: ${remedy}. npm run setup:mpi fetches MPICH; FLOW_MPI_LIBRARY and FLOW_MPIEXEC name another MPI 5, or OpenMPI 4.`,
    }),
    example: {
      reason: 'pip could not download mpich 5.0.2: no network',
      remedy: 'with a network: npm run setup:mpi',
    },
  },
  rankDied: {
    meaning: 'One of the ranks of a training ended before the training did; the others were ended.',
    text: ({ ranks, end }: { ranks: number; end: string }) => ({
      message: `one of the ${ranks} ranks ended before the training did, and the others were ended: ${end}`,
      hint: 'The log of the task has what it printed (flow logs); a signal SIGKILL may mean that memory was short. Run again: it resumes from the last checkpoint.',
    }),
    example: { ranks: 2, end: 'mpiexec ended with code 9, as of SIGKILL' },
  },
  ranksApart: {
    meaning:
      'The ranks of a training have not found each other: the library of MPI and the program that starts ranks are not of one MPI.',
    text: ({ started, found }: { started: number; found: number }) => ({
      message: `${started} ranks were started, and over MPI a rank has found ${found}, itself included`,
      hint: 'Name the library and the launcher of one MPI in FLOW_MPI_LIBRARY and FLOW_MPIEXEC, or unset both: MPICH is fetched then.',
    }),
    example: { started: 2, found: 1 },
  },
  noRoomToSave: {
    meaning: 'The disk, or the quota of the user, was full when a training wrote a checkpoint or its model.',
    text: ({ error, checkpoint }: { error: string; checkpoint: number }) => ({
      message: `there is no room left on the disk to save the training: ${error}`,
      hint: `Make room (flow cache gc, flow rm) and run again: ${checkpoint > 0 ? `it resumes from the checkpoint of step ${checkpoint}, which is whole` : 'there is no checkpoint yet'}.`,
    }),
    example: { error: 'ENOSPC: no space left on device, write', checkpoint: 1500 },
  },
  pretrainedShape: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: (facts: { name: string; shape: readonly number[]; expected: readonly number[] }) => ({
      message: `parameter "${facts.name}" has shape [${facts.shape.join(', ')}] in the pretrained model, expected [${facts.expected.join(', ')}], its shape in the network`,
      hint: 'Start from a model of the same network and embedding size.',
    }),
    example: { name: 'fc1_weight', shape: [512, 512], expected: [128, 512] },
  },
  pretrainedLacks: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: ({ lacks, count, has }: { lacks: string; count: number; has: number }) => ({
      message: `the pretrained model lacks ${lacks}: ${count} of the ${has + count} parameters of the network`,
      hint: 'Start from a model of the same network, or draw what it lacks with drawMissing: true.',
    }),
    example: { lacks: 'stage3_unit7_bn1_gamma, stage3_unit7_bn1_beta, ...', count: 120, has: 156 },
  },
  pretrainedClassifier: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: ({ model }: { model: string }) => ({
      message: `${model} has no classifier (no fc7_weight) for startClassifier: true`,
      hint: 'Train it with keepClassifier: true, take a training checkpoint of MXNet, or leave startClassifier out: a classifier is drawn then.',
    }),
    example: { model: 'y1-0000.params' },
  },
  classifierShape: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: (facts: { name: string; shape: readonly number[]; expected: readonly number[] }) => ({
      message: `the classifier's ${facts.name} has shape [${facts.shape.join(', ')}], expected [${facts.expected.join(', ')}], for the identities of this training set and the centres that the loss has of each`,
      hint: 'A classifier goes on with the set that it was trained on, and with as many centres of an identity. For another one leave startClassifier out: a classifier is drawn then.',
    }),
    example: { name: 'fc7_weight', shape: [85742, 128], expected: [10572, 128] },
  },
  nothingToStartWith: {
    code: 'no-classifier',
    meaning: 'A training cannot keep a classifier, or start with one, as it is told to.',
    text: () => ({
      message: 'startClassifier: true takes the classifier of the pretrained model, and there is no pretrained model',
      hint: 'Name a model as pretrained, or leave startClassifier out.',
    }),
    example: {},
  },
  noClassifier: {
    meaning: 'A training cannot keep a classifier, or start with one, as it is told to.',
    text: ({ parameter, loss }: { parameter: string; loss: string }) => ({
      message: `${parameter} is of no use with the loss ${loss}, which has no classifier`,
      hint: `Leave ${parameter} out.`,
    }),
    example: { parameter: 'keepClassifier: true', loss: 'triplet' },
  },
  classifierOfLast: {
    code: 'no-classifier',
    meaning: 'A training cannot keep a classifier, or start with one, as it is told to.',
    text: () => ({
      message: 'keepClassifier: true keeps the classifier of the last step, and keep: best the network of another one',
      hint: 'Leave one of the two out.',
    }),
    example: {},
  },
  sizeDoesNotFit: {
    meaning: 'A network cannot take images of the size that a set has.',
    text: ({ network, width, height, problem }: Misfit) => ({
      message: `${network} does not take images of ${width} x ${height} pixels, which this set has: ${problem}`,
      hint: 'The networks are made for 112 x 112: face2rec cuts and aligns images to that with pictures: photographs, or by the points of a list.', // words: quoted
    }),
    example: { network: 'y1', width: 92, height: 112, problem: 'a 7 x 7 window does not fit 7 x 6' },
  },
  pretrainedNames: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: ({ wanted, found }: { wanted: string; found: string }) => ({
      message: `the pretrained model has no parameter of the network: not "${wanted}", for one; it has "${found}" and the like`,
      hint: 'Start from a model of the same network.',
    }),
    example: { wanted: 'conv_1_conv2d_weight', found: 'conv0_weight' },
  },
});

interface Misfit {
  readonly network: string;
  readonly width: number;
  readonly height: number;
  /** What the first layer that cannot compute says. */
  readonly problem: string;
}
