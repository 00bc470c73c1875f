import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFolder } from '../src/core/package-folder.ts';
import { kinds, planPart } from './new/plan-part.ts';

/**
 * `npm run new -- KIND NAME`: writes the files of a new part, its test, and the lines that register it. What it writes
 * works, and is to be changed into what is wanted.
 */
async function writePart(root: string, [kind = '', name = '', ...rest]: readonly string[]): Promise<number> {
  if (name === '' || rest.length > 0) {
    console.error(`npm run new -- <${Object.keys(kinds).join('|')}> NAME`);
    return 2;
  }
  const planned = await planPart(root, kind, name);
  if ('problem' in planned) {
    console.error(planned.problem);
    return 2;
  }
  for (const [path, content] of planned.files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
  console.log(['', 'It works as it is. Left to do:', ...planned.left.map((each) => `- ${each}`)].join('\n'));
  return 0;
}

process.exitCode = await writePart(packageFolder(), process.argv.slice(2));
