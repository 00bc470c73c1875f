import { catalogue } from '../../core/failure.ts';

type Names = readonly string[];

/** Every way in which a table can ask for what its experiments do not have. */
export const failures = catalogue({
  tableWithoutExperiment: {
    meaning: 'A row of a table names no experiment, and the table neither.',
    text: () => ({
      message: 'this row has no "experiment", and the table has none',
      hint: 'Name the experiment file beside "rows", or a recorded run in the row: run: NAME.',
    }),
    example: {},
  },
  tableExperimentInside: {
    meaning: 'A table within an experiment names another experiment.',
    text: () => ({
      message: 'a table in an experiment shows that experiment, and names no other',
      hint: 'Put the table into a file of its own, in pipelines/tables.',
    }),
    example: {},
  },
  unknownTableStage: {
    meaning: 'A row or column of a table names a stage that the experiment does not have.',
    text: ({ stage, owner, known }: { stage: string; owner: string; known: Names }) => ({
      message: `${owner} has no stage "${stage}"`,
      suggest: { name: stage, known },
      hint: `It has: ${known.join(', ')}.`,
    }),
    example: { stage: 'verfy', owner: 'the experiment lfw', known: ['train', 'verify'] },
  },
  unknownTableChoice: {
    meaning: 'A row or column of a table asks for a name of a matrix that no stage of it has.',
    text: ({ name, known }: { name: string; known: Names }) => ({
      message: `no stage of this table has "${name}" in its matrix`,
      suggest: { name, known },
      hint: known.length === 0 ? 'None of them has a matrix.' : `They have: ${known.join(', ')}.`,
    }),
    example: { name: 'sed', known: ['seed', 'margin'] },
  },
  noTableTask: {
    meaning: 'A cell of a table asks for values of a matrix that no task has.',
    text: ({ stage, where, known }: { stage: string; where: string; known: Names }) => ({
      message: `no task of stage "${stage}" has ${where}`,
      hint: `Tasks: ${shortened(known)}.`,
    }),
    example: { stage: 'verify', where: 'set=lfv', known: ['verify[set=lfw]', 'verify[set=cfp_fp]'] },
  },
  severalTableTasks: {
    meaning: 'A cell of a table has several tasks, over which no mean is to be taken.',
    text: ({ row, column, names, tasks }: { row: string; column: string; names: Names; tasks: Names }) => ({
      message: `row "${row}" has ${tasks.length} tasks in column "${column}", which differ in ${names.join(', ')}`,
      hint: `Choose one by "where", or take means: over: [${names.join(', ')}]. The tasks: ${shortened(tasks)}.`,
    }),
    example: { row: 'ArcFace', column: 'LFW', names: ['seed'], tasks: ['verify[seed=1]', 'verify[seed=2]'] },
  },
  unknownTableFigure: {
    meaning: 'No task of a column has a figure or a curve of its name.',
    text: ({ figure, stage, known }: { figure: string; stage: string; known: Names }) => ({
      message: `stage "${stage}" has no figure "${figure}"`,
      suggest: { name: figure, known },
      hint: known.length === 0 ? 'It has none.' : `It has: ${known.join(', ')}.`,
    }),
    example: { figure: 'acuracy', stage: 'verify', known: ['accuracy', 'eer'] },
  },
  publishedWithoutCitation: {
    meaning: 'A table has published values, and does not say where they were published.',
    text: () => ({
      message: 'published values without a citation',
      hint: 'Say where they are from, beside "rows" and "columns": published: { citation: ..., url: ... }.',
    }),
    example: {},
  },
  tableNameUnfit: {
    meaning: 'A file or key of a table has a name that cannot name files, a block of a README and macros of LaTeX.',
    text: ({ name }: { name: string }) => ({
      message: `"${name}" cannot be the name of a table: expected letters, digits, dots, hyphens and underscores`,
      hint: 'Name the table in it: name: my-table.',
    }),
    example: { name: 'my table #1' },
  },
  unknownTableName: {
    meaning: 'Published values are for a row or a column that the table does not have.',
    text: ({ what, name, known }: { what: 'row' | 'column'; name: string; known: Names }) => ({
      message: `the table has no ${what} "${name}"`,
      suggest: { name, known },
      hint: `It has: ${known.join(', ')}.`,
    }),
    example: { what: 'column', name: 'lfv', known: ['lfw', 'cfp-fp'] },
  },
  tableNameTwice: {
    meaning: 'Two rows or two columns of a table have the same id, or two tables of an experiment the same name.',
    text: ({ what, name }: { what: 'row' | 'column' | 'table'; name: string }) => ({
      message: `two ${what}s have the ${what === 'table' ? 'name' : 'id'} "${name}"`,
      hint: `Set another "${what === 'table' ? 'name' : 'id'}" for one of them.`,
    }),
    example: { what: 'column', name: 'lfw' },
  },
  bestWithoutDirection: {
    meaning: 'A column of a table takes the best value of a curve and does not say which values are better.',
    text: ({ column }: { column: string }) => ({
      message: `column "${column}" takes the best value, and has no "direction"`,
      hint: 'Add direction: higher, or direction: lower.',
    }),
    example: { column: 'loss' },
  },
  storedTableInvalid: {
    meaning: 'The file that a table is compared with is not one that flow table has written.',
    text: ({ found }: { found: string }) => ({
      message: `expected a table of faceflow, found ${found}`,
      hint: 'Write it again: flow table FILE.',
    }),
    example: { found: 'no JSON' },
  },
});

function shortened(names: Names): string {
  const shown = names.slice(0, 8);
  return shown.join(', ') + (names.length > shown.length ? `, and ${names.length - shown.length} more` : '');
}
