const { TestEnvironment } = require('jest-environment-node');

function skipAll(block) {
	for (const child of block.children) {
		if (child.type === 'describeBlock') skipAll(child);
		else child.mode = 'skip';
	}
}

/** After the first failure no further test runs: one that notices a mutant is enough. Jest itself ends only files early. */
module.exports = class extends TestEnvironment {
	handleTestEvent({ name, test }, state) {
		if (name === 'test_done' && test.errors.length > 0) skipAll(state.rootDescribeBlock);
	}
};
