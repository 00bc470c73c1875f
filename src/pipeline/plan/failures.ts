import { catalogue } from '../../core/failure.ts';

/** Every way in which choosing tasks and accepting results can fail. */
export const failures = catalogue({
  unknownTask: {
    meaning: 'A command names a task or stage that the experiment does not have.',
    text: ({ experiment, name, ids, stages }: UnknownTask) => ({
      message: `experiment "${experiment}" has no task "${name}"`,
      suggest: { name, known: new Set([...stages, ...ids]) },
      hint: `Its tasks: ${ids.join(', ')}.`,
    }),
    example: {
      experiment: 'lfw',
      name: 'verfy',
      ids: ['train', 'verify[set=lfw]', 'verify[set=cfp]'],
      stages: ['train', 'verify', 'verify'],
    },
  },
  emptyRange: {
    meaning: 'The second task of a range `a..b` does not depend on the first.',
    text: ({ range }: { range: string }) => ({
      message: `there is no path in "${range}": the second does not depend on the first`,
      hint: `Try it the other way round, or name both: flow run FILE ${range.replace('..', ' ')}.`,
    }),
    example: { range: 'verify..train' },
  },
  resultNotThere: {
    meaning: 'A task that is not selected has no result in the cache, but selected ones need it.',
    text: ({ task }: { task: string }) => ({
      message: `${task} is not selected, and its result is not in the cache`,
      hint: 'Select it too, or take all that is needed: --until NAME.',
    }),
    example: { task: 'train' },
  },
  nothingToAccept: {
    meaning: 'A task has no change that could be accepted, or no earlier result that could be kept.',
    text: ({ task }: { task: string }) => ({
      message: `the result of ${task} is good as it is: nothing has changed`,
    }),
    example: { task: 'train' },
  },
  acceptedTooEarly: {
    code: 'nothing-to-accept',
    meaning: 'A task depends on one that has to run first, so that its change is not known yet.',
    text: ({ task, reasons }: { task: string; reasons: readonly string[] }) => ({
      message: `it is not known yet what ${task} takes in: it ${reasons.join('; ')}`,
      hint: 'Accept or run what it waits for first.',
    }),
    example: { task: 'verify', reasons: ['waits for train'] },
  },
  neverRun: {
    code: 'nothing-to-accept',
    meaning: 'A task has never run.',
    text: ({ task }: { task: string }) => ({
      message: `${task} has never run: there is no result that could be kept`,
    }),
    example: { task: 'train' },
  },
  otherStage: {
    code: 'nothing-to-accept',
    meaning: 'A task is of another kind of stage than when it last ran.',
    text: ({ before, now }: { before: string; now: string }) => ({
      message: `the result of stage ${before} cannot be that of stage ${now}`,
    }),
    example: { before: 'shell', now: 'verify' },
  },
  resultLost: {
    code: 'nothing-to-accept',
    meaning: 'Nothing has changed, but the result of a task is no longer in the cache.',
    text: ({ task }: { task: string }) => ({ message: `the result of ${task} is lost, not changed` }),
    example: { task: 'train' },
  },
  earlierResultLost: {
    code: 'nothing-to-accept',
    meaning: 'The last result of a task is no longer in the cache.',
    text: ({ task }: { task: string }) => ({
      message: `${task} has no earlier result in the cache that could be kept`,
    }),
    example: { task: 'train' },
  },
  otherOutputs: {
    meaning: 'The last result of a task has other outputs than the task has now.',
    text: ({ task, outputs, stored }: { task: string; outputs: readonly string[]; stored: readonly string[] }) => ({
      message: `the outputs of ${task} are ${outputs.join(', ')} now, its last result has ${stored.join(', ')}`,
    }),
    example: { task: 'train', outputs: ['model (model)', 'log (log)'], stored: ['model (model)'] },
  },
});

interface UnknownTask {
  readonly experiment: string;
  readonly name: string;
  readonly ids: readonly string[];
  readonly stages: readonly string[];
}
