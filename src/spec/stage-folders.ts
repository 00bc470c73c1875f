/** Where the stages that come with the package lie. */
export interface StageFolders {
  /** Absolute; holds `<name>/stage.json`. */
  readonly manifests: string;
  /** Absolute; holds `<name>/run.js`. */
  readonly compiled: string;
}
