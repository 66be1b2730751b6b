import { Workflow, type ICredentialType } from 'n8n-workflow';
import { node } from '../engine/harness/index';
import { EngineNodeTypes } from '../engine/harness/nodeTypes';
import { describeNode } from '../engine/harness/simpleNodes';
import { credentials } from '../support/credentials';

const nodeTypes = new EngineNodeTypes({ any: { description: describeNode('any') } });
const workflow = new Workflow({ id: '1', nodes: [node('Any', 'any')], connections: {}, active: false, nodeTypes });

/** Where n8n sends the credential's test, with the key. */
function testedAt({ test }: ICredentialType, baseUrl: string): unknown {
	const keys = { $credentials: { baseUrl } };
	return workflow.expression.getParameterValue(
		test?.request.baseURL ?? '',
		null,
		0,
		0,
		'Any',
		[],
		'manual',
		keys,
		undefined,
		false,
		{},
	);
}

describe.each(credentials)('the test of $displayName', (credential) => {
	test.each([
		'https://api.example.com/v1',
		'http://localhost:4010/v1',
		'http://127.0.0.1:4010',
		'http://[::1]:4010/v1',
	])('asks at %s, as the credential says', (baseUrl) => {
		expect(testedAt(credential, baseUrl)).toBe(baseUrl);
	});

	test.each([
		'http://api.example.com/v1',
		'HTTP://api.example.com/v1',
		'http://localhost.example.com/v1',
		'http://127.0.0.1.example.com/v1',
		'http://192.168.1.5:8080/v1',
		'http://localhost:4010@example.com/v1',
		' http://api.example.com/v1',
		'\t\nhttp://api.example.com/v1 ',
		'\u0001http://api.example.com/v1',
		'ht\ttp://api.example.com/v1',
		'\u00a0http://api.example.com/v1',
	])('sends no key unprotected to %j', (baseUrl) => {
		expect(testedAt(credential, baseUrl)).toBe(`https://${baseUrl.slice(baseUrl.indexOf('//') + 2).trim()}`);
	});
});
