import { nameSchema, type schemas } from './answers.ts';

/** What a request brings: an image, two of them as JSON, or nothing. */
type Body = 'image' | 'two-images' | 'none';

/** An operation of the service as data: routes, the description of the interface and the client are made of this table. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces, as OpenAPI has them. */
  readonly path: string;
  readonly summary: string;
  readonly body: Body;
  readonly query?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Name in {@link schemas}; absent: 204, no content. */
  readonly answer?: keyof typeof schemas;
  readonly status: 200 | 201 | 204;
}

const top = { type: 'integer', minimum: 1, maximum: 100, default: 5, description: 'Persons to answer for each face.' };

export const operations = {
  detect: {
    ...{ method: 'post', path: '/detect', body: 'image', answer: 'detection', status: 200 },
    summary: 'The faces of an image, by descending score.',
  },
  embed: {
    ...{ method: 'post', path: '/embed', body: 'image', answer: 'embedding', status: 200 },
    summary: 'The faces of an image with their vectors.',
  },
  verify: {
    ...{ method: 'post', path: '/verify', body: 'two-images', answer: 'verification', status: 200 },
    summary: 'Whether the largest faces of two images are those of one person.',
  },
  identify: {
    ...{ method: 'post', path: '/galleries/{gallery}/identify', body: 'image', answer: 'identification', status: 200 },
    summary:
      'The persons of a gallery that each face of an image is most like; all are compared, unless the index is approximate.',
    query: { top },
  },
  listGalleries: {
    ...{ method: 'get', path: '/galleries', body: 'none', answer: 'galleries', status: 200 },
    summary: 'All galleries.',
  },
  createGallery: {
    ...{ method: 'put', path: '/galleries/{gallery}', body: 'none', answer: 'gallery', status: 200 },
    summary: 'Creates a gallery, unless it is there.',
  },
  getGallery: {
    ...{ method: 'get', path: '/galleries/{gallery}', body: 'none', answer: 'gallery', status: 200 },
    summary: 'The persons of a gallery, with the ids of their images.',
  },
  deleteGallery: {
    ...{ method: 'delete', path: '/galleries/{gallery}', body: 'none', status: 204 },
    summary: 'Removes a gallery with all that is in it.',
  },
  addImage: {
    ...{
      method: 'post',
      path: '/galleries/{gallery}/persons/{person}/images',
      body: 'image',
      answer: 'storedFace',
      status: 201,
    },
    summary: 'Adds an image of one face to a person; its vector is kept, the image is not.',
  },
  deletePerson: {
    ...{ method: 'delete', path: '/galleries/{gallery}/persons/{person}', body: 'none', status: 204 },
    summary: 'Removes a person with all images.',
  },
  deleteImage: {
    ...{ method: 'delete', path: '/galleries/{gallery}/images/{image}', body: 'none', status: 204 },
    summary: 'Removes one image.',
  },
  health: {
    ...{ method: 'get', path: '/health', body: 'none', answer: 'health', status: 200 },
    summary: 'Whether the service works, what it computes with, and under which licences.',
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof operations;

/** Names of the parameters in a path. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name = '']) => name);
}

/** The schema of a parameter in a path. */
export function parameterSchema(name: string): Readonly<Record<string, unknown>> {
  return name === 'image' ? { type: 'integer', minimum: 1 } : nameSchema;
}
