import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { newBackbone } from './backbone.ts';
import { newCommand } from './command.ts';
import { newFormat } from './format.ts';
import { newLayer } from './layer.ts';
import { newLoss } from './loss.ts';
import { type Names, namesOf, type Part } from './part.ts';
import { NameTaken, register } from './register.ts';
import { newStage } from './stage.ts';

/** What there are templates for. Each makes something that compiles, is registered, and passes the common tests. */
export const kinds: Readonly<Record<string, (names: Names) => Part | Promise<Part>>> = {
  loss: newLoss,
  layer: newLayer,
  backbone: newBackbone,
  stage: newStage,
  format: newFormat,
  command: newCommand,
};

export interface PlannedPart {
  /** What is written: new files, and those with one more line; by path, relative to the package. */
  readonly files: ReadonlyMap<string, string>;
  readonly left: readonly string[];
}

/** The files of a new part; or why there can be none of this kind and name. */
export async function planPart(
  root: string,
  kind: string,
  name: string,
): Promise<PlannedPart | { readonly problem: string }> {
  const make = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (make === undefined)
    return { problem: `there is no template for "${kind}", only for ${Object.keys(kinds).join(', ')}` };
  const names = namesOf(name);
  if (names === undefined) {
    return {
      problem: `"${name}" is not a name for a ${kind}: lower case and hyphens, such as wide-margin, and no keyword`,
    };
  }
  const { files, registrations, left } = await make(names);
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken !== undefined) return { problem: `"${name}" is taken: there is a file ${taken}` };
  const planned = new Map<string, string>();
  try {
    for (const [path, content] of Object.entries(files)) planned.set(path, await formatted(root, path, content));
    for (const registration of registrations) {
      const { path } = registration;
      planned.set(path, await formatted(root, path, register(readFileSync(join(root, path), 'utf8'), registration)));
    }
  } catch (error) {
    if (error instanceof NameTaken) return { problem: `"${name}" is taken: ${error.message}` };
    throw error;
  }
  return { files: planned, left };
}

async function formatted(root: string, path: string, content: string): Promise<string> {
  const filepath = join(root, path);
  return format(content, { ...(await resolveConfig(filepath)), filepath });
}
