import { catalogue, type FailureText } from '../../core/failure.ts';

type Names = readonly string[];

/** Of a choice between words: the one that was found, and those that are allowed. */
export type Choice = NonNullable<FailureText['suggest']>;

/** What references look like, for hints. */
export const referenceForms =
  '${params.NAME}, ${stages.STAGE.outputs.PORT}, ${matrix.NAME}, ${env.NAME:-default}, ${seed} or ${run.name}';

const manifestHint = 'The schema of stage.json is schemas/stage.schema.json.';

/** A hint that lists what there is, if there is anything. */
function itHas(known: Names): string | undefined {
  return known.length > 0 ? `It has: ${known.join(', ')}.` : undefined;
}

interface UnknownParam {
  readonly owner: string;
  readonly name: string;
  readonly known: Names;
  /** Paths in the same stage that may be meant. */
  readonly elsewhere: Names;
}

function joined(...sentences: readonly (string | undefined)[]): string | undefined {
  return sentences.filter((each) => each !== undefined).join(' ') || undefined;
}

/** `"size" of stage "a" must be a list, found 3`, or without a subject `expected a list, found 3`. */
function mismatch({ what, expected, found }: { what?: string | undefined; expected: string; found: string }): string {
  return what === undefined ? `expected ${expected}, found ${found}` : `${what} must be ${expected}, found ${found}`;
}

/** Every way in which reading an experiment can fail. The printed texts are compared in test/pipeline/experiment/fixtures. */
export const failures = catalogue({
  // Files and YAML

  fileNotFound: {
    meaning: 'The experiment file, or a file it builds on, cannot be read.',
    text: ({ file, reason, experiments }: { file: string; reason: string; experiments?: Names | undefined }) => ({
      message: `cannot read ${file}: ${reason}`,
      hint:
        experiments &&
        (experiments.length === 0
          ? 'Name an experiment, a YAML file; this folder holds none.'
          : `Name one of the files in it: ${experiments.join(', ')}.`),
    }),
    example: { file: 'pipelines/lwf.yaml', reason: 'the file does not exist' },
  },
  notText: {
    meaning: 'The experiment file, or a file it builds on, is not UTF-8 text.',
    text: ({ file }: { file: string }) => ({
      message: `expected a YAML file, found one that is not UTF-8 text: ${file}`,
    }),
    example: { file: 'experiment.yaml' },
  },
  emptyFile: {
    meaning: 'The file of an experiment, or of a table, is empty.',
    text: ({ wanted }: { wanted: 'experiment' | 'table' }) => ({
      message: `expected ${wanted === 'table' ? 'a table or an experiment' : 'an experiment'}, found an empty file`,
      hint:
        wanted === 'table'
          ? 'A table has at least rows and columns, an experiment a name and stages.'
          : 'An experiment has at least a name and stages.',
    }),
    example: { wanted: 'experiment' },
  },
  yamlSyntax: {
    meaning: 'The file is not valid YAML 1.2.',
    text: ({ problem, unquoted }: { problem: string; unquoted: boolean }) => ({
      message: problem.charAt(0).toLowerCase() + problem.slice(1),
      hint: unquoted ? 'Within { } and [ ] a reference has to be quoted: "${params.NAME}".' : undefined,
    }),
    example: { problem: 'Unexpected flow-map-start at node end', unquoted: true },
  },
  secondDocument: {
    code: 'yaml-syntax',
    meaning: 'A file holds a second YAML document.',
    text: () => ({ message: 'expected one document, found the start of another' }),
    example: {},
  },
  taggedValue: {
    code: 'yaml-syntax',
    meaning: 'A value has a YAML tag.',
    text: ({ tag }: { tag: string | undefined }) => ({
      message: `expected a plain value, found ${tag === undefined ? 'a tagged one' : `one with the tag ${tag.replace('tag:yaml.org,2002:', '!!')}`}`,
      hint: 'Tags mean nothing here: write the value without it.',
    }),
    example: { tag: '!secret' },
  },
  mergeKey: {
    code: 'yaml-syntax',
    meaning: 'A mapping has the merge key of YAML 1.1.',
    text: () => ({
      message: 'expected a key, found "<<": merge keys are of YAML 1.1, and this is YAML 1.2',
      hint: 'Write the keys out, refer to each of them as ${params.NAME}, or lay files over each other with "extends".',
    }),
    example: {},
  },
  yamlTab: {
    meaning: 'YAML is indented with spaces; a tab was found.',
    text: () => ({ message: 'expected spaces, found a tab: YAML is not indented with tabs' }),
    example: {},
  },
  duplicateKey: {
    meaning: 'A key appears twice in one mapping.',
    text: ({ key }: { key: string }) => ({ message: `key "${key}" appears twice in this mapping` }),
    example: { key: 'count' },
  },
  yamlAlias: {
    meaning: 'An alias names no anchor, contains itself, or aliases multiply the file beyond reason.',
    text: ({ anchor }: { anchor: string }) => ({ message: `there is no anchor "&${anchor}" before this alias` }),
    example: { anchor: 'settings' },
  },
  recursiveAlias: {
    code: 'yaml-alias',
    meaning: 'An alias contains itself.',
    text: ({ anchor }: { anchor: string }) => ({ message: `alias "*${anchor}" contains itself` }),
    example: { anchor: 'all' },
  },
  tooDeep: {
    meaning: 'Values are nested deeper than any experiment needs.',
    text: ({ maxDepth }: { maxDepth: number }) => ({
      message: `values are nested here in more than ${maxDepth} levels`,
    }),
    example: { maxDepth: 200 },
  },
  tooManyAliases: {
    code: 'yaml-alias',
    meaning: 'Aliases multiply the file beyond reason.',
    text: () => ({ message: 'aliases multiply this file beyond 100,000 values' }),
    example: {},
  },
  badKey: {
    meaning: 'A key is not a string.',
    text: () => ({ message: 'expected a string as key' }),
    example: {},
  },
  badNumber: {
    meaning: 'A number is infinite, not a number, or too large to be exact.',
    text: ({ written }: { written: string }) => ({ message: `expected a finite number up to 2^53, found ${written}` }),
    example: { written: '.inf' },
  },

  // Keys and their types

  unknownKey: {
    meaning: 'A key is unknown at its place.',
    text: ({ owner, key, known }: { owner: string; key: string; known: Names }) => ({
      message: `${owner} has no key "${key}"`,
      suggest: { name: key, known },
      hint: `It may have: ${known.join(', ')}.`,
    }),
    example: { owner: 'stage "faces"', key: 'use', known: ['uses', 'with'] },
  },
  missingKey: {
    meaning: 'A required key is missing.',
    text: ({ owner, key }: { owner: string; key: string }) => ({ message: `${owner} has no "${key}"` }),
    example: { owner: 'the experiment', key: 'name' },
  },
  wrongType: {
    meaning: 'A value is of another type than its key asks for.',
    text: (facts: { what?: string; expected: string; found: string }) => ({ message: mismatch(facts) }),
    example: { what: '"seed" of the experiment', expected: 'an integer', found: 'the string "many"' },
  },
  badName: {
    meaning: 'A name has characters that names cannot have.',
    text: ({ name }: { name: string }) => ({
      message: `"${name}" is not a valid name for a stage: expected a letter, then letters, digits, "-" or "_"`,
    }),
    example: { name: 'my faces' },
  },
  badExperimentName: {
    code: 'bad-name',
    meaning: 'The name of an experiment is empty, or has characters that cannot be shown.',
    text: ({ name }: { name: string }) => ({
      message: `${JSON.stringify(name)} is not a valid name for an experiment: expected letters, digits, spaces or signs, found ${name.trim() === '' ? 'none' : 'a character that cannot be shown'}`,
    }),
    example: { name: 'faces\u0007' },
  },
  unknownProfile: {
    meaning: '`--profile` names no profile of the experiment.',
    text: ({ name, known }: { name: string; known: Names }) => ({
      message: `the experiment has no profile "${name}"`,
      suggest: { name, known },
      hint: itHas(known),
    }),
    example: { name: 'smok', known: ['smoke', 'full'] },
  },
  badOverride: {
    meaning: 'A `--set` is not of the form path=value, or names nothing that can be set.',
    text: ({ override }: { override: string }) => ({ message: `expected path=value, found "${override}"` }),
    example: { override: 'people' },
  },
  unknownOverride: {
    code: 'bad-override',
    meaning: 'A `--set` begins with a name that is neither a part of the experiment nor a stage.',
    text: ({ name, known }: { name: string; known: Names }) => ({
      message: `"${name}" is neither a part of the experiment nor a stage`,
      suggest: { name, known },
    }),
    example: { name: 'parms', known: ['params', 'stages'] },
  },
  unknownOverrideTarget: {
    code: 'bad-override',
    meaning: 'A `--set` names a parameter or a stage that the experiment does not have.',
    text: ({ kind, name, known }: { kind: 'parameter' | 'stage'; name: string; known: Names }) => ({
      message: `the experiment has no ${kind} "${name}"`,
      suggest: { name, known },
    }),
    example: { kind: 'parameter', name: 'peple', known: ['people'] },
  },
  incompleteOverride: {
    code: 'bad-override',
    meaning: 'A `--set` replaces all parameters or all stages.',
    text: ({ kind, key }: { kind: 'parameter' | 'stage'; key: string }) => ({
      message: `expected the name of a ${kind} after "${key}."`,
    }),
    example: { kind: 'stage', key: 'stages' },
  },

  // Kinds of stages

  unknownStageKind: {
    meaning: '`uses` names no stage.',
    text: ({ uses, known, isFolder }: { uses: string; known: Names; isFolder: boolean }): FailureText => ({
      ...(isFolder
        ? { message: `the folder ${uses} has no stage.json` }
        : { message: `there is no stage "${uses}"`, suggest: { name: uses, known } }),
      hint: `Stages: ${known.join(', ')}; or a folder of the workspace, as in "./stages/mine".`,
    }),
    example: { uses: 'drow', known: ['draw', 'pack'], isFolder: false },
  },
  badStageManifest: {
    meaning:
      'The stage.json of a stage of your own is not as schemas/stage.schema.json says, or its run.js is missing.',
    text: (facts: { what: string; expected: string; found: string; choice?: Choice | undefined }) => ({
      message: mismatch(facts),
      suggest: facts.choice,
      hint: manifestHint,
    }),
    example: { what: '"version"', expected: 'at least 1', found: '0' },
  },
  unknownManifestKey: {
    code: 'bad-stage-manifest',
    meaning: 'A stage.json has a key that is not in its schema.',
    text: ({ owner, key, known }: { owner: string; key: string; known: Names }) => ({
      message: `${owner} has no key "${key}"`,
      suggest: { name: key, known },
      hint: manifestHint,
    }),
    example: { owner: '"inputs.images"', key: 'optionl', known: ['kind', 'optional'] },
  },
  missingManifestKey: {
    code: 'bad-stage-manifest',
    meaning: 'A stage.json lacks a required key.',
    text: ({ owner, key }: { owner: string; key: string }) => ({
      message: `${owner} needs the key "${key}"`,
      hint: manifestHint,
    }),
    example: { owner: 'stage.json', key: 'summary' },
  },
  manifestNotMapping: {
    code: 'bad-stage-manifest',
    meaning: 'A stage.json is not a mapping.',
    text: () => ({ message: 'expected a mapping' }),
    example: {},
  },
  emptyManifest: {
    code: 'bad-stage-manifest',
    meaning: 'A stage.json is empty.',
    text: ({ file }: { file: string }) => ({ message: `expected the description of a stage in ${file}, found none` }),
    example: { file: 'stages/mine/stage.json' },
  },
  unusableParamsSchema: {
    code: 'bad-stage-manifest',
    meaning: 'The schema of the parameters in a stage.json cannot be compiled, or refers to a file that is missing.',
    text: ({ file, reason }: { file: string; reason: string }) => ({
      message: `the parameters in ${file} have no schema that can be used: ${reason}`,
    }),
    example: { file: 'stages/mine/stage.json', reason: 'strict mode: unknown type "numbr"' },
  },
  emptyOutput: {
    meaning: 'An output is bound that will hold nothing, as an input of its stage is left out.',
    text: ({ what, producer, output, port }: EmptyOutput) => ({
      message: `${what} takes output "${output}" of stage "${producer}", which is empty: "${producer}" has no input "${port}"`,
      hint: `Bind "${port}" of "${producer}", or something else here.`,
    }),
    example: { what: 'input "pairs" of stage "verify"', producer: 'pack', output: 'pairs', port: 'protocol' },
  },
  missingStageCode: {
    code: 'bad-stage-manifest',
    meaning: 'A stage of your own has no run.js.',
    text: ({ stage, file }: { stage: string; file: string }) => ({
      message: `stage "${stage}" has no ${file}`,
      hint: 'The code of a stage is run.js, which exports a function "run"; run.ts has to be compiled.',
    }),
    example: { stage: 'mine', file: 'stages/mine/run.js' },
  },

  ownPlanningCode: {
    code: 'bad-stage-manifest',
    meaning: 'A stage of your own declares code that would run when an experiment is only looked at.',
    text: ({ name }: { name: string }) => ({
      message: `"${name}" is for the stages of faceflow: its code runs when an experiment is only looked at`,
      hint: 'Declare the files that run.js reads as inputs, and let run.js fail early.',
    }),
    example: { name: 'references' },
  },
  ownLineagePort: {
    code: 'bad-stage-manifest',
    meaning: 'A stage that reads the history of its inputs declares an input port of the same name.',
    text: ({ port }: { port: string }) => ({
      message: `stage.json declares an input "${port}", and "${port}": true, which adds an input of that name`,
      hint: 'Rename the input.',
    }),
    example: { port: 'lineage' },
  },

  // Parameters

  unknownParam: {
    meaning: 'A stage has no parameter or input of this name.',
    text: ({ owner, name, known, elsewhere }: UnknownParam) => ({
      message: `${owner} has no parameter "${name}"`,
      // A parameter of another place is no typo of one of this.
      suggest: elsewhere.length > 0 ? undefined : { name, known },
      hint: joined(
        elsewhere.length > 0
          ? `It is called ${elsewhere.join(' or ')} here${/epoch/i.test(name) ? ', and counts batches' : ''}.`
          : undefined,
        itHas(known),
      ),
    }),
    example: { owner: 'stage "faces"', name: 'cuont', known: ['count', 'flip'], elsewhere: [] },
  },
  missingParam: {
    meaning: 'A parameter without a default is not given.',
    text: ({ owner, name }: { owner: string; name: string }) => ({ message: `${owner} needs the parameter "${name}"` }),
    example: { owner: 'stage "learn"', name: 'loss' },
  },
  badParam: {
    meaning: 'The value of a parameter is not one that its stage allows.',
    text: (facts: {
      what: string;
      expected: string;
      found: string;
      choice?: Choice | undefined;
      /** The reference through which the value came. */
      usedAs?: string | undefined;
      isOldBoolean?: boolean;
    }) => ({
      message: mismatch(facts) + (facts.usedAs === undefined ? '' : ` (used as ${facts.usedAs})`),
      suggest: facts.choice,
      hint: facts.isOldBoolean === true ? 'In YAML 1.2 only true and false are truth values.' : undefined,
    }),
    example: {
      what: '"flip" of stage "faces"',
      expected: 'true or false',
      found: 'the string "yes"',
      isOldBoolean: true,
    },
  },

  // Settings of a stage

  badSetting: {
    meaning: 'The value of a key of a stage (`if`, `needs`, `resources`, `retries`, `timeout`, `env`) is not allowed.',
    text: (facts: { what: string; expected: string; found: string }) => ({ message: mismatch(facts) }),
    example: { what: '"cpus" of stage "train"', expected: 'an integer of at least 1', found: '0' },
  },
  badCondition: {
    code: 'bad-setting',
    meaning: 'An `if` is neither true, false nor a comparison.',
    text: ({ owner, found }: { owner: string; found: string }) => ({
      message: mismatch({ what: `"if" of ${owner}`, expected: 'true, false or a comparison', found }),
      hint: 'A comparison: if: { value: "${params.mode}", in: [full, half] }, or with notIn.',
    }),
    example: { owner: 'stage "a"', found: 'the string "maybe"' },
  },
  badComparison: {
    code: 'bad-setting',
    meaning: 'The comparison of an `if` lacks a key, or has one too many.',
    text: ({ owner, unknown, known }: { owner: string; unknown: string | undefined; known: Names }) => ({
      message: `"if" of ${owner} must have "value" and one of "in" and "notIn"`,
      suggest: unknown === undefined ? undefined : { name: unknown, known },
    }),
    example: { owner: 'stage "b"', unknown: 'is', known: ['value', 'in', 'notIn'] },
  },
  badVariableName: {
    code: 'bad-setting',
    meaning: 'A key of `env` is not the name of a variable.',
    text: ({ name, owner }: { name: string; owner: string }) => ({
      message: `"${name}" in "env" of ${owner} is not a valid name of a variable`,
    }),
    example: { name: '1A', owner: 'stage "a"' },
  },
  misplacedSecret: {
    meaning: 'A secret can only be used in `env`, since everything else is recorded.',
    text: () => ({ message: 'a secret can only be used in the "env" of a stage: everything else is recorded' }),
    example: {},
  },

  // Matrices

  badMatrix: {
    meaning: 'A matrix is not a mapping of lists, or it is too large.',
    text: ({ owner, found }: { owner: string; found: string }) => ({
      message: mismatch({ what: `"matrix" of ${owner}`, expected: 'a mapping of lists', found }),
    }),
    example: { owner: 'stage "a"', found: 'the string "lfw"' },
  },
  badMatrixValue: {
    code: 'bad-matrix',
    meaning: 'A part of a matrix is not a list, or it has the wrong size.',
    text: ({ owner, ...facts }: { owner: string; what?: string; expected: string; found: string }) => ({
      message: `the matrix of ${owner}: ${mismatch(facts)}`,
    }),
    example: { owner: 'stage "c"', what: '"size"', expected: 'a list', found: '112' },
  },
  unknownAxis: {
    code: 'bad-matrix',
    meaning: 'An `exclude` names a list that the matrix does not have.',
    text: ({ owner, axis, known }: { owner: string; axis: string; known: Names }) => ({
      message: `the matrix of ${owner}: "exclude" has no axis "${axis}"`,
      suggest: { name: axis, known },
    }),
    example: { owner: 'stage "c"', axis: 'sets', known: ['set', 'size'] },
  },
  incompleteInclude: {
    code: 'bad-matrix',
    meaning: 'An `include` that makes a new instance lacks values.',
    text: ({ owner, missing }: { owner: string; missing: Names }) => ({
      message: `the matrix of ${owner}: this "include" has no value for ${missing.join(', ')}`,
    }),
    example: { owner: 'stage "d"', missing: ['size'] },
  },
  duplicateInstance: {
    meaning: 'Two instances of a matrix would have the same name.',
    text: ({ owner, label }: { owner: string; label: string }) => ({
      message: `two instances of ${owner} would be called [${label}]`,
    }),
    example: { owner: 'stage "a"', label: 'set=lfw' },
  },

  // References

  badReference: {
    meaning: 'What is between `${` and `}` is not a reference.',
    text: ({ written, problem }: { written: string; problem: 'is not a reference' | 'has no closing brace' }) => ({
      message: `"${written}" ${problem}`,
      hint: `References are ${referenceForms}. Write $\${ for a literal \${.`,
    }),
    example: { written: '${parms.x}', problem: 'is not a reference' },
  },
  embeddedValue: {
    code: 'bad-reference',
    meaning: 'A list, a mapping or null is embedded in a longer string.',
    text: ({ written, found }: { written: string; found: string }) => ({
      message: `${written} is embedded in a longer string, but is ${found}`,
    }),
    example: { written: '${params.list}', found: 'a list' },
  },
  unknownReference: {
    meaning: 'A reference names something that is not there.',
    text: ({ owner, what, name, known, list = true }: UnknownReference) => ({
      message: `${owner} has no ${what === undefined ? '' : `${what} `}"${name}"`,
      suggest: { name, known },
      hint: list ? itHas(known) : undefined,
    }),
    example: { owner: 'the experiment', what: 'parameter', name: 'peple', known: ['people'] },
  },
  notMapping: {
    code: 'unknown-reference',
    meaning: 'A reference asks for an entry of a value that is not a mapping.',
    text: ({ path, found, name }: { path: string; found: string; name: string }) => ({
      message: `${path} is ${found}, which has no "${name}"`,
    }),
    example: { path: 'params.people', found: '3', name: 'eyes' },
  },
  noMatrixHere: {
    code: 'unknown-reference',
    meaning: '`${matrix.NAME}` is used outside of a stage with a matrix.',
    text: () => ({ message: 'there is no matrix here' }),
    example: {},
  },
  misplacedMatrix: {
    code: 'unknown-reference',
    meaning: '`${stages.STAGE.matrix}` is used elsewhere than as the whole matrix of a stage.',
    text: () => ({ message: 'the matrix of another stage can only be the whole value of "matrix"' }),
    example: {},
  },
  unknownMatrix: {
    code: 'unknown-reference',
    meaning: 'A stage takes over the matrix of a stage that is not there.',
    text: ({ stage, known }: { stage: string; known: Names }) => ({
      message: `there is no stage "${stage}" whose matrix could be taken`,
      suggest: { name: stage, known },
    }),
    example: { stage: 'facs', known: ['faces'] },
  },
  unknownInstance: {
    code: 'unknown-reference',
    meaning: 'A reference means an instance that the matrix of a stage does not have.',
    text: ({ stage, instance, instances }: { stage: string; instance: string | undefined; instances: string }) => ({
      message: `stage "${stage}" has no instance ${instance === undefined ? 'for these values of the matrix' : `[${instance}]`}`,
      hint: `It has: ${instances}.`,
    }),
    example: { stage: 'faces', instance: 'count=4', instances: '[count=1], [count=2]' },
  },
  missingEnvironment: {
    meaning: 'An environment variable without a default is not set.',
    text: ({ name }: { name: string }) => ({
      message: `the environment variable ${name} is not set`,
      hint: `Set it, or name a default: \${env.${name}:-default}.`,
    }),
    example: { name: 'FACES' },
  },
  missingSecret: {
    code: 'missing-environment',
    meaning: 'The environment variable of a secret is not set.',
    text: ({ name }: { name: string }) => ({
      message: `the environment variable ${name}, which holds a secret, is not set`,
    }),
    example: { name: 'TOKEN' },
  },
  referenceCycle: {
    meaning: 'Parameters, files or matrices refer to each other in a circle.',
    text: ({ relation, circle }: { relation: CircularRelation; circle: Names }) => ({
      message: `${relation} each other in a circle: ${circle.join(' -> ')}`,
    }),
    example: { relation: 'parameters refer to', circle: ['a', 'b', 'a'] },
  },

  // Inputs and outputs

  misplacedOutput: {
    meaning: 'An output of a stage can only be bound to an input port, as the whole value.',
    text: ({ owner, name, ports }: { owner: string; name: string; ports: Names }) => ({
      message: `${owner} has no input port "${name}" that could take an output`,
      hint: ports.length > 0 ? `Its input ports: ${ports.join(', ')}.` : 'It has no input ports.',
    }),
    example: { owner: 'stage "more"', name: 'prefix', ports: [] },
  },
  embeddedOutput: {
    code: 'misplaced-output',
    meaning: 'An output of a stage is embedded in a longer string.',
    text: ({ written }: { written: string }) => ({
      message: `${written} is embedded in a longer string; an output can only be a whole value`,
    }),
    example: { written: '${stages.faces.outputs.images}' },
  },
  unboundInput: {
    meaning: 'An input port that is not optional is bound to nothing.',
    text: ({ owner, name, summary }: { owner: string; name: string; summary: string }) => ({
      message: `${owner} needs the input "${name}": ${summary.charAt(0).toLowerCase()}${summary.slice(1).replace(/\.$/, '')}`,
    }),
    example: { owner: 'stage "pack"', name: 'images', summary: 'The images.' },
  },
  badInput: {
    meaning: 'An input port is bound to something that is not a path or an output.',
    text: ({ what, found }: { what: string; found: string }) => ({
      message: mismatch({ what, expected: 'a path or an output', found }),
    }),
    example: { what: 'input "images" of stage "pack"', found: '12' },
  },
  tooManyInputs: {
    meaning: 'A list, or a stage of several instances, is bound to an input port that takes one value.',
    text: ({ what }: { what: string }) => ({ message: `${what} takes one value, found a list` }),
    example: { what: 'input "images" of stage "pack"' },
  },
  severalInstances: {
    code: 'too-many-inputs',
    meaning: 'Several instances of a stage are bound to an input port that takes one value.',
    text: ({ what, stage, output, count, first, declaresPorts }: SeveralInstances) => {
      const named = (instance: string): string => `\${stages.${stage}[${instance}].outputs.${output}}`;
      const all = declaresPorts ? `, or all, ${named('*')}` : '';
      return {
        message: `${what} takes one value, but ${String(count)} instances of "${stage}" fit`,
        hint: `Name one, ${named(first)}${all}, or fan out with it: matrix: \${stages.${stage}.matrix}.`,
      };
    },
    example: {
      what: 'input "images" of stage "pack"',
      stage: 'faces',
      output: 'images',
      count: 2,
      first: 'size=96',
      declaresPorts: false,
    },
  },
  wrongKind: {
    meaning: 'An output of one kind of artifact is bound to an input of another.',
    text: ({ what, kind, producer, output, outputKind, fitting, declaredPath }: WrongKind) => ({
      message: `${what} takes artifacts of kind ${kind}, but output "${output}" of "${producer}" is of kind ${outputKind}`,
      hint:
        declaredPath !== undefined
          ? `Declare its kind: ${output}: { path: ${declaredPath}, kind: ${kind} }.`
          : fitting.length > 0
            ? `Outputs of "${producer}" that fit: ${fitting.join(', ')}.`
            : undefined,
    }),
    example: {
      what: 'input "images" of stage "pack"',
      kind: 'images',
      producer: 'faces',
      output: 'list',
      outputKind: 'list',
      fitting: ['images'],
    },
  },
  leftOutInput: {
    meaning: 'A stage reads an output of one that its `if` leaves out.',
    text: ({ what, stage, producer }: { what: string; stage: string; producer: string }) => ({
      message: `${what} needs stage "${producer}", which its "if" leaves out`,
      hint: `Use the same "if" for "${stage}".`,
    }),
    example: { what: 'input "images" of stage "pack"', stage: 'pack', producer: 'faces' },
  },
  inputNotFound: {
    meaning: 'A file or folder that is an input does not exist.',
    text: ({ what, written, path, beside }: { what: string; written: string; path: string; beside: Names }) => {
      const hints = [
        ...(path === written ? [] : [`Looked for ${path}.`]),
        ...(beside.length === 0 ? [] : [`There is ${beside.join(', ')}: an input is a whole file or folder.`]),
      ];
      return {
        message: `${what}: there is no file or folder ${written}`,
        hint: hints.length === 0 ? undefined : hints.join(' '),
      };
    },
    example: { what: 'input "images" of stage "pack"', written: 'faces/lfw', path: '/home/me/faces/lfw', beside: [] },
  },
  inputHoldsResults: {
    meaning: 'An input is a folder that holds the runs or the cache of the workspace, which every run writes to.',
    text: ({ what, written, inside }: { what: string; written: string; inside: string }) => ({
      message: `${what}: ${written} holds ${inside}, which every run writes to`,
      hint: 'Name what the stage reads in there, in a list if it is more than one.',
    }),
    example: { what: 'input "i" of stage "pack"', written: '.', inside: '/home/me/faces/runs' },
  },
  cycle: {
    meaning: 'Stages depend on each other in a circle.',
    text: ({ circle }: { circle: Names }) => ({
      message: `stages depend on each other in a circle: ${circle.join(' -> ')}`,
    }),
    example: { circle: ['learn', 'pack', 'learn'] },
  },

  // Ports that are declared where a stage is used

  badPortName: {
    code: 'bad-name',
    meaning: 'The name of a declared port could not be that of a variable.',
    text: ({ name, owner }: { name: string; owner: string }) => ({
      message: `"${name}" is not a valid name for a port of ${owner}: expected a small letter, then letters and digits`,
    }),
    example: { name: 'LIST', owner: 'stage "count"' },
  },
  scratchPort: {
    code: 'bad-name',
    meaning: 'A declared port is called `scratch`, which is the variable of the scratch folder.',
    text: ({ owner }: { owner: string }) => ({
      message: `"scratch" is not a valid name for a port of ${owner}: the variable holds the task's own folder`,
    }),
    example: { owner: 'stage "count"' },
  },
  portNameTwice: {
    code: 'bad-name',
    meaning: 'A declared input has the name of a declared output.',
    text: ({ name, owner }: { name: string; owner: string }) => ({
      message: `"${name}" of ${owner} is the name of an input and of an output, which share a variable`,
    }),
    example: { name: 'list', owner: 'stage "count"' },
  },
  outputPathTwice: {
    code: 'bad-name',
    meaning: 'Two outputs of a stage are the same file.',
    text: ({ owner, path, first, second }: { owner: string; path: string; first: string; second: string }) => ({
      message: `outputs "${first}" and "${second}" of ${owner} are the same file, "${path}"`,
      hint: 'What is written to one of them would be the content of both.',
    }),
    example: { owner: 'stage "count"', path: 'out.txt', first: 'lines', second: 'words' },
  },
  badOutputPath: {
    code: 'bad-name',
    meaning: 'A declared output is not a plain file name.',
    text: ({ owner, path }: { owner: string; path: string }) => ({
      message: `an output of ${owner} must be a plain file name, found "${path}"`,
      hint: 'The command finds the path to write to in the variable of the same name as the output.',
    }),
    example: { owner: 'stage "count"', path: 'a/b.txt' },
  },
  unknownArtifactKind: {
    code: 'bad-setting',
    meaning: 'A declared output is of a kind that does not exist.',
    text: ({ kind, known }: { kind: string; known: Names }) => ({
      message: `there is no kind of artifact "${kind}"`,
      suggest: { name: kind, known },
      hint: `Kinds: ${known.join(', ')}.`,
    }),
    example: { kind: 'folders', known: ['folder', 'file'] },
  },
});

/** What `flow check` warns of: allowed, but probably not meant. */
export const warnings = catalogue({
  unusedParam: {
    meaning: 'Nothing refers to a parameter of the experiment.',
    text: ({ name }: { name: string }) => ({ message: `nothing refers to the parameter "${name}"` }),
    example: { name: 'batch' },
  },
  unreadOutput: {
    meaning: 'Nothing reads an output of a stage, while others of its outputs are read.',
    text: ({ stage, output }: { stage: string; output: string }) => ({
      message: `nothing reads output "${output}" of stage "${stage}"`,
    }),
    example: { stage: 'faces', output: 'list' },
  },
  emptyMatrix: {
    meaning: 'A matrix has no instance: a list in it is empty, or all are excluded.',
    text: ({ owner }: { owner: string }) => ({
      message: `the matrix of ${owner} has no instance: nothing of it will run`,
      hint: 'To leave a stage out on purpose there is "if: false".',
    }),
    example: { owner: 'stage "faces"' },
  },
  numberAsText: {
    meaning: 'A number is used as text, and is not written as its text.',
    text: ({ written, text }: { written: string; text: string }) => ({
      message: `the number ${written} becomes the text "${text}" where it is used`,
      hint: `If ${written} is meant, as in a version or a name, quote it.`,
    }),
    example: { written: '3.10', text: '3.1' },
  },
  uselessExclude: {
    meaning: 'An `exclude` of a matrix matches no instance.',
    text: ({ owner }: { owner: string }) => ({ message: `this "exclude" of ${owner} matches no instance` }),
    example: { owner: 'stage "faces"' },
  },
  secretInValue: {
    meaning: 'A variable whose name sounds like a secret flows into a value that is recorded.',
    text: ({ name }: { name: string }) => ({
      message: `the variable ${name} sounds like a secret, but flows into a value that is recorded`,
      hint: `A secret is handed to a stage by its "env": { ${name}: \${secret.${name}} }.`,
    }),
    example: { name: 'API_TOKEN' },
  },
});

type CircularRelation = 'files extend' | 'parameters refer to' | 'matrices are taken from';

interface UnknownReference {
  /** `the experiment`, `params.light` */
  readonly owner: string;
  /** `parameter`, `stage`, `output`; undefined for an entry of a mapping. */
  readonly what?: string;
  readonly name: string;
  readonly known: Names;
  /** Whether the hint lists what is known. */
  readonly list?: boolean;
}

interface SeveralInstances {
  readonly what: string;
  readonly stage: string;
  readonly output: string;
  readonly count: number;
  /** Label of the first instance. */
  readonly first: string;
  readonly declaresPorts: boolean;
}

interface WrongKind {
  readonly what: string;
  readonly kind: string;
  readonly producer: string;
  readonly output: string;
  readonly outputKind: string;
  /** Where the output is, if it is declared where its stage is used. */
  readonly declaredPath?: string | undefined;
  /** Names of outputs of the producer that have the right kind. */
  readonly fitting: Names;
}

interface EmptyOutput {
  readonly what: string;
  readonly producer: string;
  readonly output: string;
  /** The input that was left out. */
  readonly port: string;
}
