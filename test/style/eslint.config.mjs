import tseslint from 'typescript-eslint';

// Our own limits, beside n8n's stock rules (see CONTRIBUTING.md for their reasons).
export default tseslint.config(
	{
		files: ['**/*.ts', '**/*.cts'],
		languageOptions: { parser: tseslint.parser },
		plugins: { '@typescript-eslint': tseslint.plugin },
		linterOptions: { reportUnusedDisableDirectives: 'error' },
		rules: {
			'max-lines': ['error', { max: 400 }],
			'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true, IIFEs: true }],
			'max-depth': ['error', 3],
			complexity: ['error', 15],
			'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/no-non-null-assertion': 'error',
		},
	},
	{
		// A test file's describe() and a form's field list are as long as what they list.
		files: ['test/**/*.test.ts', 'test/e2e/**', 'test/scale/**', 'nodes/KlingVideo/form/**'],
		rules: { 'max-lines-per-function': 'off' },
	},
);
