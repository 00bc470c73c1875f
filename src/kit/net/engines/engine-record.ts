import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { packageFolder } from '../../../core/package-folder.ts';

/** What set-up found out about the engine of this installation: node_modules/.faceflow/engine.json, written by setup/. */
export interface EngineRecord {
  readonly format: 'faceflow-engine';
  readonly version: 1;
  /** The engine that was proved by computing with it. */
  readonly engine: EngineIdentity;
  /** Where it computed: `cpu`, or `gpu` first where a GPU was found. */
  readonly devices: readonly ('cpu' | 'gpu')[];
  /** Why this is not the tensorflow engine; absent where it is. */
  readonly instead?: { readonly reason: string; readonly remedy?: string };
  /** Files that must be there for the engine to load, relative to the package or absolute. */
  readonly files: readonly string[];
  /** When and with what it was proved. */
  readonly proof: { readonly at: string; readonly node: string; readonly computed: string };
}

/** The record, or undefined where set-up has not run. */
export function readEngineRecord(folder: string = packageFolder()): EngineRecord | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'node_modules', '.faceflow', 'engine.json'), 'utf8');
  } catch {
    return undefined;
  }
  const record: unknown = JSON.parse(text);
  return isEngineRecord(record) ? record : undefined;
}

function isEngineRecord(value: unknown): value is EngineRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 'faceflow-engine' &&
    'version' in value &&
    value.version === 1
  );
}
