import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { FOLDERS, FREE_FOLDERS, SOLE_IMPORTERS } from './architecture.mjs';

const ALL_FOLDERS = [...Object.keys(FOLDERS), ...FREE_FOLDERS];
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A forbidden folder as a pattern of no-restricted-imports. */
function restriction(folder, rule, other) {
  const files = other === 'workflows' && rule.messages ? '(?!.*\\.messages\\.ts$)' : '';
  return {
    regex: `^(\\.\\./)+${other}/${files}`,
    message: `${folder}/ (${rule.why}) may not import ${other}/: see architecture.mjs.`,
    allowTypeImports: rule.types?.includes(other) ?? false,
  };
}

function packageRestrictions(folder, rule) {
  const sole = Object.entries(SOLE_IMPORTERS)
    .filter(([, owner]) => owner.split('/')[0] !== folder)
    .map(([name, owner]) => ({ regex: `^${escaped(name)}(/|$)`, message: `Only ${owner}/ knows ${name}.` }));
  if (!rule.packages) return sole;
  const allowed = rule.packages.map((name) => `${escaped(name)}(/|$)`).join('|');
  return [...sole, { regex: `^(?!\\.)${allowed ? `(?!${allowed})` : ''}`, message: `${folder}/ (${rule.why}) imports none of this: see architecture.mjs.` }];
}

/** @param allowed folders that these files may import beyond their folder's rule */
function importRule(folder, rule, allowed = []) {
  const forbidden = ALL_FOLDERS.filter((other) => other !== folder && !rule.may.includes(other) && !allowed.includes(other));
  return ['error', { patterns: [...forbidden.map((other) => restriction(folder, rule, other)), ...packageRestrictions(folder, rule)] }];
}

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Only config/ and the composition roots read the environment.',
};

const folderConfigs = Object.entries(FOLDERS).flatMap(([folder, rule]) => [
  {
    files: [`${folder}/**/*.ts`],
    ignores: rule.roots ?? [],
    rules: {
      '@typescript-eslint/no-restricted-imports': importRule(folder, rule),
      ...(folder === 'config' ? {} : { 'no-restricted-properties': ['error', NO_ENVIRONMENT] }),
    },
  },
  ...(rule.roots ? [{ files: rule.roots, rules: { '@typescript-eslint/no-restricted-imports': importRule(folder, rule, ['config', ...(rule.rootsMay ?? [])]) } }] : []),
]);

const PURE = {
  files: ['domain/**/*.ts'],
  rules: {
    'no-restricted-globals': ['error', ...['process', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'crypto', 'performance', 'console'].map((name) => ({ name, message: 'domain/ is pure.' }))],
    'no-restricted-syntax': [
      'error',
      { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'domain/ has no clock: take the time as an argument.' },
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'domain/ has no clock: take the time as an argument.' },
      { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'domain/ has no randomness: take it as an argument.' },
    ],
  },
};

/** What the pages' scripts use of the browser. */
const browserGlobals = Object.fromEntries(
  [
    ...['document', 'location', 'history', 'sessionStorage', 'addEventListener', 'dispatchEvent', 'Event', 'CSS', 'URL', 'URLSearchParams'],
    ...['fetch', 'FormData', 'XMLHttpRequest', 'AbortController', 'AbortSignal', 'TextDecoderStream', 'crypto'],
    ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    ...['navigator', 'performance', 'removeEventListener', 'RTCPeerConnection', 'RTCRtpSender', 'MediaStream'],
  ].map((name) => [name, 'readonly']),
);

export default tseslint.config(
  { ignores: ['node_modules/', '.data/', 'coverage/', 'dist/', 'tests/histories/', '**/*.d.mts'] },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'off',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  ...folderConfigs,
  PURE,
  { files: ['scripts/**/*.mjs', '*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
  // Served to browsers as they are.
  {
    files: ['api/pages/**/*.js'],
    languageOptions: { globals: browserGlobals },
    rules: {
      eqeqeq: ['error', 'always'],
      'object-shorthand': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  { files: ['tests/**/*.ts'], rules: { 'no-control-regex': 'off' } },
  // What a signal's handler sets, the rule can't see being read.
  { files: ['workflows/**/*.ts'], rules: { 'no-useless-assignment': 'off', 'no-restricted-imports': ['error', { paths: builtinModules, patterns: ['node:*'] }] } },
);
