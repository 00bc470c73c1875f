import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { builtInStageNames } from '../src/pipeline/experiment/stage-kinds.ts';
import { stageFolders } from '../src/cli/workspace.ts';

// The last step of the build: the command in a few files instead of two hundred, of which a run that has nothing to do
// spends half its time finding and opening. The code of stages that planning calls is bundled with it: <name>/references.js.
const source = fileURLToPath(new URL('../src/', import.meta.url));
const { compiled } = stageFolders();
const references = builtInStageNames(stageFolders())
  .map((name) => [`stages/${name}/references`, join(compiled, name, 'references.js')] as const)
  .filter(([, file]) => existsSync(file));

/** What every run executes, which is one file: the command and `flow run`, with all that they import. */
const ofRun = new Set<string>();
/** What the references of stages import besides. */
const ofReferences = new Set<string>();

const bundle = await rolldown({
  input: { main: join(source, 'cli/main.js'), ...Object.fromEntries(references) },
  platform: 'node',
  // Packages with binaries and schemas stay where they are; rolldown's own runtime functions come along.
  external: [/^@(?!oxc-project)/, 'ajv', 'fastify', 'onnxruntime-node', 'sharp', /^ajv\//],
  logLevel: 'warn',
  plugins: [
    {
      name: 'modules-of-run',
      buildEnd() {
        const reach = (id: string, reached: Set<string>): void => {
          if (ofRun.has(id) || reached.has(id)) return;
          reached.add(id);
          for (const each of this.getModuleInfo(id)?.importedIds ?? []) reach(each, reached);
        };
        for (const entry of ['cli/main.js', 'cli/commands/run.js']) reach(join(source, entry), ofRun);
        for (const [, file] of references) reach(file, ofReferences);
      },
    },
  ],
});
// Names stay, for the stacks of defects; comments and indentation go.
await bundle.write({
  dir: join(source, 'flow'),
  cleanDir: true,
  codeSplitting: {
    groups: [
      { name: 'run', test: (id) => ofRun.has(id) },
      { name: 'references', minShareCount: 3, test: (id) => ofReferences.has(id) },
    ],
  },
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
});
await bundle.close();
