import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { makeOwnFolder } from '../core/atomic-file.ts';
import { packageFolder } from '../core/package-folder.ts';
import { fail } from '../core/failure.ts';
import { failures } from './failures.ts';
import { writeNew } from './write-new.ts';

/**
 * Writes a stage of the user's own that works: its description, its code and the types of what it is given. Returns the
 * files. @param folder absolute
 */
export function writeNewStage(folder: string): string[] {
  const name = basename(folder);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    const expected = 'a folder whose name is lower-case letters, digits and dashes';
    fail(failures.wrongOption({ option: '--stage', expected, found: name }));
  }
  makeOwnFolder(folder);
  const schema = relative(folder, join(packageFolder(), 'schemas/stage.schema.json'));
  const files = [
    ['stage.json', `${JSON.stringify(manifest(name, schema), null, 2)}\n`],
    ['run.js', code],
    ['context.d.ts', contextTypes()],
  ] as const;
  return files.map(([file, text]) => {
    const path = join(folder, file);
    writeNew(path, text, 'flow init --stage FOLDER');
    return path;
  });
}

function manifest(name: string, schema: string): object {
  return {
    $schema: schema,
    name,
    version: 1,
    summary: 'Counts the lines of a file that hold a word.',
    params: {
      type: 'object',
      additionalProperties: false,
      required: ['word'],
      properties: {
        word: { type: 'string', minLength: 1, description: 'What is looked for.' },
        pauseMs: { type: 'integer', minimum: 0, default: 0, description: 'How long to wait at each line.' },
      },
    },
    inputs: { text: { kind: 'file', summary: 'A text.' } },
    outputs: {
      counts: {
        kind: 'figures',
        summary: 'How many lines there are, and how many hold the word.',
        path: 'counts.json',
      },
    },
  };
}

const code = `// @ts-check
// See docs/stages.md of faceflow for what a stage is given and may do. Every file in this folder is part of the keys of its
// tasks: edit it, and they run again.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** @type {import('./context').Stage<{ word: string, pauseMs: number }, { text: string }, { counts: string }>} */
export const run = async ({ params, inputs, outputs, signal, emit }) => {
  const lines = readFileSync(inputs.text, 'utf8').split('\\n');
  let found = 0;
  for (const [index, line] of lines.entries()) {
    // Ctrl-C, a limit of time: throw, or return soon.
    signal.throwIfAborted();
    if (line.includes(params.word)) found += 1;
    emit({ type: 'progress', done: index + 1, total: lines.length, unit: 'lines' });
    emit({ type: 'metric', name: 'found so far', value: found, step: index + 1 });
    await sleep(params.pauseMs);
  }
  if (found === 0) emit({ type: 'log', level: 'warning', message: \`no line holds "\${params.word}"\` });
  // Every output that stage.json declares has to be there at the end.
  writeFileSync(outputs.counts, JSON.stringify({ lines: lines.length, found }));
};
`;

/** The contract as this version has it, in one file without imports. */
function contextTypes(): string {
  const contract = readFileSync(join(packageFolder(), 'src/stage-api/stage.ts'), 'utf8');
  return contract.replace(
    /^import type \{ EngineIdentity \}.*$/m,
    '/** The library that computes tensors. */\nexport interface EngineIdentity {\n  readonly name: string;\n  readonly version: string;\n}',
  );
}
