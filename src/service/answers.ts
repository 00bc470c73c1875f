/*
 * JSON schemas (2020-12) of what the service answers; docs of the interface and the client are made of them. `title` is the name
 * of the type in the client.
 */

type Schema = Readonly<Record<string, unknown>>;

const number = { type: 'number' };
const integer = { type: 'integer' };
const text = { type: 'string' };

/** All properties are there, and no others. */
function object(title: string, properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { title, type: 'object', additionalProperties: false, properties, required };
}

function list(items: Schema): Schema {
  return { type: 'array', items };
}

const interval = object('Interval', { low: number, high: number });
const box = object('FaceBox', { left: number, top: number, right: number, bottom: number });
const point = { type: 'array', items: number, minItems: 2, maxItems: 2 };

const faceProperties = {
  box: { ...box, description: 'Edges in pixels of the image, turned upright.' },
  score: { ...number, description: 'Confidence of the detector, 0 to 1.' },
  points: {
    ...{ ...list(point), minItems: 5, maxItems: 5 },
    description: 'Image-left eye, image-right eye, nose tip, image-left and image-right mouth corner, in pixels.',
  },
};

const face = object('Face', faceProperties);
const vector = { ...list(number), description: 'Of length 1.' };
const contract = { ...text, description: 'Vectors of other contracts cannot be compared with this one.' };
const similarity = { ...number, description: 'Dot product of vectors of length 1: -1 to 1.' };

const threshold = object('Threshold', {
  similarity,
  far: object('Rate', { value: number, interval }),
  evaluatedOn: object('EvaluatedOn', { model: text, set: text, pairs: integer }),
});

const match = object('Match', { person: text, similarity });
/**
 * Of galleries and persons: letters and digits of any script, and what joins them in names. People are called José, 王, ’t Hooft,
 * Martin Luther King, Jr., Gal·la, ジョン・スミス, צ׳רלס, or علی‌رضا, with a character of no width (U+200C; U+200D in Sinhala).
 */
export const nameSchema = {
  ...text,
  // No space at the end: it would be another name, which looks the same.
  pattern: "^(?!.* $)['’]?[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._, '’‘·・׳״־‐\\u200c\\u200d-]{0,99}$",
};

export const schemas = {
  problem: object('Problem', { type: text, title: text, status: integer, detail: text, instance: text }, ['instance']),
  detection: object('Detection', { faces: list(face) }),
  embedding: object('Embedding', {
    contract,
    faces: list(object('EmbeddedFace', { ...faceProperties, vector })),
  }),
  verification: object('Verification', {
    contract,
    similarity,
    distance: { ...number, description: 'Squared Euclidean: 2 - 2 x similarity.' },
    same: { type: ['boolean', 'null'], description: 'At the threshold; null where none is known for the model.' },
    threshold: { anyOf: [threshold, { type: 'null' }] },
    faces: { ...list(face), description: 'The largest face of each image.' },
  }),
  identification: object('Identification', {
    contract,
    approximate: {
      ...{ type: 'boolean' },
      description:
        'Whether persons may lack: an approximate index has found them, and their similarities are exact. Otherwise all were compared.',
    },
    faces: list(object('IdentifiedFace', { ...faceProperties, matches: list(match) })),
  }),
  galleries: object('GalleryList', {
    galleries: list(object('GalleryFacts', { name: nameSchema, persons: integer, images: integer })),
  }),
  gallery: object('Gallery', {
    name: nameSchema,
    persons: list(object('Person', { name: nameSchema, images: list(integer) })),
  }),
  storedFace: object('StoredFace', { id: integer, person: nameSchema, sha256: text }),
  health: object('Health', {
    status: { const: 'ok' },
    contract,
    model: text,
    computesWith: text,
    waiting: integer,
    index: object('GalleryIndex', {
      kind: { enum: ['exact', 'approximate'], description: 'What galleries are searched with.' },
      library: { type: ['string', 'null'], description: 'Of an approximate index, with its version.' },
      vectors: integer,
    }),
    licences: list(
      object('Licence', { name: text, licence: text, trainingData: text, allowedUse: { enum: ['any', 'research'] } }),
    ),
  }),
} as const;
