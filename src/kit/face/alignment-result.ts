/** The content of alignment.json, which the stage `align` writes and `report` shows. */
export interface AlignmentFile {
  readonly format: 'faceflow-alignment';
  readonly version: 1;
  /** Figures by name, in their order: images, what became of them, how faces were found, residuals. */
  readonly counts: Readonly<Record<string, number>>;
  readonly sheet: ContactSheetImages;
}

/** Images to look at: the first, those whose points fit the template worst, the first without points, the first without a face. */
export type ContactSheetImages = Readonly<Record<'first' | 'strangest' | 'cropped' | 'failed', readonly SheetImage[]>>;

export interface SheetImage {
  readonly image: string;
  /** Shown below it: residual, or why it was left out. */
  readonly caption: string;
  /** A small JPEG as a data URI; empty where the image could not be decoded. */
  readonly thumbnail: string;
}
