import { expect, test } from 'vitest';
import { catalogue } from '../../src/core/failure.ts';

const failures = catalogue({
  unknownTask: {
    meaning: 'No task has this name.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no task "${name}"`,
      hint: 'List them with flow plan.',
      suggest: { name, known },
    }),
    example: { name: 'trian', known: ['train'] },
  },
  lateTask: { meaning: 'It came late.', code: 'unknown-task', text: () => ({ message: 'late' }), example: {} },
});

test('a kind of failure makes a code, a text, a suggestion and keeps the place', () => {
  expect(failures.unknownTask({ name: 'trian', known: ['train', 'verify'] }, { file: 'e.yaml' })).toEqual({
    code: 'unknown-task',
    message: 'there is no task "trian" (did you mean "train"?)',
    at: { file: 'e.yaml' },
    hint: 'List them with flow plan.',
  });
});

test('kinds may share a code; what is not given is left out', () => {
  expect(failures.lateTask({})).toEqual({ code: 'unknown-task', message: 'late' });
});
