import { fail } from '../../../core/failure.ts';

/** What `FLOW_ENGINE` may hold: `cuda` is tensorflow on a GPU, and nothing else will do. */
export const engineRequests = ['tensorflow', 'cuda', 'onnxruntime', 'wasm', 'cpu'] as const;
export type EngineOverride = (typeof engineRequests)[number];

/** What the parameter `engine` of a stage that infers may hold; `auto` is the fastest that is installed. */
export const engineChoices = ['auto', 'tensorflow', 'onnxruntime', 'wasm', 'cpu'] as const;
export type EngineChoice = (typeof engineChoices)[number];

/** Gives `text` back as a request, or fails naming what there is. Empty and undefined mean: no request. */
export function parseEngineRequest(text: string | undefined): EngineOverride | undefined {
  if (text === undefined || text === '') return undefined;
  return (
    engineRequests.find((request) => request === text) ??
    fail({
      code: 'unknown-engine',
      message: `there is no engine "${text}"`,
      hint: `FLOW_ENGINE may be ${engineRequests.join(', ')}, or unset for the best one that is installed`,
    })
  );
}

/** A stage's own choice, checked: stages of the user's own may hold anything. */
export function parseEngineChoice(value: unknown): EngineChoice {
  if (value === undefined) return 'auto';
  return (
    engineChoices.find((choice) => choice === value) ??
    fail({
      code: 'unknown-engine',
      message: `there is no engine ${JSON.stringify(value)}`,
      hint: `the parameter "engine" may be ${engineChoices.join(', ')}`,
    })
  );
}
