import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'runs',
      'coverage',
      'bin',
      'setup',
      'wasm',
      'docs/examples',
      'test/**/fixtures/**',
      'eslint.config.js',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { regexp },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      // Lines of files are of any length.
      'regexp/no-super-linear-backtracking': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  { files: ['src/cli/**', 'src/pipeline/console/**', 'bench/**', 'tools/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/**', 'stages/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='mkdirSync'] Property[key.name='recursive']",
          message:
            'It never returns where nothing can be made, as below /proc: makeFolder or makeOwnFolder (core/atomic-file.ts).',
        },
      ],
    },
  },
  { files: ['*.config.ts'], rules: { 'no-restricted-exports': 'off' } },
);
