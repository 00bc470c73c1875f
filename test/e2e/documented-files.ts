import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** The files that a document shows, by name: each a block of code behind `<!-- file NAME -->`. */
export function documentedFiles(document: string): Map<string, string> {
  const text = readFileSync(`${repository}${document}`, 'utf8');
  const blocks = text.matchAll(/<!-- file (\S+) -->\s*```\w+\n([\s\S]*?)\n```/g);
  return new Map([...blocks].map(([, name = '', content = '']) => [name, `${content}\n`]));
}

/** The commands of a document: lines that are indented by four spaces and begin with a name of a program. */
export function documentedCommands(document: string, program: string): string[] {
  const text = readFileSync(`${repository}${document}`, 'utf8');
  return [...text.matchAll(new RegExp(`^ {4}(${program} .*?)(?: {2,}\\S.*)?$`, 'gm'))].map(
    ([, command = '']) => command,
  );
}
