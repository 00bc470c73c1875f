import type { StageManifest } from '../../src/pipeline/experiment/stage-manifest.ts';
import { contractOf } from '../generate/contract.ts';
import type { Names, Part } from './part.ts';

/** A stage that copies a file, from some byte on. */
export async function newStage({ kebab, camel }: Names): Promise<Part> {
  const manifest: StageManifest = {
    name: kebab,
    version: 1,
    summary: 'Copies a file.',
    params: {
      type: 'object',
      additionalProperties: false,
      properties: {
        skip: { type: 'integer', minimum: 0, default: 0, description: 'Bytes to leave out at the start.' },
      },
    },
    inputs: { file: { kind: 'file', summary: 'What is copied.' } },
    outputs: { file: { kind: 'file', summary: 'The copy.', path: 'copy' } },
  };
  const folder = `stages/${kebab}`;
  return {
    files: {
      [`${folder}/stage.json`]: JSON.stringify({ $schema: '../../schemas/stage.schema.json', ...manifest }),
      [`${folder}/contract.ts`]: await contractOf(manifest, manifest.params),
      [`${folder}/run.ts`]: `
import { readFileSync, writeFileSync } from 'node:fs';
import type { Stage } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Copies a file, from byte \`skip\` on. */
export const run: Stage<Params, Inputs, Outputs> = (context) => {
  const { inputs, outputs, params } = context;
  const bytes = readFileSync(inputs.file).subarray(params.skip);
  writeFileSync(outputs.file, bytes);
  context.emit({ type: 'metric', name: 'bytes', value: bytes.length });
  return Promise.resolve();
};
`,
      [`${folder}/README.md`]: `
# ${kebab}

Copies a file.

| port         | kind | what           |
| ------------ | ---- | -------------- |
| \`file\` (in)  | file | what is copied |
| \`file\` (out) | file | the copy       |

\`\`\`yaml
${kebab}:
  uses: ${kebab}
  with: { file: data/some.txt, skip: 0 }
\`\`\`
`,
      [`test/stages/${kebab}.test.ts`]: `
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { run as ${camel} } from '../../stages/${kebab}/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

it('${kebab} copies a file, from some byte on', async () => {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'one two');
  const events: StageEvent[] = [];
  await ${camel}({
    params: { skip: 4 },
    inputs: { file: from },
    outputs: { file: to },
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  expect(readFileSync(to, 'utf8')).toBe('two');
  expect(events).toEqual([{ type: 'metric', name: 'bytes', value: 3 }]);
});
`,
    },
    registrations: [],
    left: [
      'npm run generate, after each change of stage.json: contract.ts, the schema of experiments and the digest of the stage (test/generated.test.ts tells); the folder itself is the registration',
      'what it does, and what can go wrong with it: stages/' +
        kebab +
        '/failures.ts, as in stages/subset (test/failures.test.ts tells which codes no test prints)',
      'its row in the table of stages of README.md',
    ],
  };
}
