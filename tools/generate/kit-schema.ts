import { detectors } from '../../src/kit/face/detectors/index.ts';
import { backbones } from '../../src/kit/net/backbones/index.ts';
import { engineChoices } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormats } from '../../src/kit/net/exchange/index.ts';
import { normalizationPresets } from '../../src/kit/net/exchange/normalization-presets.ts';
import type { ModelFormat } from '../../src/kit/net/exchange/model-format.ts';
import { losses } from '../../src/kit/net/losses/index.ts';
import { defaultOptimizer, optimizers } from '../../src/kit/net/optimizers/index.ts';
import { defaultSchedule, scheduleLength, schedules } from '../../src/kit/net/schedules/index.ts';
import type { Json } from '../../src/core/digest.ts';

type Schema = Readonly<Record<string, Json>>;

/** What the entries of a registry say about themselves. */
type Registry = Readonly<Record<string, { readonly summary: string; readonly options: object }>>;

/**
 * What is done to the images of a model; the type InputNormalization. Without a default: 0..255 as they are is a statement
 * too. Nor has a half of it one: a network fed (value - 127.5) is another than one fed (value - 127.5) / 128.
 */
const presetNames = Object.keys(normalizationPresets);

const normalization: Schema = {
  // One schema instead of a choice of two: within a choice no defaults are filled in.
  type: ['string', 'object'],
  pattern: `^(${presetNames.join('|')})$`,
  expected: `${presetNames.join(', ')}, or an object with mean and scale`,
  additionalProperties: false,
  description:
    'What the network is fed, (value - mean) * scale, where its file does not say it itself. {"mean": 0, "scale": 1}: 0..255 as they are. Or the name of what a well-known program feeds: ' +
    `${presetNames.join(', ')}.`,
  required: ['mean', 'scale'],
  properties: {
    mean: {
      type: ['number', 'array'],
      items: { type: 'number' },
      minItems: 3,
      maxItems: 3,
      description: 'On the scale of images, 0..255; one number, or those of red, green and blue.',
    },
    scale: {
      type: ['number', 'array'],
      exclusiveMinimum: 0,
      items: { type: 'number', exclusiveMinimum: 0 },
      minItems: 3,
      maxItems: 3,
      description: 'Factor after the mean is taken off; one number, or three.',
    },
    colorOrder: { enum: ['rgb', 'bgr'], default: 'rgb', description: 'Order of the channels.' },
  },
};

/** The schema of networks, detectors, losses, optimizers, schedules and engines, from their registries: what is registered can be written in an experiment. */
export function kitSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Networks, detectors, losses, optimizers, schedules and engines of faceflow',
    description: 'Generated from the registries in src/kit by `npm run generate`; not to be edited.',
    $defs: {
      network: choice('The embedding network and its options.', backbones),
      engine: {
        enum: [...engineChoices],
        default: 'auto',
        description:
          'What computes: auto is what FLOW_ENGINE says, or the fastest of onnxruntime, tensorflow, wasm that is installed.',
      },
      modelFormat: {
        enum: Object.values(modelFormats).map(({ name }) => name),
        description: Object.values(modelFormats)
          .map(({ name, summary }) => `${name}: ${summary}`)
          .join(' '),
      },
      modelCompanion: {
        enum: [...new Set(Object.values<ModelFormat>(modelFormats).flatMap(({ companions }) => companions))],
        description: 'Endings of the files of a model that belong together, `*` for any digits.',
      },
      normalization,
      detector: choice('What finds the faces, and its options.', detectors),
      loss: choice('The loss and its options.', losses),
      optimizer: optionalChoice('How weights follow their gradients.', {
        registry: optimizers,
        fallback: defaultOptimizer,
      }),
      schedule: optionalChoice('How long the training is, and how the learning rate changes.', {
        registry: schedules,
        fallback: defaultSchedule,
        common: scheduleLength,
      }),
    },
  };
}

/** One of the registered names, each with its own options. The discriminator lets ajv fill in defaults and name the branch. */
function choice(description: string, registry: Registry): Schema {
  return {
    type: 'object',
    description,
    required: ['name'],
    discriminator: { propertyName: 'name' },
    oneOf: Object.entries(registry).map(([name, { summary, options }]) => ({
      type: 'object',
      description: summary,
      additionalProperties: false,
      required: ['name'],
      properties: { name: { const: name, description: summary }, ...(options as Record<string, Schema>) },
    })),
  };
}

/**
 * As {@link choice}, but the name may be left out, and then is not filled in: parameters that were resolved before there
 * was a choice keep their keys in the cache. A discriminator needs the name, so the branches are a chain of `if`s.
 */
function optionalChoice(
  description: string,
  entries: {
    readonly registry: Registry;
    readonly fallback: string;
    /** Options that every entry has. */
    readonly common?: Readonly<Record<string, Schema>>;
  },
): Schema {
  const { registry, fallback, common = {} } = entries;
  const branch = (name: string, tag: Schema): Schema => ({
    description: registry[name]?.summary ?? '',
    additionalProperties: false,
    properties: { name: tag, ...common, ...(registry[name]?.options as Record<string, Schema>) },
  });
  const names = Object.keys(registry);
  const last = branch(fallback, { enum: names, description: `Which rule; ${fallback} if it is left out.` });
  const branches = names
    .filter((name) => name !== fallback)
    .reduceRight<Schema>(
      (otherwise, name) => ({
        if: { required: ['name'], properties: { name: { const: name } } },
        then: branch(name, { const: name, description: registry[name]?.summary ?? '' }),
        else: otherwise,
      }),
      last,
    );
  return { type: 'object', description, ...branches };
}
