// Jest's tests are translated by esbuild, as the programs that run with tsx are, and the bundle that ships.
const { pathToFileURL } = require('node:url');
const { transformSync } = require('esbuild');

module.exports = {
	process(source, path) {
		return transformSync(source, {
			sourcefile: path,
			loader: /\.c?ts$/.test(path) ? 'ts' : 'js',
			format: 'cjs',
			target: 'node20',
			sourcemap: 'external',
			// Jest loads CommonJS, which an import() at run time would not find its way back from.
			supported: { 'dynamic-import': false },
			// CommonJS has no such thing, and Runpod's client asks for it.
			define: { 'import.meta.url': JSON.stringify(pathToFileURL(path).href) },
			tsconfigRaw: { compilerOptions: { target: 'es2022' } },
		});
	},
};
