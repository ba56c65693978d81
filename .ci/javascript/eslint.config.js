import js from '@eslint/js';
import globals from 'globals';

/* Much as in pyproject.toml and tests/test_shape.py. */
const shape = {
  complexity: ['error', 12], // it counts every `?.` and `??`, too
  'max-depth': ['error', 3],
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-params': ['error', 4],
};

export default [
  { ignores: ['assets/vendor/', '**/node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      ...shape,
      'array-callback-return': 'error',
      'consistent-return': 'off', // the type check knows better
      curly: ['error', 'multi-line'],
      'default-case-last': 'error',
      eqeqeq: 'error',
      'no-alert': 'error',
      'no-console': 'error',
      'no-constructor-return': 'error',
      'no-eval': 'error',
      'no-extend-native': 'error',
      'no-implicit-coercion': 'error',
      'no-implied-eval': 'error',
      'no-promise-executor-return': ['error', { allowVoid: true }],
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Texts of strangers become elements there: use textContent.' },
        { property: 'outerHTML', message: 'Texts of strangers become elements there: use replaceWith.' },
        { property: 'insertAdjacentHTML', message: 'Texts of strangers become elements there: use append.' },
      ],
      'no-return-assign': ['error', 'except-parens'],
      'no-self-compare': 'error',
      'no-shadow': 'error',
      'no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-var': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
    },
  },
  {
    files: ['assets/**/*.js'],
    languageOptions: { sourceType: 'script', ecmaVersion: 2022, globals: globals.browser },
    rules: { strict: ['error', 'global'] },
  },
  {
    files: ['assets/*.js'],
    ignores: ['assets/times.js'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'setInterval', message: 'A dcc.Interval is the clock of the console: see components/shell.py.' },
      ],
    },
  },
  {
    files: ['assets/student/submit.js', 'assets/student/filecheck.js'],
    languageOptions: { sourceType: 'module' },
    rules: { strict: 'error' },
  },
  {
    files: ['.ci/**/*.js', 'tests/**/*.mjs', 'tests/**/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.node },
    rules: { 'no-console': 'off' },
  },
];
