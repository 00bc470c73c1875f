/** Every failure that reading an experiment can end with, and what it means. docs/errors.md is made from it. */
export const specCodes = {
  'file-not-found': 'The experiment file, or a file it builds on, cannot be read.',
  'not-text': 'The experiment file, or a file it builds on, is not a text in UTF-8.',
  'empty-file': 'The experiment file holds nothing.',
  'yaml-syntax': 'The file is not valid YAML 1.2.',
  'yaml-tab': 'YAML is indented with spaces; a tab was found.',
  'duplicate-key': 'A key stands twice in one map.',
  'yaml-alias': 'An alias names no anchor, contains itself, or aliases multiply the file beyond reason.',
  'bad-key': 'A key is not a text.',
  'bad-number': 'A number is infinite, not a number, or too large to be exact.',
  'unknown-key': 'A key means nothing at its place.',
  'missing-key': 'A key that must be there is not.',
  'wrong-type': 'A value is of another type than its place asks for.',
  'bad-name': 'A name has characters that names cannot have.',
  'unknown-stage-kind': '`uses` names no stage.',
  'bad-stage-manifest':
    'The stage.json of a stage of your own is not as schemas/stage.schema.json says, or its run.js is missing.',
  'unknown-param': 'A stage has no parameter or input of this name.',
  'missing-param': 'A parameter without a default is not given.',
  'bad-param': 'The value of a parameter is not one that its stage allows.',
  'bad-matrix': 'A matrix is not a map of lists, or it is too large.',
  'duplicate-instance': 'Two instances of a matrix would have the same name.',
  'bad-setting':
    'The value of a key of a stage (`if`, `needs`, `resources`, `retries`, `timeout`, `env`) is not allowed.',
  'misplaced-secret': 'A secret can only stand in `env`, since everything else is recorded.',
  'reserved-key': 'A key that is kept for a later version.',
  'bad-reference': 'What stands between `${` and `}` is not a reference.',
  'unknown-reference': 'A reference names something that is not there.',
  'missing-environment': 'An environment variable without a default is not set.',
  'reference-cycle': 'Parameters refer to each other in a circle.',
  'misplaced-output': 'An output of a stage can only be bound to an input port, as the whole value.',
  'unbound-input': 'An input port that is not optional is bound to nothing.',
  'bad-input': 'An input port is bound to something that is not a path or an output.',
  'wrong-kind': 'An output of one kind of artifact is bound to an input of another.',
  'too-many-inputs': 'A list, or a stage of several instances, is bound to an input port that takes one value.',
  'left-out-input': 'A stage reads an output of one that its `if` leaves out.',
  'input-not-found': 'A file or folder that is an input does not exist.',
  cycle: 'Stages depend on each other in a circle.',
  'unknown-profile': '`--profile` names no profile of the experiment.',
  'bad-override': 'A `--set` is not of the form path=value, or names nothing that can be set.',
} as const;

/** What `flow check` warns of. */
export const warningCodes = {
  'unused-param': 'Nothing refers to a parameter of the experiment.',
  'unread-output': 'Nothing reads an output of a stage, while others of its outputs are read.',
  'useless-exclude': 'An `exclude` of a matrix matches no instance.',
  'secret-in-value': 'A variable whose name sounds like a secret flows into a value that is recorded.',
} as const;

export type WarningCode = keyof typeof warningCodes;

export type SpecCode = keyof typeof specCodes;
