import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

// The last step of the build: the command in a few files instead of two hundred, of which a run that has nothing to do
// spends half its time finding and opening.
const folder = new URL('../src/', import.meta.url);
const bundle = await rolldown({
  input: fileURLToPath(new URL('cli/main.js', folder)),
  platform: 'node',
  // Packages with binaries and schemas stay where they are.
  external: [/^@(bufbuild|julusian|tensorflow)\//, 'ajv', 'onnxruntime-node', 'sharp', /^ajv\//],
  logLevel: 'warn',
});
await bundle.write({ dir: fileURLToPath(new URL('flow/', folder)), cleanDir: true });
await bundle.close();
