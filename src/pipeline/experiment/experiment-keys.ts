import type { Json } from '../../core/digest.ts';

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
  tables: {
    type: ['object', 'null'],
    description: 'What flow table lays out, by name: rows, columns, published values.',
    additionalProperties: { $ref: 'table.schema.json' },
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
  if: {
    description: 'Leaves the stage out if it is false: true, false, or { value: ..., in: [...] } (or notIn).',
    type: ['boolean', 'string', 'object'],
    properties: { value: true, in: { type: 'array' }, notIn: { type: 'array' } },
  },
  needs: {
    description: 'Stages that have to succeed first, though none of their outputs is read.',
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
  },
  matrix: {
    description: 'Makes one task of each combination: lists by name, or ${stages.STAGE.matrix}.',
    type: ['object', 'string'],
    properties: {
      include: {
        description: 'Additional instances, or additional values for some.',
        type: 'array',
        items: { type: 'object' },
      },
      exclude: { description: 'Combinations to leave out.', type: 'array', items: { type: 'object' } },
    },
    additionalProperties: { type: ['array', 'string'] },
  },
  seed: { type: ['integer', 'string'], description: 'A seed of its own instead of the derived one.' },
  resources: {
    description: 'What a task occupies while it runs.',
    type: 'object',
    additionalProperties: false,
    properties: {
      cpus: { type: ['integer', 'string'], description: 'Processors, or all.' },
      memory: { type: 'string', description: 'An amount such as 8 GiB.' },
      gpus: { type: ['integer', 'string'], description: 'Graphics processors.' },
      ranks: { type: ['integer', 'string'], description: 'Processes that share a training, by MPI.' },
    },
  },
  retries: {
    description: 'How often a failed task is tried again: a number, or { times: 3, wait: 10 s }.',
    type: ['integer', 'object', 'string'],
    properties: { times: { type: 'integer' }, wait: { type: 'string' } },
  },
  timeout: {
    description: 'The longest a task may take, as 2 h; or { total: 2 h, silent: 10 min }.',
    type: ['string', 'object'],
    properties: { total: { type: 'string' }, silent: { type: 'string' } },
  },
  env: {
    description: 'Variables for the process of the task; ${secret.NAME} hands over a secret without recording it.',
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  },
} satisfies KeySchemas;
