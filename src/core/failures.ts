import { catalogue } from './failure.ts';

export const failures = catalogue({
  sqliteMissing: {
    meaning: 'The library of SQLite for the Node.js that runs is not installed, or does not load.',
    text: ({ node, problem }: { readonly node: string; readonly problem: string }) => ({
      message: `SQLite for Node.js ${node} does not load: ${problem}`,
      hint: 'The folder node_modules was probably made by another version of Node.js. Run npm ci with this one in the folder of faceflow.',
    }),
    example: { node: '24.19.0', problem: "Cannot find module 'better-sqlite3'" },
  },
});
