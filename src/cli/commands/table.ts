import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import { paintWith, terminalText } from '../../core/text/paint.ts';
import { movedCells, parseStoredTable } from '../../pipeline/table/compare-tables.ts';
import { changedTexts } from '../../pipeline/table/compare-texts.ts';
import { writtenTable, type WrittenTable } from '../../pipeline/table/definition.ts';
import { readTableFile } from '../../pipeline/table/read-table-file.ts';
import { failures as tableFailures } from '../../pipeline/table/failures.ts';
import { failures } from '../failures.ts';
import {
  collect,
  declareExperimentOptions,
  declareRunSettings,
  exitCode,
  readExperimentOptions,
  readRunSettings,
  showsColour,
  type Call,
  type ExitCode,
  type ExperimentOptions,
  type FlowCommand,
  type ProcessContext,
} from '../flow-command.ts';
import { loadFrom } from '../planned-experiment.ts';
import { exitCodeOf } from '../start-run.ts';
import { makeTable, type MadeTable } from '../tables/make-table.ts';
import { printRunTable, type RunTableOptions } from '../tables/run-table.ts';
import { missingCells, missingText } from '../tables/table-costs.ts';
import { blockIn } from '../tables/markdown-block.ts';
import { movedText, tableText } from '../tables/table-text.ts';
import { staleForms, storedPath, writeTable, type TablePlace } from '../tables/write-table.ts';
import { inWorkspace, stageFolders, type Workspace } from '../workspace.ts';

export const command: FlowCommand = {
  declare(command) {
    declareExperimentOptions(command, {
      file: 'a table or an experiment with tables, a YAML file; or a run, or an experiment for its last run',
    });
    command
      .option('--smoke', 'lay the smoke profile of the table over its experiments', false)
      .option(
        '--check',
        'compare with the table that was written before; write nothing, end with 1 if a value has moved',
        false,
      )
      .option('--no-run', 'run nothing: show what is there')
      .option('--table <name>', 'of an experiment with several tables, this one')
      .option('--to <folder>', 'write there, and nowhere else, instead of where the table says')
      .option('--into <file>', 'also rewrite the block of the table in this Markdown file (repeatable)', collect, [])
      .option('--drop-figures', 'write the table even where that replaces figures by nothing', false)
      .option('--latex-macros', 'also write its numbers as macros: \\ffvalue{table.row.column}', false);
    command
      .option('--sort <column>', 'of a run: rows in the order of this column, figures from the highest')
      .option('--reverse', 'of a run: the other way round', false)
      .option('--csv', 'of a run: print comma-separated values', false)
      .option('--latex', 'of a run: print LaTeX (booktabs)', false)
      .option('--markdown', 'of a run: print Markdown', false);
    declareRunSettings(command);
  },
  run: (call, context) =>
    inWorkspace(call, context, (workspace) => {
      const name = String(call.arguments[0]);
      if (/\.ya?ml$/.test(name) || isFile(resolve(context.workingFolder, name))) {
        return runTables(call, context, workspace);
      }
      printRunTable(name, call.options as RunTableOptions, { workspace, context });
      return exitCode.done;
    }),
};

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** What `flow table` was asked for besides the experiment's options. */
interface TableOptions {
  readonly smoke: boolean;
  readonly check: boolean;
  readonly run: boolean;
  readonly table?: string;
  readonly to?: string;
  readonly into: readonly string[];
  readonly latexMacros: boolean;
  readonly dropFigures: boolean;
  readonly json: boolean;
}

/** A table with the folder that its paths are relative to. */
interface FoundTable {
  readonly table: WrittenTable;
  readonly isInside: boolean;
}

async function runTables(call: Call, context: ProcessContext, workspace: Workspace): Promise<ExitCode> {
  const asked = call.options as TableOptions;
  const options = readExperimentOptions(call);
  let code: ExitCode = exitCode.done;
  for (const found of findTables(options, asked, { workspace, context })) {
    const ended = await oneTable(found, { call, options, asked, workspace, context });
    if (ended === exitCode.interrupted) return ended;
    if (ended !== exitCode.done) code = ended;
  }
  return code;
}

interface Tools {
  readonly workspace: Workspace;
  readonly context: ProcessContext;
}

/** The table of a file, or those of an experiment. */
function findTables(
  options: ExperimentOptions,
  { table: only }: TableOptions,
  { workspace, context }: Tools,
): readonly FoundTable[] {
  const file = resolve(context.workingFolder, options.file);
  const own = readTableFile({ file, workspace: workspace.folder, stageFolders: stageFolders() });
  if (own !== undefined) return [{ table: own, isInside: false }];
  const { tables, name } = loadFrom({ ...options, allowMissingInputs: true }, workspace, context);
  const known = Object.keys(tables);
  if (known.length === 0) return fail(failures.noTables({ file: options.file, experiment: name }));
  if (only !== undefined && !known.includes(only)) return fail(failures.unknownTable({ name: only, known }));
  const written = Object.entries(tables).map(([each, spec]) => ({ key: each, table: writtenTable(each, spec) }));
  for (const [index, { table }] of written.entries()) {
    // Their files would be the same.
    if (written.findIndex((other) => other.table.name === table.name) === index) continue;
    fail(tableFailures.tableNameTwice({ what: 'table', name: table.name }, table.locate('/name')));
  }
  return written
    .filter(({ key }) => only === undefined || key === only)
    .map(({ table }) => ({ table, isInside: true }));
}

interface OneTable extends Tools {
  readonly call: Call;
  readonly options: ExperimentOptions;
  readonly asked: TableOptions;
}

async function oneTable({ table, isInside }: FoundTable, given: OneTable): Promise<ExitCode> {
  const { call, asked, workspace, context } = given;
  const { definition } = table;
  const profile = asked.smoke ? definition.smoke : given.options.profile;
  const isSmoke = profile === definition.smoke;
  // What is typed counts for more than what the table changes.
  const set = isSmoke ? [...definition.smokeSet, ...given.options.set] : given.options.set;
  const options = { ...given.options, profile, set };
  const folder = dirname(resolve(context.workingFolder, options.file));
  const place: TablePlace = {
    folder: asked.to === undefined ? resolve(folder, definition.output) : resolve(context.workingFolder, asked.to),
    into: [
      // What is written elsewhere leaves the files that the table names alone.
      ...(asked.to === undefined ? definition.into.map((path) => resolve(folder, path)) : []),
      ...asked.into.map((path) => resolve(context.workingFolder, path)),
    ],
    withMacros: asked.latexMacros,
    dropsFigures: asked.dropFigures,
  };
  requirePlace(table, { isSmoke, place }, given);
  const settings = asked.run ? readRunSettings(call) : undefined;
  const made = await makeTable({ table, options, isInside, isSmoke, settings }, { workspace, context });
  if ('type' in made) return exitCodeOf(made);
  const failed = made.ends.some(({ outcome }) => outcome === 'failed');
  const isMoved = asked.check ? checkTable(made, place, given) : showTable(made, place, given);
  return failed || isMoved ? exitCode.taskFailed : exitCode.done;
}

/** Tells what prevents writing or comparing a table before it is computed, which may take weeks. */
function requirePlace(
  { name }: WrittenTable,
  { isSmoke, place }: { readonly isSmoke: boolean; readonly place: TablePlace },
  { asked, context }: OneTable,
): void {
  if (!isSmoke) for (const path of place.into) blockIn(path, name);
  const path = storedPath({ name, isSmoke }, place.folder);
  if (asked.check && !existsSync(path)) fail(failures.noStoredTable({ file: relative(context.workingFolder, path) }));
}

/** Writes and prints a table, and tells what it lacks. */
function showTable({ filled, sources }: MadeTable, place: TablePlace, { asked, workspace, context }: OneTable): false {
  const { files, kept } = writeTable(filled, place, context.workingFolder);
  const missing = missingCells(filled, sources, workspace);
  const { stdout } = context;
  if (asked.json) {
    stdout.write(`${JSON.stringify({ type: 'table', table: filled, files, kept, missing })}\n`);
    return false;
  }
  const colour = showsColour(stdout, context.environment);
  const lines = [
    ...tableText(filled, paintWith(colour)),
    ...(missing.length === 0
      ? []
      : ['', `without a value: ${missing.length} of ${filled.rows.length * filled.columns.length}`]),
    ...missing.map(missingText),
    '',
    ...(files.length === 0 ? [] : [`wrote ${files.join(', ')}`]),
    ...(kept.length === 0
      ? []
      : [
          `left as they are: ${kept.join(', ')}; they have figures that are missing here (--drop-figures writes them all the same)`,
        ]),
  ];
  stdout.write(`${terminalText(lines.join('\n'), colour)}\n`);
  return false;
}

/** Compares with what was written before; returns whether anything has moved. */
function checkTable({ filled, taskOf }: MadeTable, place: TablePlace, { asked, context }: OneTable): boolean {
  const path = storedPath(filled, place.folder);
  const file = relative(context.workingFolder, path);
  const stored = parseStoredTable(readFileSync(path, 'utf8'), file);
  const moved = movedCells(stored, filled, taskOf);
  const changed = changedTexts(stored, filled);
  const stale = staleForms(stored, place).map((each) => relative(context.workingFolder, each));
  const { stdout, environment } = context;
  if (asked.json) stdout.write(`${JSON.stringify({ type: 'table-check', file, moved, changed, stale })}\n`);
  else {
    const lines = [
      ...(moved.length > 0 ? movedText(moved, filled) : []),
      ...(moved.length > 0 || changed.length > 0 ? [] : [`${filled.name}: as in ${file}`]),
      ...(changed.length > 0 ? [`${filled.name}: the table says other things than ${file}`] : []),
      ...changed.map((each) => `  ${each}`),
      ...stale.map((each) => `${each} is not what ${file} says: flow table writes it again`),
    ];
    stdout.write(`${terminalText(lines.join('\n'), showsColour(stdout, environment))}\n`);
  }
  return moved.length > 0 || changed.length > 0 || stale.length > 0;
}
