import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * How far a reader walks to follow one task: the source files of ours whose code an experiment with the one shell task
 * `echo hi` executes in a fresh workspace (a function of theirs is called, says the coverage of V8, in the runner or any
 * process it starts), and the functions of ours on the stack between `main` and the `spawn` of the task. The modules are run as `tsc` wrote them, one
 * for each source file; the bundle holds the same code. Another checkout is measured by its path, once it is built:
 * `npm run --silent build && node dist/bench/walk.js [--repository PATH] [--files]`
 */
const maxFiles = 60;
const maxFrames = 9;

const { values } = parseArgs({
  options: { repository: { type: 'string' }, files: { type: 'boolean', default: false } },
});
const ours = fileURLToPath(new URL('../../', import.meta.url));
const repository = values.repository ?? ours;
const compiled = join(repository, 'dist');

interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly FunctionCoverage[];
}

/** Runs the experiment once; returns the source files executed and the stack at the start of the task. */
function walk(): { files: string[]; frames: string[] } {
  const workspace = mkdtempSync(join(tmpdir(), 'flow-walk-'));
  const stacks = join(workspace, 'stacks');
  const coverage = join(workspace, 'coverage');
  mkdirSync(coverage);
  writeFileSync(
    join(workspace, 'walk.yaml'),
    'name: walk\nsummary: one task\nstages:\n  task:\n    uses: shell\n' +
      '    with:\n      command: echo hi > "$out"\n      outputs: { out: out.txt }\n',
  );
  const main = pathToFileURL(join(compiled, 'src', 'cli', 'main.js')).href;
  const entry = join(workspace, 'entry.mjs');
  writeFileSync(entry, `import { main } from ${JSON.stringify(main)};\nprocess.exitCode = await main(process);\n`);
  const preload = pathToFileURL(join(ours, 'bench', 'walk', 'note-spawn.mjs')).href;
  try {
    const { status, stderr } = spawnSync(process.execPath, [`--import=${preload}`, entry, 'run', 'walk.yaml'], {
      cwd: workspace,
      encoding: 'utf8',
      env: { ...process.env, NODE_V8_COVERAGE: coverage, WALK_STACKS: stacks },
    });
    if (status !== 0) throw new Error(`the run ended with ${String(status)}: ${stderr}`);
    return { files: executedFiles(coverage), frames: framesBeforeSpawn(readFileSync(stacks, 'utf8')) };
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}

function executedFiles(folder: string): string[] {
  const files = new Set<string>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { result: readonly ScriptCoverage[] };
    for (const script of result) {
      const source = sourceOf(script.url);
      if (source !== undefined && isExecuted(script)) files.add(source);
    }
  }
  return [...files].sort();
}

/** Path in the repository of the source that a compiled module was made of; undefined for all that is not ours. */
function sourceOf(url: string): string | undefined {
  if (!url.startsWith('file://')) return undefined;
  const source = relative(compiled, fileURLToPath(url)).replace(/\.js$/, '.ts');
  return !source.startsWith('..') && existsSync(join(repository, source)) ? source : undefined;
}

/** Whether a function of a module was called: its first range is the function itself, that of the module comes first. */
function isExecuted({ functions }: ScriptCoverage): boolean {
  return functions.slice(1).some(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
}

/** Functions of ours from the one called by `main` to the one that calls `spawn`, the innermost first. */
function framesBeforeSpawn(text: string): string[] {
  const stack = text.split('\n\n').find((each) => each.includes('echo hi'));
  if (stack === undefined) throw new Error('no process was started for the task');
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line) && line.includes(`${compiled}/`));
  const main = frames.findIndex((line) => /at (async )?main \(/.test(line));
  if (main < 0) throw new Error(`the stack does not reach main:\n${stack}`);
  return frames.slice(0, main).map((line) => line.trim().replaceAll(`file://${compiled}/`, ''));
}

function byFolder(files: readonly string[]): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const file of files) folders.set(dirname(file), [...(folders.get(dirname(file)) ?? []), file]);
  return folders;
}

const { files, frames } = walk();
for (const [folder, members] of byFolder(files)) {
  const names = values.files ? `  ${members.map((file) => relative(folder, file)).join(' ')}` : '';
  console.log(`${String(members.length).padStart(4)}  ${folder}${names}`);
}
console.log(`${String(files.length).padStart(4)}  files of ours executed (allowed ${maxFiles})`);
for (const frame of frames.toReversed()) console.log(`      ${frame}`);
console.log(`${String(frames.length).padStart(4)}  frames between main and spawn (allowed ${maxFrames})`);
process.exitCode = files.length > maxFiles || frames.length > maxFrames ? 1 : 0;
