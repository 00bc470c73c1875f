import type { Json } from '../base/digest.ts';

type KeySchemas = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** What an experiment may hold, as editors see it (schemas/experiment.schema.json is made from it). */
export const experimentKeys = {
  name: { type: 'string', minLength: 1, description: 'Name of the experiment.' },
  summary: { type: 'string', description: 'One sentence: what it is to show.' },
  extends: {
    description: 'An experiment file, or a list of them, that this one is laid over. Relative to this file.',
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
  },
  seed: { type: 'integer', default: 0, description: 'What the seeds of all stages derive from.' },
  params: {
    type: ['object', 'null'],
    description: 'Values used in several places, or to be changed with --set: ${params.NAME}.',
  },
  stages: {
    type: 'object',
    description: 'What is to be done, by a name of your own.',
    additionalProperties: { $ref: '#/definitions/stage' },
  },
  profiles: {
    type: ['object', 'null'],
    description: 'Overlays chosen with --profile.',
    additionalProperties: { $ref: '#/definitions/overlay' },
  },
} satisfies KeySchemas;

/** What a stage of an experiment may hold. */
export const stageKeys = {
  uses: { type: 'string', description: 'The kind of stage, or a folder of your own that holds one: ./stages/mine.' },
  with: { type: ['object', 'null'], description: 'Its parameters and inputs.' },
  seed: { type: 'integer', description: 'A seed of its own instead of the derived one.' },
} satisfies KeySchemas;
