// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Which of the two are cleaned; noise in the others is counted and left as it is, for tables with and without cleaning. */
  readonly clean: 'both' | 'probes' | 'distractors' | 'none';
  /** mask: a small file beside the features; vectors: copies with an extra dimension, as remove_noises.py writes them. */
  readonly form: 'mask' | 'vectors';
  /** Of form vectors. matrix: features.bin, a row per image; files: <name><suffix>.bin, a column each. */
  readonly layout: 'matrix' | 'files';
  /** Part of the file names of layout files, e.g. _r100_cm_112x112. */
  readonly suffix: string;
  /** An image of a list without features: a failure that tells of all of them, or it is left out and named. */
  readonly missing: 'fail' | 'skip';
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Features of the probes. */
  readonly probes: string | undefined;
  /** Probes that show another person than their folder says: facescrub_noises.txt. */
  readonly probeNoises: string | undefined;
  /** Which of the probes: a list of the development kit, or a packing list. */
  readonly probeList: string | undefined;
  /** Features of the distractors. */
  readonly distractors: string | undefined;
  /** Distractors that show a person of the probes: megaface_noises.txt. */
  readonly distractorNoises: string | undefined;
  /** Which of the distractors: a list of the development kit, or a packing list. */
  readonly distractorList: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** mask.json, and replacements.bin for the probes that get another feature. */
  readonly mask: string;
  /** Counts, and the names that were matched, missing and unused. */
  readonly noises: string;
  /** With form: vectors the cleaned probes; empty otherwise. */
  readonly probes: string;
  /** With form: vectors the cleaned distractors; empty otherwise. */
  readonly distractors: string;
}
