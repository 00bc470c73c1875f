import { catalogue } from '../../core/failure.ts';

const runsHint = 'flow runs lists them; the name of an experiment means its last run.';

/** How a search for a run, or reading what was recorded of it, can fail. */
export const failures = catalogue({
  databaseDamaged: {
    meaning: 'The database of the runs is not whole.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected the database of the runs, found a damaged file (${found})`,
      hint: 'flow db rebuild makes a new one from the folders of the runs, and keeps the damaged one next to it.',
    }),
    example: { found: 'file is not a database' },
  },
  databaseTooNew: {
    meaning: 'A later version of faceflow has written the database of the runs.',
    text: ({ known, found }: { readonly known: number; readonly found: number }) => ({
      message: `expected a database of version ${known} or less, found version ${found}`,
      hint: 'A later version of faceflow has written it. Update, or move the file away and run flow db rebuild.',
    }),
    example: { known: 3, found: 4 },
  },
  ambiguousRun: {
    meaning: 'The ids of several runs begin as given.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the ids of several runs begin with "${name}"`,
      hint: runsHint,
    }),
    example: { name: '2026' },
  },
  unknownRun: {
    meaning: 'No run has this id, no id begins so, and no experiment of this name was run.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no run "${name}"`,
      hint: runsHint,
      suggest: { name, known },
    }),
    example: { name: 'quikstart', known: ['quickstart'] },
  },
  noRunHere: {
    meaning: 'A folder is not that of a run.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${found}`,
    }),
    example: { expected: 'the folder of a run', found: 'no run.json' },
  },
  badRunId: {
    meaning: 'What a file names as the id of a run is not one, or not that of its folder.',
    text: ({ expected, found }: { readonly expected: string; readonly found: string }) => ({
      message: `expected ${expected}, found ${JSON.stringify(found.slice(0, 80))}`,
      hint: 'The folder was not written by faceflow, or was changed: nothing of it was taken.',
    }),
    example: { expected: 'the id of a run (20260105-101500-quickstart)', found: '../../payload' },
  },
  noLock: {
    meaning: '`--locked` was given, and flow.lock has nothing of the experiment.',
    text: ({ experiment }: { readonly experiment: string }) => ({
      message: `expected a lock for experiment "${experiment}", found none`,
      hint: 'flow lock FILE writes it.',
    }),
    example: { experiment: 'quickstart' },
  },
  badLock: {
    meaning: 'flow.lock is not a lock file.',
    text: () => ({ message: 'expected a lock file of faceflow, found something else' }),
    example: {},
  },
  notInLock: {
    meaning: '`--locked` was given, and an input from outside is not in flow.lock.',
    code: 'not-as-locked',
    text: ({ input }: { readonly input: string }) => ({
      message: `${input} is not in the lock`,
      hint: 'flow lock FILE records the present contents.',
    }),
    example: { input: 'data/faces' },
  },
  notAsLocked: {
    meaning: '`--locked` was given, and an input from outside is not what flow.lock records.',
    text: ({ input, locked, found }: { readonly input: string; readonly locked: string; readonly found: string }) => ({
      message: `${input} is not what the lock says: expected content ${locked.slice(0, 12)}, found ${found.slice(0, 12)}`,
      hint: 'flow lock FILE records the present contents.',
    }),
    example: { input: 'data/faces', locked: '9f86d081884c', found: '60303ae22b99' },
  },
  notAsRecorded: {
    meaning: 'An input from outside is not what the run that is to run again has read.',
    text: ({ input, before, now }: { readonly input: string; readonly before: string; readonly now: string }) => ({
      message: `${input} is not what the run read: recorded content ${before.slice(0, 12)}, found ${now.slice(0, 12)}`,
      hint: 'Put the recorded content back, or take what is there now: --with-current-inputs.',
    }),
    example: { input: 'data/faces', before: '9f86d081884c', now: '60303ae22b99' },
  },
});
