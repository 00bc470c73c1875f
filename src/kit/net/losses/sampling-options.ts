/** Of losses that compare the images of a batch with each other. */
export const imagesPerIdentity = {
  type: 'integer',
  minimum: 2,
  description: 'Images of each identity in a batch (--images-per-identity).',
} as const;
