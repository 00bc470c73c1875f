// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Heading of the page; empty: the name of the experiment. */
  readonly title: string;
  /** Faces to show. */
  readonly samples: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** Curves of trainings. */
  readonly logs: readonly string[];
  /** Results to show with their ROC. */
  readonly verifications: readonly string[];
  /** Figures and curves that programs have measured. */
  readonly figures: readonly string[];
  /** Counts and contact sheets of alignments (alignment.json). */
  readonly alignments: readonly string[];
  /** Searches among distractors (megaface.json). */
  readonly identifications: readonly string[];
  /** Images to show samples of. */
  readonly images: string | undefined;
  /** The history of the inputs. */
  readonly lineage: string;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The page. */
  readonly page: string;
}
