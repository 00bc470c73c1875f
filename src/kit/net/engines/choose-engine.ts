import { fail } from '../../../core/failure.ts';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import type { EngineChoice, EngineOverride } from './engine-override.ts';
import { installedEngine, type InstalledEngine } from './installed.ts';
import { installedOnnxruntime } from './installed-onnxruntime.ts';
import { packageFolder } from '../../../core/package-folder.ts';

export interface EnginePreference {
  /** The parameter `engine` of the stage. */
  readonly choice: EngineChoice;
  /** What `FLOW_ENGINE` asks for. */
  readonly request: EngineOverride | undefined;
  /** Names the stage in failures. */
  readonly stage: string;
}

/** Where to look; tests look elsewhere. */
export interface Installation {
  readonly folder: string;
  /** The installed onnxruntime, or why there is none. */
  readonly onnxruntime: EngineIdentity | string;
}

const installFix = 'npm install onnxruntime-node brings it; the parameter "engine: auto" takes the best there is';

/**
 * The engine that a stage which infers computes with. `auto` is what FLOW_ENGINE says, or else the fastest that is
 * installed: onnxruntime, tensorflow, wasm. Loads no library. A choice that cannot be met, or that contradicts
 * FLOW_ENGINE, is a failure; where `auto` has to take a slower one, the result says so.
 */
export function inferenceEngine(
  { choice, request, stage }: EnginePreference,
  installation: Installation = { folder: packageFolder(), onnxruntime: installedOnnxruntime() },
): InstalledEngine {
  const asked = agreed(choice, request, stage);
  const { folder, onnxruntime } = installation;
  if (asked === 'onnxruntime' || asked === undefined) {
    if (typeof onnxruntime !== 'string') return { identity: onnxruntime };
    if (asked === undefined) return withoutOnnxruntime(onnxruntime, folder);
    fail({
      code: 'engine-not-installed',
      message: `the engine "onnxruntime" was asked for and is not installed: ${onnxruntime}`,
      hint: installFix,
    });
  }
  return installedEngine(asked, folder);
}

/** The one that is asked for; undefined where nobody asks. */
function agreed(choice: EngineChoice, request: EngineOverride | undefined, stage: string): EngineOverride | undefined {
  if (choice === 'auto') return request;
  const isMet = request === undefined || request === choice || (request === 'cuda' && choice === 'tensorflow');
  if (isMet) return request ?? choice;
  return fail({
    code: 'engine-conflict',
    message: `stage "${stage}" asks for the engine "${choice}", and FLOW_ENGINE for "${request}"`,
    hint: 'unset FLOW_ENGINE, or give the stage "engine: auto", which follows it',
  });
}

function withoutOnnxruntime(reason: string, folder: string): InstalledEngine {
  const second = installedEngine(undefined, folder);
  const notice = [`${reason}: inference is slower without it`, second.notice].filter((line) => line !== undefined);
  return {
    identity: second.identity,
    notice: notice.join('; '),
    remedy: second.remedy ?? 'npm install onnxruntime-node',
  };
}
