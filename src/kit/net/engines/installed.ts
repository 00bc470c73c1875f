import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { readEngineRecord, type EngineRecord } from './engine-record.ts';
import type { EngineOverride } from './engine-override.ts';
import { packageFolder } from '../../../core/package-folder.ts';

export interface InstalledEngine {
  readonly identity: EngineIdentity;
  /** Set where nobody chose this engine and a better one exists: why it serves. */
  readonly notice?: string;
  /** What to do to get the better one. */
  readonly remedy?: string;
}

const setupCommand = 'npm run setup';

/**
 * The engine that tasks which train compute with, told from the record of set-up alone: no tensor library is loaded, so
 * that planning stays cheap. A request that cannot be met is a failure, and so is an installation that has lost files.
 */
export function installedEngine(request?: EngineOverride, folder: string = packageFolder()): InstalledEngine {
  if (request === 'onnxruntime') {
    fail({
      code: 'engine-cannot-train',
      message: 'the engine "onnxruntime" was asked for, and it infers only: a stage that trains needs another',
      hint: 'leave FLOW_ENGINE unset and give the stages that infer the parameter "engine: onnxruntime"',
    });
  }
  if (request === 'wasm' || request === 'cpu') return { identity: scriptEngine(request) };
  const record = readEngineRecord(folder);
  if (record?.engine.name === 'tensorflow') {
    checkFiles(record, folder);
    if (request === 'tensorflow') return { identity: record.engine };
    if (request !== 'cuda' || record.devices.includes('gpu'))
      return { identity: record.engine, ...explanation(record) };
  }
  if (request !== undefined) refuse(request, record);
  return { identity: scriptEngine('wasm'), ...explanation(record) };
}

/** Nothing where set-up found nothing missing. */
function explanation(record: EngineRecord | undefined): Pick<InstalledEngine, 'notice' | 'remedy'> {
  if (record === undefined) {
    return { notice: 'set-up has not run here: the wasm engine serves, several times slower', remedy: setupCommand };
  }
  if (record.instead === undefined) return {};
  const { reason, remedy } = record.instead;
  return remedy === undefined ? { notice: reason } : { notice: reason, remedy };
}

function scriptEngine(name: 'wasm' | 'cpu'): EngineIdentity {
  const require = createRequire(import.meta.url);
  const { version } = require(`@tensorflow/tfjs-backend-${name}/package.json`) as { readonly version: string };
  return { name, version };
}

function checkFiles(record: EngineRecord, folder: string): void {
  const lost = record.files.find((file) => !existsSync(resolve(folder, file)));
  if (lost === undefined) return;
  fail({
    code: 'engine-incomplete',
    message: `set-up installed the tensorflow engine, but its file ${lost} is gone`,
    hint: `${setupCommand} installs it anew; FLOW_ENGINE=wasm runs without it`,
  });
}

function refuse(request: 'tensorflow' | 'cuda', record: EngineRecord | undefined): never {
  const why =
    record === undefined
      ? 'set-up has not run here'
      : (record.instead?.reason ?? `set-up found ${record.engine.name} ${record.engine.version} without a GPU`);
  fail({
    code: 'engine-not-installed',
    message: `the engine "${request}" was asked for and is not installed: ${why}`,
    hint: record?.instead?.remedy ?? (request === 'cuda' ? `FLOW_ENGINE=cuda ${setupCommand}` : setupCommand),
  });
}
