import eslint from '@eslint/js';
import vueI18n from '@intlify/eslint-plugin-vue-i18n';
import prettier from 'eslint-config-prettier';
import vue from 'eslint-plugin-vue';
import vueAccessibility from 'eslint-plugin-vuejs-accessibility';
import tseslint from 'typescript-eslint';

const CONSOLE = 'apps/console/**';

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'coverage/',
      'node_modules/',
      '.data/',
      'apps/console/src/api/schema.d.ts',
      '**/*.{json,yml,yaml}',
      '!apps/console/src/locales/*.json',
    ],
  },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...vue.configs['flat/recommended'],
  ...vueAccessibility.configs['flat/recommended'],
  ...vueI18n.configs.recommended,
  prettier,
  {
    files: ['**/*.ts'],
    ignores: [CONSOLE],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Nest modules are empty classes whose decorator is the content.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
    },
  },
  {
    // What people read is in libs/i18n: a sentence elsewhere would be English for everybody.
    files: ['libs/**/*.ts', 'apps/{api,worker}/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.fixture.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Decorator Property[key.name="message"] > :matches(Literal, TemplateLiteral).value',
          message: 'Give the rule words of both languages: inWords(text(…)).',
        },
        {
          selector:
            'NewExpression[callee.name=/^(BadRequest|Conflict|ValidationFailed)$/] > :matches(Literal, TemplateLiteral).arguments',
          message: 'People would not be told this text: it is for the log. Use text(…).',
        },
        {
          selector:
            ':not(Decorator *) > Property[key.name=/^(error|last_error)$/] > :matches(Literal[value=/ /], TemplateLiteral).value',
          message: 'An answer speaks the language of its reader: say(locale, text(…)).',
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      // expect(object.method) reads a method without calling it.
      '@typescript-eslint/unbound-method': 'off',
      // Answers of HTTP calls and rows are asserted, not typed.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    rules: { ...tseslint.configs.disableTypeChecked.rules, '@typescript-eslint/no-require-imports': 'off' },
    languageOptions: {
      globals: {
        module: 'readonly',
        require: 'readonly',
        __dirname: 'readonly',
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        performance: 'readonly',
        globalThis: 'readonly',
      },
    },
  },
  {
    // vue-tsc checks types there (npm run typecheck).
    files: [`${CONSOLE}/*.{ts,vue,json}`],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: [`${CONSOLE}/*.vue`],
    languageOptions: {
      parserOptions: { parser: tseslint.parser },
      globals: { window: 'readonly', document: 'readonly' },
    },
    rules: {
      'no-undef': 'off', // TypeScript knows better
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/require-default-prop': 'off', // a prop that TypeScript calls optional may be undefined
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // The control inside a UiField gets its id by v-bind, which the rule cannot see; axe looks at the result.
      'vuejs-accessibility/form-control-has-label': 'off',
    },
  },
  {
    // No text outside the locale files, and none missing there.
    files: [`${CONSOLE}/*.{ts,vue,json}`],
    settings: {
      'vue-i18n': { localeDir: 'apps/console/src/locales/*.json', messageSyntaxVersion: '^11.0.0' },
    },
    rules: {
      '@intlify/vue-i18n/no-raw-text': [
        'error',
        {
          attributes: { '/.+/': ['title', 'aria-label', 'alt', 'label', 'hint'] },
          ignorePattern: '^[↓↑…·,\\s]*$',
        },
      ],
      '@intlify/vue-i18n/no-missing-keys': 'error',
      '@intlify/vue-i18n/no-missing-keys-in-other-locales': 'error',
    },
  },
);
