/** Something that set-up needs is not there. Not a defect: the wasm engine serves until the remedy is followed. */
export class SetupFailure extends Error {
  /**
   * @param {string} reason what is missing, as one sentence without a full stop
   * @param {string} remedy what the user can do about it
   */
  constructor(reason, remedy) {
    super(reason);
    this.name = 'SetupFailure';
    this.remedy = remedy;
  }
}
