/** The stages `faces`, `pack` and the beginning of `train`, to be followed by further parameters: a small network learns a few drawn faces. */
export const trainsOnFewFaces = `stages:
  faces:
    uses: synthesize
    with: { identities: 8, imagesPerIdentity: 4, heldOut: 2, pairs: 10 }
  pack:
    uses: face2rec
    with: { images: "\${stages.faces.outputs.images}", list: "\${stages.faces.outputs.list}", protocol: "\${stages.faces.outputs.protocol}" }
  train:
    uses: train
    with:
      dataset: \${stages.pack.outputs.dataset}
      network: { name: y1, embeddingSize: 16 }
`;
