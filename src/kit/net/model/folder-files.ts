/** The files of a model folder, by name; who names `description` means the others beside it too. */
export const folderFiles = {
  description: 'model.json',
  values: 'parameters.bin',
  /** Only of a training that keeps its classifier. */
  classifier: 'classifier.params',
} as const;
