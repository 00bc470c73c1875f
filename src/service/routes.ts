import type { FastifyInstance, FastifyReply } from 'fastify';
import type { FaceService } from './face-service.ts';
import { bodySchemas } from './openapi.ts';
import { type Operation, type OperationName, operations, parameterSchema, pathParameters } from './operations.ts';
import { Problem } from './problem.ts';

/** A request as an operation sees it. */
interface Asked {
  /** One image, two of them, or none. */
  readonly images: readonly Uint8Array[];
  readonly parameters: Readonly<Record<string, string | number>>;
  /** Aborted when the client no longer waits for the answer. */
  readonly signal: AbortSignal;
}

type Answers = Readonly<Record<OperationName, (asked: Asked) => object | undefined | Promise<object | undefined>>>;

/** What each operation answers; undefined: nothing to tell. */
function answersOf(service: FaceService): Answers {
  const { galleries } = service;
  const textOf = ({ parameters }: Asked, name: string): string => String(parameters[name]);
  const galleryOf = (name: string): object => ({ name, persons: galleries.persons(name) });
  return {
    detect: ({ images, signal }) => service.detect(only(images), signal),
    embed: ({ images, signal }) => service.embed(only(images), signal),
    verify: ({ images, signal }) => service.verify(pair(images), signal),
    identify: (asked) => {
      const where = { gallery: textOf(asked, 'gallery'), top: Number(asked.parameters['top']) };
      return service.identify(only(asked.images), where, asked.signal);
    },
    listGalleries: () => ({ galleries: galleries.list() }),
    createGallery: async (asked) => {
      await galleries.create(textOf(asked, 'gallery'));
      return galleryOf(textOf(asked, 'gallery'));
    },
    getGallery: (asked) => galleryOf(textOf(asked, 'gallery')),
    deleteGallery: async (asked) => {
      await galleries.remove(textOf(asked, 'gallery'));
      return undefined;
    },
    addImage: (asked) => {
      const where = { gallery: textOf(asked, 'gallery'), person: textOf(asked, 'person') };
      return service.addImage(only(asked.images), where, asked.signal);
    },
    deletePerson: async (asked) => {
      await galleries.removePerson(textOf(asked, 'gallery'), textOf(asked, 'person'));
      return undefined;
    },
    deleteImage: async (asked) => {
      await galleries.removeFace(textOf(asked, 'gallery'), Number(asked.parameters['image']));
      return undefined;
    },
    health: () => {
      const { model, computesWith } = service.embedder;
      const licences = service.licences.map(({ name, licence, trainingData, allowedUse }) => {
        return { name, licence, trainingData, allowedUse };
      });
      const { kind, library, vectors } = galleries.index;
      const named = model.split('/').at(-1) ?? '';
      return {
        status: 'ok',
        contract: service.contract,
        model: named,
        computesWith,
        waiting: service.counts.waiting,
        index: { kind, library, vectors },
        licences,
      };
    },
  };
}

/** Makes the routes of all operations. */
export function declareRoutes(server: FastifyInstance, service: FaceService): void {
  const answers = answersOf(service);
  for (const name of Object.keys(operations) as OperationName[]) {
    const operation: Operation = operations[name];
    server.route({
      method: operation.method.toUpperCase(),
      url: operation.path.replaceAll(/\{([a-z]+)\}/g, ':$1'),
      schema: schemaOf(operation),
      preValidation(request, _, done) {
        request.params = typed(request.params as Texts, parameterSchema);
        request.query = typed(request.query as Texts, (parameter) => operation.query?.[parameter]);
        done();
      },
      async handler(request, reply) {
        const images = operation.body === 'none' ? [] : imagesOf(request.body);
        const parameters = {
          ...(request.params as object),
          ...(request.query as object),
        } as Asked['parameters'];
        const answer = await answers[name]({ images, parameters, signal: signalOf(reply) });
        return reply.code(operation.status).send(answer);
      },
    });
  }
}

function schemaOf({ path, query, body }: Operation): object {
  const names = pathParameters(path);
  const params = Object.fromEntries(names.map((name) => [name, parameterSchema(name)]));
  return {
    ...(names.length === 0 ? {} : { params: { type: 'object', properties: params, required: names } }),
    querystring: { type: 'object', additionalProperties: false, properties: query ?? {} },
    ...(body === 'none' ? {} : { body: { content: { 'application/json': { schema: bodySchemas[body] } } } }),
  };
}

/** What an address says: a text, or several where a parameter is repeated. */
type Texts = Readonly<Record<string, string | readonly string[]>>;

/**
 * Parameters of an address as they are checked: digits as a number where one is expected, and names as one sequence of characters,
 * however a client has composed them: `é` is one character or two.
 */
function typed(texts: Texts, schemaFor: (name: string) => Readonly<Record<string, unknown>> | undefined): object {
  const values = Object.entries(texts).map(([name, text]): [string, unknown] => {
    if (typeof text !== 'string') return [name, text];
    const isNumber = schemaFor(name)?.['type'] === 'integer' && /^\d+$/.test(text);
    return [name, isNumber ? Number(text) : text.normalize('NFC')];
  });
  return Object.fromEntries(values);
}

function imagesOf(body: unknown): Uint8Array[] {
  if (body instanceof Uint8Array) return [body];
  if (typeof body !== 'object' || body === null) {
    throw new Problem('no-image', 400, { detail: 'the body has to be an image, or JSON with one in base64' });
  }
  const { image, images } = body as { readonly image?: string; readonly images?: readonly string[] };
  return (images ?? [image ?? '']).map(decodeBase64);
}

function decodeBase64(text: string): Uint8Array {
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  const detail = `expected the bytes of an image in base64, found text that begins ${JSON.stringify(text.slice(0, 20))}; addresses and paths are not fetched`;
  throw new Problem('not-base64', 400, { detail });
}

function only([image, ...others]: readonly Uint8Array[]): Uint8Array {
  if (image !== undefined && others.length === 0) return image;
  throw new Problem('no-image', 400, { detail: 'one image is needed' });
}

function pair([one, other, ...others]: readonly Uint8Array[]): readonly [Uint8Array, Uint8Array] {
  if (one !== undefined && other !== undefined && others.length === 0) return [one, other];
  throw new Problem('no-image', 400, { detail: 'two images are needed, as JSON: {"images": [BASE64, BASE64]}' });
}

/** Aborted if the client goes away before it has its answer. */
function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new Problem('client-gone', 499, { detail: 'the client has gone' }));
  });
  return controller.signal;
}
