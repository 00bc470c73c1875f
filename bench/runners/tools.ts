import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph, GraphTask } from './graph.ts';

/** A runner, as far as measuring it is concerned. */
export interface Tool {
  readonly name: string;
  /** Prints its version. */
  readonly version: readonly string[];
  /** Called once in an empty folder. */
  readonly prepare?: readonly (readonly string[])[];
  /** Writes the file that says the graph. */
  write(folder: string, graph: Graph, files: readonly string[]): void;
  /** Brings everything up to date. */
  readonly run: readonly string[];
}

function flow(program: string): Tool {
  return {
    name: 'faceflow',
    version: [process.execPath, program, '--version'],
    write: (folder, graph) => {
      const stages = graph.map((task) => {
        const inputs = [
          ...task.needs.map((need) => `\${stages.${need}.outputs.out}`),
          ...(task.readsFiles ? ['files'] : []),
        ];
        const first = task.readsFiles ? 'ls $in | wc -l > $out; ' : inputs.length > 0 ? 'cat $in > $out; ' : '';
        const lines = ['uses: shell', 'with:', `  command: ${first}echo ${task.word} >> $out`];
        if (inputs.length > 0) lines.push('  inputs:', '    in:', ...inputs.map((input) => `      - ${input}`));
        lines.push('  outputs:', '    out: out.txt');
        return [`  ${task.name}:`, ...lines.map((line) => `    ${line}`)].join('\n');
      });
      writeFileSync(join(folder, 'graph.yaml'), `name: graph\nstages:\n${stages.join('\n')}\n`);
    },
    run: [process.execPath, program, 'run', 'graph.yaml'],
  };
}

/** What the others run for a task; they are told paths, where ours are told variables. */
function command({ name, word, needs, readsFiles }: GraphTask): string {
  const out = `out/${name}`;
  const first = readsFiles
    ? `ls files | wc -l > ${out}; `
    : `cat ${['/dev/null', ...needs.map((need) => `out/${need}`)].join(' ')} > ${out}; `;
  return `${first}echo ${word} >> ${out}`;
}

function dvc(program: string): Tool {
  return {
    name: 'DVC',
    version: [program, '--version'],
    prepare: [
      [program, 'init', '--no-scm', '--quiet'],
      [program, 'config', 'core.analytics', 'false'],
      [program, 'config', 'core.check_update', 'false'],
    ],
    write: (folder, graph) => {
      mkdirSync(join(folder, 'out'), { recursive: true });
      const stages = graph.map((task) => {
        const deps = [...task.needs.map((need) => `out/${need}`), ...(task.readsFiles ? ['files'] : [])];
        return [task.name, { cmd: command(task), deps, outs: [`out/${task.name}`] }];
      });
      writeFileSync(
        join(folder, 'dvc.yaml'),
        JSON.stringify({ stages: Object.fromEntries(stages) as object }, null, 1),
      );
    },
    run: [program, 'repro', '--quiet'],
  };
}

function snakemake(program: string): Tool {
  return {
    name: 'Snakemake',
    version: [program, '--version'],
    write: (folder, graph, files) => {
      const used = new Set(graph.flatMap(({ needs }) => needs));
      const ends = graph.filter(({ name }) => !used.has(name)).map(({ name }) => `out/${name}`);
      const rules = graph.map((task) => {
        const inputs = [...task.needs.map((need) => `out/${need}`), ...(task.readsFiles ? files : [])];
        const input = inputs.length > 0 ? `  input: ${JSON.stringify(inputs)}\n` : '';
        return `rule ${task.name}:\n${input}  output: "out/${task.name}"\n  shell: ${JSON.stringify(command(task))}\n`;
      });
      writeFileSync(join(folder, 'Snakefile'), `rule ends:\n  input: ${JSON.stringify(ends)}\n\n${rules.join('\n')}`);
    },
    run: [program, '--cores', 'all', '--quiet', 'all'],
  };
}

function ninja(program: string): Tool {
  return {
    name: 'Ninja',
    version: [program, '--version'],
    write: (folder, graph, files) => {
      const builds = graph.map((task) => {
        const inputs = [...task.needs.map((need) => `out/${need}`), ...(task.readsFiles ? files : [])];
        return `build out/${task.name}: do ${inputs.join(' ')}\n  what = ${command(task)}\n`;
      });
      writeFileSync(join(folder, 'build.ninja'), `rule do\n  command = $what\n\n${builds.join('')}`);
    },
    run: [program, '--quiet'],
  };
}

export interface Programs {
  readonly flow: string;
  readonly dvc: string;
  readonly snakemake: string;
  readonly ninja: string;
}

export function tools(programs: Programs): readonly Tool[] {
  return [flow(programs.flow), dvc(programs.dvc), snakemake(programs.snakemake), ninja(programs.ninja)];
}

/** A runner that takes longer than this is cut off. */
export const allowedSeconds = 900;

/** Runs a program in a folder to its end and gives the seconds it took; undefined where it took longer than allowed. */
export function seconds(argv: readonly string[], folder: string): number | undefined {
  const [program = '', ...args] = argv;
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: allowedSeconds * 1000,
    maxBuffer: 1 << 28,
  });
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') return undefined;
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}:\n${stdout}${stderr}`);
  return (performance.now() - started) / 1000;
}
