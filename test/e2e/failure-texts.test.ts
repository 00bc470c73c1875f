import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { openSqlite } from '../../src/core/sqlite.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleaned } from './printed-failures.ts';
import { Rig, until } from './rig.ts';

/** Every failure of the commands that a user can cause, as it is printed. One workspace serves them all. */
let rig: Rig;

const pair = `name: pair
params: { word: hello }
stages:
  first:
    uses: shell
    matrix: { n: [1, 2] }
    with: { command: "echo \${params.word} \${matrix.n} > $out", outputs: { out: out.txt } }
  last:
    uses: shell
    with:
      command: cat $in > $out
      inputs: { in: "\${stages.first[*].outputs.out}" }
      outputs: { out: out.txt }
`;

function single(name: string, command: string, more = ''): string {
  return `name: ${name}\nstages:\n  task:\n    uses: shell\n    with:\n      command: ${command}\n      outputs: { out: out.txt }\n${more}`;
}

beforeAll(async () => {
  rig = new Rig();
  rig.write('pair.yaml', pair);
  const ended = await rig.flow(['run', 'pair.yaml']);
  expect(ended.code).toBe(0);
});

afterAll(async () => {
  await rig.dispose();
});

/** What a command prints that goes wrong, with what differs from machine to machine taken out. */
async function complaint(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.flow(args);
  expect([1, 2]).toContain(code);
  const text =
    code === 2
      ? stderr
      : stdout
          .split('\n')
          .filter((line) => line.startsWith('  '))
          .join('\n');
  return cleaned(rig, text).replaceAll(/\n *\|     at .*/g, '');
}

describe('of naming things', () => {
  it('unknown-command', async () => {
    expect(await complaint('rnu', 'pair.yaml')).toMatchInlineSnapshot(`
      "unknown-command: there is no command "rnu" (did you mean "run"?)
        flow --help lists the commands."
    `);
  });
  it('unknown-task', async () => {
    expect(await complaint('run', 'pair.yaml', 'lsat')).toMatchInlineSnapshot(`
      "unknown-task: experiment "pair" has no task "lsat" (did you mean "last"?)
        Its tasks: first[n=1], first[n=2], last."
    `);
  });
  it('empty-range', async () => {
    expect(await complaint('run', 'pair.yaml', 'last..first')).toMatchInlineSnapshot(`
      "empty-range: there is no path in "last..first": the second does not depend on the first
        Try it the other way round, or name both: flow run FILE last first."
    `);
  });
  it('result-not-there', async () => {
    expect(await complaint('run', 'pair.yaml', '--only', 'last', '--set', 'params.word=new')).toMatchInlineSnapshot(`
      "result-not-there: first[n=1] is not selected, and its result is not in the cache

      result-not-there: first[n=2] is not selected, and its result is not in the cache
        Select it too, or take all that is needed: --until NAME."
    `);
  });
  it('unknown-run', async () => {
    expect(await complaint('show', 'piar')).toMatchInlineSnapshot(`
      "unknown-run: there is no run "piar" (did you mean "pair"?)
        flow runs lists them; the name of an experiment means its last run."
    `);
  });
  it('ambiguous-run', async () => {
    await rig.flow(['run', 'pair.yaml']);
    expect(await complaint('show', '2')).toMatchInlineSnapshot(`
      "ambiguous-run: the ids of several runs begin with "2"
        flow runs lists them; the name of an experiment means its last run."
    `);
  });
  it('unknown-result', async () => {
    expect(await complaint('cache', 'pin', 'pair:nothing')).toMatchInlineSnapshot(`
      "unknown-result: the cache holds no result "pair:nothing"
        flow cache ls lists what it holds."
    `);
  });
  it('ambiguous-result', async () => {
    const n = Array.from({ length: 17 }, (_, index) => index).join(', ');
    rig.write(
      'many.yaml',
      single('many', 'echo ${matrix.n} > $out', '').replace('    uses', `    matrix: { n: [${n}] }\n    uses`),
    );
    expect((await rig.flow(['run', 'many.yaml'])).code).toBe(0);
    const digits = rig.entries().map((key) => key.charAt(0));
    // Of more than 16 keys, two begin alike.
    const shared = digits.find((digit, index) => digits.indexOf(digit) !== index) ?? '';
    const count = digits.filter((digit) => digit === shared).length;
    expect(await complaint('cache', 'pin', shared)).toBe(
      `ambiguous-result: "${shared}" begins the keys of ${count} results\n  Type more of the key.`,
    );
  });
  it('wrong-option', async () => {
    expect(await complaint('inspect', 'pair.yaml', '--limit', 'few')).toMatchInlineSnapshot(
      `"wrong-option: expected --limit to be an integer of at least 0, found "few""`,
    );
    expect(await complaint('index', 'pair.yaml')).toMatchInlineSnapshot(
      `"wrong-option: expected a .rec file or a folder with a train.rec, found <workspace>/pair.yaml"`,
    );
  });
  it('second-cache-missing', async () => {
    const ended = await rig.flow(['run', 'pair.yaml'], { FLOW_SECOND_CACHE: 'not/mounted' });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "second-cache-missing: expected a folder of results, found none: <workspace>/not/mounted
        Mount the drive it is on, or leave FLOW_SECOND_CACHE unset."
    `);
  });
  it('cache-not-writable', async () => {
    const ended = await rig.flow(['run', 'pair.yaml'], { FLOW_CACHE: '/proc/x/y' });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "cache-not-writable: expected a cache folder that can be made and written, found /proc/x/y: ENOENT: no such file or directory, mkdir '/proc/x'
        Name another folder in FLOW_CACHE."
    `);
  });
  it('unknown-engine', async () => {
    const ended = await rig.flow(['run', 'pair.yaml'], { FLOW_ENGINE: 'torch' });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "unknown-engine: there is no engine "torch"
        FLOW_ENGINE may be tensorflow, cuda, webgpu, onnxruntime, onnxruntime-webgpu, wasm, cpu, or unset for the best one that is installed."
    `);
  });
  it('engine-conflict', async () => {
    rig.write('infer.yaml', 'name: infer\nstages: { judge: { uses: ./stages/infer, with: { engine: wasm } } }\n');
    const ended = await rig.flow(['plan', 'infer.yaml'], { FLOW_ENGINE: 'cpu' });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "engine-conflict: stage "judge" asks for the engine "wasm", and FLOW_ENGINE for "cpu"
        Unset FLOW_ENGINE, or let the stage follow it with "engine: auto"."
    `);
  });
  it('engine-cannot-train', async () => {
    const train = '{ uses: train, with: { dataset: stages, network: { name: y1 }, loss: { name: softmax } } }';
    rig.write('train.yaml', `name: train\nstages: { train: ${train} }\n`);
    const ended = await rig.flow(['plan', 'train.yaml'], { FLOW_ENGINE: 'onnxruntime' });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "engine-cannot-train: the engine "onnxruntime" was requested, and it infers only: a stage that trains needs another
        Leave FLOW_ENGINE unset, and set the parameter "engine: onnxruntime" of the stages that infer."
    `);
  });
  it('several-tasks', async () => {
    expect(await complaint('repeat', 'pair.yaml', 'first')).toMatchInlineSnapshot(`
      "several-tasks: "first" means 2 tasks; one can be repeated at a time
        Its tasks: first[n=1], first[n=2]."
    `);
  });
  it('one-log-only', async () => {
    expect(await complaint('logs', 'first', '--run', 'pair', '--follow')).toMatchInlineSnapshot(`
      "one-log-only: --follow takes one task, and "first" means 2
        Name one of them: first[n=1], first[n=2]."
    `);
  });
  it('nothing-to-compare', async () => {
    rig.write('alone.yaml', single('alone', 'echo > $out'));
    expect((await rig.flow(['run', 'alone.yaml'])).code).toBe(0);
    expect(await complaint('compare', 'alone')).toMatchInlineSnapshot(`
      "nothing-to-compare: expected two runs to compare: <time>-alone is the first of "alone"
        Name a second run. flow runs lists them."
    `);
  });
  it('file-comes-first', async () => {
    expect(await complaint('run', 'last', 'pair.yaml')).toMatchInlineSnapshot(`
      "file-comes-first: expected the experiment file first, found "last"
        Write pair.yaml last."
    `);
  });
  it('options of training scripts', async () => {
    expect(await complaint('run', 'pair.yaml', '--gpus', '1')).toMatchInlineSnapshot(`
      "error: unknown option '--gpus'
      GPUs are asked for by the stage that uses them: --set stages.STAGE.resources.gpus=1."
    `);
    expect(await complaint('run', 'pair.yaml', '--learning_rate', '0.1')).toMatchInlineSnapshot(`
      "error: unknown option '--learning_rate'
      A parameter of a stage is set by --set stages.STAGE.with.NAME=VALUE; flow stages STAGE lists them."
    `);
    // A command that takes no experiment has no parameters either.
    expect(await complaint('doctor', '--gpu=x')).toBe("error: unknown option '--gpu=x'\n(Did you mean --gpu?)");
    expect(await complaint('run', 'pair.yaml', '--jbos', '1')).toMatchInlineSnapshot(`
      "error: unknown option '--jbos'
      (Did you mean --jobs?)"
    `);
  });
  it('names of parameters in other programs, and in another place', async () => {
    rig.write(
      'names.yaml',
      `name: names
stages:
  learn:
    uses: train
    with:
      dataset: stages
      network: { name: y1 }
      loss: { name: arcface, lr: 0.1 }
      schedule: { learningRate: 0.1, steps: [1] }
      epochs: 3
      batch_size: 8
      mirrored: true
`,
    );
    expect(await complaint('check', 'names.yaml')).toMatchInlineSnapshot(`
      "names.yaml:8:30 unknown-param: "loss" of stage "learn" has no parameter "lr"
        loss: { name: arcface, lr: 0.1 }
                               ~~
        It is called optimizer.learningRate here. It has: name, margin, scale, easyMargin, interclassFilter, gradient.

      names.yaml:9:19 unknown-param: "schedule" of stage "learn" has no parameter "learningRate"
        schedule: { learningRate: 0.1, steps: [1] }
                    ~~~~~~~~~~~~
        It is called optimizer.learningRate here. It has: name, maxSteps, warmupSteps, scaleFrom, steps.

      names.yaml:10:7 unknown-param: stage "learn" has no parameter "epochs"
        epochs: 3
        ~~~~~~
        It is called schedule.maxSteps here, and counts batches. It has: network, loss, optimizer, schedule, batch, normalizeOver, classRate, accumulate, clipGradient, averageWeights, freeze, freezeUpTo, recompute, precision, xla, drawMissing, startClassifier, keepClassifier, onDivergence, keep, bestBy, patience, samePersonFrom, mirror, augment, verifyEverySteps, checkpointEverySteps, keepCheckpoints, eventFiles, logEverySteps, dataset, validation, pretrained, peopleModel.

      names.yaml:11:7 unknown-param: stage "learn" has no parameter "batch_size"
        batch_size: 8
        ~~~~~~~~~~
        It is called batch here. It has: network, loss, optimizer, schedule, batch, normalizeOver, classRate, accumulate, clipGradient, averageWeights, freeze, freezeUpTo, recompute, precision, xla, drawMissing, startClassifier, keepClassifier, onDivergence, keep, bestBy, patience, samePersonFrom, mirror, augment, verifyEverySteps, checkpointEverySteps, keepCheckpoints, eventFiles, logEverySteps, dataset, validation, pretrained, peopleModel.

      names.yaml:12:7 unknown-param: stage "learn" has no parameter "mirrored" (did you mean "mirror"?)
        mirrored: true
        ~~~~~~~~
        It has: network, loss, optimizer, schedule, batch, normalizeOver, classRate, accumulate, clipGradient, averageWeights, freeze, freezeUpTo, recompute, precision, xla, drawMissing, startClassifier, keepClassifier, onDivergence, keep, bestBy, patience, samePersonFrom, mirror, augment, verifyEverySteps, checkpointEverySteps, keepCheckpoints, eventFiles, logEverySteps, dataset, validation, pretrained, peopleModel."
    `);
  });
  it('unknown-shell', async () => {
    expect(await complaint('completion', 'tcsh')).toMatchInlineSnapshot(`
      "unknown-shell: there is no completion for "tcsh"
        There are: bash, zsh, fish."
    `);
  });
  it('no-log', async () => {
    rig.write('stops.yaml', pair.replace('name: pair', 'name: stops').replace('echo', 'exit 3; echo'));
    await rig.flow(['run', 'stops.yaml']);
    expect(await complaint('logs', 'last', '--run', 'stops')).toMatchInlineSnapshot(`
      "no-log: last has no log in run <time>-stops: it did not run
        flow show shows why."
    `);
  });
  it('nothing-to-accept', async () => {
    expect(await complaint('accept', 'pair.yaml', 'last', '--reason', 'x')).toMatchInlineSnapshot(`
      "pair.yaml:8:3 nothing-to-accept: the result of last is good as it is: nothing has changed
        last:
        ~~~~"
    `);
  });
  it('other-outputs', async () => {
    rig.write('renames.yaml', single('renames', 'touch $out'));
    await rig.flow(['run', 'renames.yaml']);
    rig.write('renames.yaml', rig.read('renames.yaml').replace('out.txt', 'other.txt'));
    expect(await complaint('accept', 'renames.yaml', 'task', '--reason', 'x')).toMatchInlineSnapshot(`
      "renames.yaml:3:3 other-outputs: the outputs of task are out (other.txt) now, its last result has out (out.txt)
        task:
        ~~~~"
    `);
  });
  it('bad-limit', async () => {
    expect(await complaint('cache', 'gc', '--max-size', 'much')).toMatchInlineSnapshot(
      `"bad-limit: expected the size of the cache as an amount such as 50 GiB, or 0, found "much""`,
    );
  });
});

describe('of files and folders', () => {
  it('file-exists', async () => {
    expect(await complaint('init', 'pair.yaml')).toMatchInlineSnapshot(`
      "file-exists: <workspace>/pair.yaml is there already
        Name another file: flow init FILE."
    `);
  });
  it('folder-exists', async () => {
    expect(await complaint('export', 'pair', 'control')).toMatchInlineSnapshot(
      `"folder-exists: expected a new folder, found one at <workspace>/control"`,
    );
  });
  it('run-exists', async () => {
    await rig.flow(['export', 'pair', 'exported']);
    expect(await complaint('import', 'exported')).toMatchInlineSnapshot(`
      "run-exists: there is a run <time>-pair already
        flow rm <time>-pair removes it."
    `);
  });
  it('no-run-here', async () => {
    expect(await complaint('import', 'control')).toMatchInlineSnapshot(
      `"<workspace>/control/run.json: no-run-here: expected the folder of a run, found no run.json"`,
    );
  });
  it('unreadable-path', async () => {
    expect(await complaint('cache', 'import', 'nowhere')).toMatchInlineSnapshot(
      `"<workspace>/nowhere: unreadable-path: cannot read <workspace>/nowhere: it does not exist"`,
    );
  });
  it('no-results-here', async () => {
    expect(await complaint('cache', 'import', 'control')).toMatchInlineSnapshot(`
      "<workspace>/control: no-results-here: expected a folder of results, found none in it
        flow cache export FOLDER makes one; the cache of another workspace can be imported too."
    `);
    expect(await complaint('cache', 'import', 'pair.yaml')).toMatchInlineSnapshot(`
      "<workspace>/pair.yaml: no-results-here: expected a folder of results, found none in it
        flow cache export FOLDER makes one; the cache of another workspace can be imported too."
    `);
  });
  it('file-not-found, of a folder', async () => {
    rig.write('several/b.yaml', pair);
    rig.write('several/a.yml', pair);
    expect(await complaint('check', 'several')).toMatchInlineSnapshot(`
      "file-not-found: cannot read several: it is a folder
        Name one of the files in it: several/a.yml, several/b.yaml."
    `);
    expect(await complaint('check', 'control')).toMatchInlineSnapshot(`
      "file-not-found: cannot read control: it is a folder
        Name an experiment, a YAML file; this folder holds none."
    `);
  });
  it('bad-lock', async () => {
    rig.write('locked/flow.lock', '{}');
    rig.write('locked/one.yaml', single('one', 'cat $in > $out', '      inputs: { in: pair.yaml }\n'));
    expect(await complaint('run', 'locked/one.yaml', '--locked')).toMatchInlineSnapshot(
      `"<workspace>/locked/flow.lock: bad-lock: expected a lock file of faceflow, found something else"`,
    );
  });
  it('not-a-file', async () => {
    execFileSync('mkfifo', [rig.path('pipe')]);
    rig.write('pipe.yaml', single('pipe', 'cat $in > $out', '      inputs: { in: pipe }\n'));
    expect(await complaint('run', 'pipe.yaml')).toMatchInlineSnapshot(
      `"<workspace>/pipe: not-a-file: expected a file or a folder, found something else (a pipe, a socket or a device): <workspace>/pipe"`,
    );
  });
  it('input-changing', async () => {
    // Large, so that reading it takes longer than a busy machine lets the writer wait.
    writeFileSync(rig.path('growing'), '');
    truncateSync(rig.path('growing'), 2 ** 29);
    rig.write('growing.yaml', single('growing', 'wc -c < $in > $out', '      inputs: { in: growing }\n'));
    const writer = spawn('sh', ['-c', 'while :; do echo >> growing; done'], { cwd: rig.folder });
    try {
      expect(await complaint('plan', 'growing.yaml')).toMatchInlineSnapshot(`
        "<workspace>/growing: input-changing: <workspace>/growing changed each of the 3 times it was read
          Wait until the program that writes it has finished."
      `);
    } finally {
      writer.kill('SIGKILL');
    }
  });
  it('unwritable-folder', async () => {
    rig.write('flat/runs', 'a file');
    rig.write('flat/pair.yaml', pair);
    const ended = await rig.flow(['run', 'flat/pair.yaml', '--workspace', 'flat'], {
      FLOW_CACHE: rig.path('elsewhere'),
    });
    expect(cleaned(rig, ended.stderr)).toMatchInlineSnapshot(`
      "<workspace>/flat/runs: unwritable-folder: cannot use <workspace>/flat/runs: a file is in its place (EEXIST: file already exists, mkdir '<workspace>/flat/runs')
        Make room or get the right to write there; --workspace and FLOW_CACHE name other folders."
    `);
  });
  it('endless-folder', async () => {
    mkdirSync(rig.path('round/inner'), { recursive: true });
    symlinkSync('..', rig.path('round/inner/back'));
    rig.write('round.yaml', single('round', 'ls $in > $out', '      inputs: { in: round }\n'));
    expect(await complaint('run', 'round.yaml')).toMatchInlineSnapshot(`
      "<workspace>/round/inner/back: endless-folder: a symbolic link leads back to a folder above it: <workspace>/round/inner/back
        Remove the link, or name a folder without it."
    `);
  });
  it('database-too-new', async () => {
    mkdirSync(rig.path('later/runs'), { recursive: true });
    const later = openSqlite(rig.path('later/runs/flow.db'));
    later.pragma('user_version = 1000');
    later.close();
    expect(await complaint('runs', '--workspace', 'later')).toMatchInlineSnapshot(`
      "<workspace>/later/runs/flow.db: database-too-new: expected a database of version 3 or less, found version 1000
        A later version of faceflow has written it. Update, or move the file away and run flow db rebuild."
    `);
  });
});

describe('of tasks', () => {
  it('command-failed', async () => {
    rig.write('fails.yaml', single('fails', 'exit 7'));
    expect(await complaint('run', 'fails.yaml')).toMatchInlineSnapshot(`
      "  command-failed: the command ended with exit code 7
          What it printed is in the log of the task.
        it printed nothing; its log: runs/<time>-fails/logs/task.log"
    `);
  });
  it('output-missing', async () => {
    rig.write('forgets.yaml', single('forgets', '"true"'));
    expect(await complaint('run', 'forgets.yaml')).toMatchInlineSnapshot(`
      "  output-missing: the stage ended without writing its output out (out.txt)
          A stage creates every output its stage.json declares.
        it printed nothing; its log: runs/<time>-forgets/logs/task.log"
    `);
  });
  it('output-leads-outside', async () => {
    rig.write('leads.yaml', single('leads', 'ln -s /etc/hostname $out'));
    expect(await complaint('run', 'leads.yaml')).toMatchInlineSnapshot(`
      "  output-leads-outside: output out contains a symbolic link that leads out of the outputs: task/out.txt
          Write a copy: a result must be complete by itself.
        it printed nothing; its log: runs/<time>-leads/logs/task.log"
    `);
  });
  it('program-version', async () => {
    rig.write('version.yaml', single('version', 'echo > $out', '      version: exit 5\n'));
    expect(await complaint('run', 'version.yaml')).toMatchInlineSnapshot(
      `"program-version: the command \`exit 5\` should print the version of a program; it ended with exit code 5"`,
    );
  });
  it('stage-threw', async () => {
    rig.chain({ a: [] }, { a: 'waits: true' });
    rig.order('a', 'fail');
    expect(await complaint('run', 'chain.yaml')).toMatchInlineSnapshot(`
      "  stage-threw: the stage threw Error: told to fail
          The stack is in the log of the task.
        the end of runs/<time>-chain/logs/a.log:
        | working on a
        | Error: told to fail"
    `);
  });
  it('stage-without-run', async () => {
    rig.write('stages/empty/stage.json', rig.read('stages/warm/stage.json').replace('"warm"', '"empty"'));
    writeFileSync(rig.path('stages/empty/run.js'), 'export const walk = 1;\n');
    rig.write(
      'empty.yaml',
      'name: empty\nstages:\n  task:\n    uses: ./stages/empty\n    with: { text: a, notes: b }\n',
    );
    expect(await complaint('run', 'empty.yaml')).toMatchInlineSnapshot(`
      "  <workspace>/stages/empty/run.js: stage-without-run: expected <workspace>/stages/empty/run.js to export a function "run"
          Write export const run: Stage<Params, Inputs, Outputs> = async (context) => { ... }.
        its log: runs/<time>-empty/logs/task.log"
    `);
  });
  it('stage-syntax', async () => {
    rig.write('stages/broken/stage.json', rig.read('stages/warm/stage.json').replace('"warm"', '"broken"'));
    rig.write('stages/broken/run.js', "import { told } from './told.js';\nexport const run = () => told;\n");
    rig.write('stages/broken/told.js', 'export const told = 1;\n  const other = told told;\n');
    rig.write(
      'broken.yaml',
      'name: broken\nstages:\n  task:\n    uses: ./stages/broken\n    with: { text: a, notes: b }\n',
    );
    expect(await complaint('run', 'broken.yaml')).toMatchInlineSnapshot(`
      "  <workspace>/stages/broken/told.js:2:22 stage-syntax: the code of the stage cannot be loaded: Unexpected identifier 'told'
          const other = told told;
                             ~~~~
          Correct the line. Nothing of the stage has run.
        its log: runs/<time>-broken/logs/task.log"
    `);
    rig.write('stages/broken/told.js', 'export const tell = 1;\n');
    expect(await complaint('run', 'broken.yaml')).toMatchInlineSnapshot(`
      "  <workspace>/stages/broken/run.js:1:10 stage-syntax: the code of the stage cannot be loaded: The requested module './told.js' does not provide an export named 'told'
          import { told } from './told.js';
                   ~~~~
          Correct the line. Nothing of the stage has run.
        its log: runs/<time>-broken/logs/task.log"
    `);
  });
  it('lock-lost', async () => {
    rig.write('stolen.yaml', single('stolen', 'while [ ! -e stolen ]; do sleep 0.05; done; echo > $out'));
    const before = rig.runs().length;
    const running = rig.start(['run', 'stolen.yaml']);
    await until(() => rig.runs().length > before && rig.eventsSoFar().includes('"task-started"'));
    // What another machine does that has not seen a beat of ours for long.
    const locks = openSqlite(rig.path('runs/locks.db'));
    locks.prepare(`update lock set token = 'theirs', host = 'another machine', beat = beat + 1`).run();
    locks.close();
    rig.write('stolen', '');
    const { stdout } = await running.ended;
    const printed = stdout.split('\n').filter((line) => line.startsWith('  '));
    expect(cleaned(rig, printed.join('\n'))).toMatchInlineSnapshot(`
      "  lock-lost: another machine took this one for dead and computes the task itself
          Run again: its result will be taken from the cache.
        it printed nothing; its log: runs/<time>-stolen/logs/task.log"
    `);
  });
  it('rerun-differs', async () => {
    rig.write('seen.yaml', single('seen', 'echo ${env.SEEN:-none} > $out'));
    await rig.flow(['run', 'seen.yaml'], { SEEN: 'a' });
    expect(await complaint('rerun', 'seen')).toMatchInlineSnapshot(`
      "rerun-differs: run <time>-seen cannot run again as it was: task would be something else now
        The environment, or versions of stages, have changed since."
    `);
  });
  it('run-is-running and cache-in-use', async () => {
    rig.write('long.yaml', single('long', 'sleep 1000'));
    const running = rig.start(['run', 'long.yaml']);
    await until(() => rig.eventsSoFar().includes('"task-started"'));
    while (!(await rig.flow(['runs', 'long'])).stdout.includes('running'));
    expect(await complaint('rm', 'long')).toMatchInlineSnapshot(`
      "run-is-running: run <time>-long is running
        Stop it first, or wait for its end."
    `);
    expect(await complaint('cache', 'gc')).toMatchInlineSnapshot(`
      "cache-in-use: run <time>-long is running, and may be about to read what gc would remove
        Wait until it has ended; --dry-run works at any time."
    `);
    running.process.kill('SIGKILL');
    await running.ended;
  });
});
