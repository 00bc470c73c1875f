import { packageVersion } from '../core/package-folder.ts';
import { schemas } from './answers.ts';
import { type Operation, operations, parameterSchema, pathParameters } from './operations.ts';

type Json = Readonly<Record<string, unknown>>;

const encoded = {
  type: 'string',
  contentEncoding: 'base64',
  description: 'The bytes of an image in base64. Addresses and paths are not fetched.',
};

/** Bodies of JSON requests. */
export const bodySchemas = {
  image: { type: 'object', additionalProperties: false, properties: { image: encoded }, required: ['image'] },
  'two-images': {
    type: 'object',
    additionalProperties: false,
    properties: { images: { type: 'array', items: encoded, minItems: 2, maxItems: 2 } },
    required: ['images'],
  },
} as const;

/** The description of the interface: OpenAPI 3.1, whose schemas are JSON Schema 2020-12. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [operationId, operation] of Object.entries<Operation>(operations)) {
    (paths[operation.path] ??= {})[operation.method] = { operationId, ...described(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'faceflow',
      version: packageVersion(),
      summary: 'Detection, embedding, verification and identification of faces.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    security: [{}, { token: [] }],
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function described({ summary, path, body, query = {}, answer, status }: Operation): Json {
  const inPath = pathParameters(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: parameterSchema(name),
  }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
  const done =
    answer === undefined
      ? { description: 'Done.' }
      : { description: 'Done.', content: { 'application/json': { schema: schemas[answer] } } };
  const problem = {
    description: 'Refused; RFC 9457.',
    content: { 'application/problem+json': { schema: schemas.problem } },
  };
  return {
    summary,
    parameters: [...inPath, ...inQuery],
    ...(body === 'none' ? {} : { requestBody: { required: true, content: bodyContent(body) } }),
    responses: { [String(status)]: done, '4XX': problem, '5XX': problem },
  };
}

function bodyContent(body: 'image' | 'two-images'): Json {
  const json = { 'application/json': { schema: bodySchemas[body] } };
  return body === 'image' ? { 'application/octet-stream': {}, 'image/*': {}, ...json } : json;
}
