import { Workflow } from 'n8n-workflow';
import { cleanKey, keyProblem } from '../../nodes/core/key';
import { node } from '../engine/harness/index';
import { EngineNodeTypes } from '../engine/harness/nodeTypes';
import { describeNode } from '../engine/harness/simpleNodes';
import { credentials } from '../support/credentials';

const nodeTypes = new EngineNodeTypes({ any: { description: describeNode('any') } });
const workflow = new Workflow({ id: '1', nodes: [node('Any', 'any')], connections: {}, active: false, nodeTypes });

/** The headers in which n8n sends a key, by the credential's own expression. */
function headersWith(authenticate: unknown, apiKey: string): unknown {
	const parameters = JSON.parse(JSON.stringify(authenticate)).properties.headers;
	const keys = { $credentials: { apiKey } };
	return workflow.expression.getParameterValue(parameters, null, 0, 0, 'Any', [], 'manual', keys, undefined, false, {});
}

const MEANT = 'cdt_AbC-123/+=x';
const TYPED = [
	MEANT,
	` ${MEANT}`,
	`${MEANT}\n`,
	`"${MEANT}"`,
	`'${MEANT}'`,
	`\`${MEANT}\``,
	`\u201c${MEANT}\u201d`,
	`Bearer ${MEANT}`,
	`bearer  ${MEANT} `,
	` "Bearer ${MEANT}"`,
	`Bearer "${MEANT}"`,
	`\ufeff${MEANT}\u200b`,
	`\u00a0${MEANT}\t`,
];

test.each(TYPED)('%j is read as the key that was meant, by the nodes and by n8n', (typed) => {
	expect(cleanKey(typed)).toBe(MEANT);
	expect(keyProblem(cleanKey(typed))).toBeUndefined();
	for (const { authenticate } of credentials) {
		expect(Object.values(Object(headersWith(authenticate, typed)))).toEqual([
			expect.stringMatching(/^(Bearer )?cdt_AbC-123\/\+=x$/),
		]);
	}
});

test.each(['Bearer', 'bearer_of_a_key', "a'b", 'a"b', 'Basic'])('%j has nothing around it and stays', (key) => {
	expect(cleanKey(key)).toBe(key);
});

test.each([
	['', 'is empty'],
	['""', 'is empty'],
	['Authorization: Bearer abc', 'has a blank or a line break in it'],
	['api_key = abc', 'has a blank or a line break in it'],
	['abc\ndef', 'has a blank or a line break in it'],
	['cdt_…', 'has a character in it that no key has'],
	['cdt_\u2022\u2022\u2022', 'has a character in it that no key has'],
	['ключ', 'has a character in it that no key has'],
	['a\u200bb', 'has a character in it that no key has'],
])('%j is not sent: it %s', (typed, problem) => {
	expect(keyProblem(cleanKey(typed))).toBe(problem);
});
