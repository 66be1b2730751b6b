/** @type {import('jest').Config} */
module.exports = {
	rootDir: '..',
	testMatch: ['<rootDir>/test/**/*.test.ts'],
	testPathIgnorePatterns: ['/node_modules/', '/test/e2e/', '/test/scale/'],
	moduleFileExtensions: ['ts', 'cts', 'js', 'cjs', 'mjs', 'json', 'node'],
	// p-limit, its queue and Runpod's client are ES modules, which Jest does not load as they are. The older copies of the
	// first two inside of other packages are CommonJS, and stay as they are.
	transformIgnorePatterns: ['/node_modules/(?!(p-limit|yocto-queue|runpod-sdk)/)'],
	transform: {
		'^.+/node_modules/.+\\.js$': '<rootDir>/test/jest.transform.cjs',
		'^.+\\.c?ts$': '<rootDir>/test/jest.transform.cjs',
	},
	testEnvironment: 'node',
	// A guard against tests that hang; how fast they are is not its business.
	testTimeout: 180_000,
	// Two, also on two cores: the engine's tests wait more than they work.
	maxWorkers: 2,
};
