import { adviceFor } from '../../../nodes/core/failure';
import { providers } from '../../../nodes/core/providers';
import type { Provider } from '../../../nodes/core/providers/provider';
import packed from '../../../package.json';
import { callbackOf, fixturesOf, handleOf, outcomeOf, replyOf, requestOf } from '../fixtures';

const CALLBACK_URL = 'https://n8n.example/webhook/video-done';
const NOW_MS = Date.UTC(2026, 0, 1);

/** The replies that no API of the web may be without: every provider has a fixture of each. */
const WEB_REPLIES = [
	['submit', [400, 401, 402, 403, 404, 422, 429]],
	['status', [401, 402, 403, 404, 422, 429]],
] as const;

describe.each(providers.map((provider): [string, Provider] => [provider.label, provider]))('%s', (_label, provider) => {
	const fixtures = fixturesOf(provider);

	describe.each(fixtures)('%s', (_name, fixture) => {
		test(`reads as documented (${fixture.label}: ${fixture.source})`, () => {
			expect(outcomeOf(provider, fixture)).toStrictEqual(fixture.expect);
		});

		test('reads the same a second time: nothing is remembered, nothing is changed', () => {
			const before = JSON.stringify(fixture.reply);
			outcomeOf(provider, fixture);
			expect(outcomeOf(provider, fixture)).toStrictEqual(fixture.expect);
			expect(JSON.stringify(fixture.reply)).toBe(before);
		});
	});

	test('has a fixture of every refusal, of a 5xx page, of a redirect and of what is no JSON', () => {
		for (const [call, statuses] of WEB_REPLIES) {
			const ofCall = fixtures.map(([, each]) => each).filter((each) => each.call === call);
			const kindsBy = (status: number) =>
				ofCall.filter((each) => each.reply.status === status).map((each) => each.expect.kind);
			for (const status of statuses)
				expect([status, kindsBy(status)]).toEqual([status, expect.arrayContaining(['refused'])]);
			const unexpected = ofCall.filter((each) => each.expect.kind === 'unexpected').map(({ reply }) => reply);
			expect(unexpected.some(({ status, body }) => status >= 500 && String(body).startsWith('<'))).toBe(true);
			expect(unexpected.some(({ status }) => status >= 300 && status < 400)).toBe(true);
			expect(unexpected.some(({ status, body }) => status === 200 && typeof body === 'string')).toBe(true);
		}
	});

	test('only a submit is billable, and it is one POST; nothing in a call is secret', () => {
		const start = provider.startCall(requestOf(provider), {});
		expect(start.method).toBe('POST');
		expect(provider.statusCall(handleOf(provider)).method).toBe('GET');
		expect(JSON.stringify(start)).not.toMatch(/key|token|authorization/i);
	});

	test('every call has a timeout between ten seconds and two minutes', () => {
		const handle = handleOf(provider);
		const calls = [
			provider.startCall(requestOf(provider), {}),
			provider.statusCall(handle),
			provider.cancelCall(handle),
		];
		for (const { timeoutMs } of calls) {
			expect(timeoutMs).toBeGreaterThanOrEqual(10_000);
			expect(timeoutMs).toBeLessThanOrEqual(120_000);
		}
	});

	test("its credential type is its name and 'Api', and is packed", () => {
		expect(provider.credential).toBe(`${provider.name}Api`);
		const fileName = `${provider.credential.charAt(0).toUpperCase()}${provider.credential.slice(1)}.credentials.js`;
		expect(packed.n8n.credentials).toContain(`dist/credentials/${fileName}`);
	});

	test('a webhook is named only if there is one', () => {
		const without = JSON.stringify(provider.startCall(requestOf(provider), {}));
		expect(without).not.toMatch(/webhook|callback/i);
		const start = provider.startCall(requestOf(provider), { webhookUrl: CALLBACK_URL });
		expect(decodeURIComponent(JSON.stringify(start))).toContain(CALLBACK_URL);
	});

	test('ids cannot bend a path', () => {
		const handle = { ...handleOf(provider), jobId: '../a?b#c%2e', model: 'x/../y' };
		for (const { path } of [provider.statusCall(handle), provider.cancelCall(handle)]) {
			expect(path).toContain('..%2Fa%3Fb%23c%252e');
			expect(path.split('/').filter((part) => part === '..')).toEqual([]);
		}
	});

	test('a job keeps its handle through every later reading', () => {
		for (const [, fixture] of fixtures) {
			if (fixture.call === 'submit' || fixture.expect.kind !== 'job') continue;
			const { jobId, model } = handleOf(provider, fixture.given?.submittedAt, fixture.model);
			expect(outcomeOf(provider, fixture)).toMatchObject({ json: { jobId, model } });
		}
	});

	test('a job that is not named by its own ID is never taken for ours', () => {
		for (const [, { call, reply }] of fixtures) {
			const handle = { ...handleOf(provider), jobId: 'not-this-one' };
			if (call !== 'cancel') continue;
			expect(provider.readCancelled(replyOf(reply.status, reply.body), handle, { nowMs: NOW_MS })).toBeUndefined();
		}
	});

	test('the raw reply is kept as it came', () => {
		const jobs = fixtures.filter(([, { call, expect: outcome }]) => call === 'status' && outcome.kind === 'job');
		for (const [, { reply }] of jobs) {
			const reading = provider.readJob(replyOf(reply.status, reply.body), handleOf(provider), { nowMs: NOW_MS });
			expect(reading).toMatchObject({ job: { raw: reply.body } });
		}
	});

	test('a callback names a job, and a body that names none is no callback', () => {
		expect(provider.namedJobId(callbackOf(provider))).toBe(handleOf(provider).jobId);
		const junk = [
			undefined,
			null,
			'',
			'abc',
			7,
			[],
			[{ id: 'a' }],
			{},
			{ id: '' },
			{ id: '../a' },
			{ id: { id: 'a' } },
		];
		for (const body of junk) {
			expect(provider.namedJobId(body)).toBeUndefined();
		}
	});

	test('every refusal comes with advice that names this provider or says what to change', () => {
		for (const [, fixture] of fixtures) {
			if (fixture.expect.kind !== 'refused') continue;
			expect(adviceFor(fixture.expect.failure.code, provider.label)).toMatch(
				new RegExp(`${provider.label}|prompt|picture`),
			);
		}
	});
});
