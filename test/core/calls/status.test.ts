import { providers } from '../../../nodes/core/providers';
import { runpod } from '../../../nodes/core/providers/runpod';
import type { Provider } from '../../../nodes/core/providers/provider';
import { jobBody, type Phase } from '../../support/apis';
import { handleOf, replyOf } from '../fixtures';
import { LOST, scene, type Answer } from './scene';

describe.each(providers.map((provider): [string, Provider] => [provider.label, provider]))(
	'the status of a job at %s',
	(_label, provider) => {
		const says = (phase: Phase) => replyOf(200, jobBody(provider.name, handleOf(provider).jobId, phase));
		const running = says('running');

		describe('in one call', () => {
			test.each<[string, Answer]>([
				['a network fault', LOST],
				['a 408', replyOf(408, '')],
				['a 425', replyOf(425, '')],
				['a 429', replyOf(429, '')],
				['a 500 page', replyOf(500, '<html>')],
				['a 200 without JSON', replyOf(200, 'ok')],
				['a redirect', replyOf(302, '')],
				['another job', replyOf(200, jobBody(provider.name, 'other', 'completed'))],
			])('is unavailable after %s, and the job is not given up', async (_name, answer) => {
				expect(await scene(provider, [answer]).read()).toMatchObject({ kind: 'unavailable' });
			});

			test('comes with how long the provider wants to be left alone', async () => {
				const { read } = scene(provider, [replyOf(429, '', { 'retry-after': '7' })]);
				expect(await read()).toMatchObject({ kind: 'unavailable', retryAfterMs: 7_000 });
			});

			test('is refused at the fifth senseless reply in a row, not at five in all', async () => {
				const senseless = replyOf(200, 'ok');
				const inRow = scene(provider, [senseless]);
				for (let count = 1; count < 5; count++) expect(await inRow.read()).toMatchObject({ kind: 'unavailable' });
				expect(await inRow.read()).toMatchObject({
					kind: 'refused',
					failure: { code: 'provider_error', retryable: true, charged: 'unknown' },
				});
				const broken = scene(provider, [senseless, senseless, senseless, senseless, running, senseless]);
				const kinds: string[] = [];
				for (let count = 0; count < 9; count++) kinds.push((await broken.read()).kind);
				expect(kinds).not.toContain('refused');
			});

			test('whose reply breaks its reader, in whatever way, is unavailable', async () => {
				const readJob = () => {
					throw 'no error';
				};
				const message = 'The reply could not be read';
				expect(await scene({ ...provider, readJob }, [running]).read()).toEqual({ kind: 'unavailable', message });
			});

			test('tells what came instead of it', async () => {
				expect(await scene(provider, [LOST]).read()).toEqual({ kind: 'unavailable', message: LOST.message });
				expect(await scene(provider, [replyOf(503, '')]).read()).toEqual({
					kind: 'unavailable',
					message: `${provider.label} answered with HTTP status 503`,
				});
			});

			test('says that its reply was large', async () => {
				expect(await scene(provider, [running]).read()).not.toHaveProperty('isLarge');
				expect(await scene(provider, [{ ...running, isLarge: true }]).read()).toMatchObject({ isLarge: true });
			});

			test('is never refused for transient faults, however long they last', async () => {
				const { read } = scene(provider, [replyOf(503, '')]);
				for (let count = 0; count < 30; count++) expect((await read()).kind).toBe('unavailable');
			});
		});

		describe('in several tries', () => {
			test('is found after three transient faults', async () => {
				const { getStatus, seen } = scene(provider, [LOST, replyOf(503, ''), LOST, running]);
				expect(await getStatus()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
				expect(seen.statuses).toBe(4);
			});

			test('is given up after four, with a failure that says nothing of money', async () => {
				const { getStatus, seen } = scene(provider, [LOST]);
				expect(await getStatus()).toEqual({
					kind: 'refused',
					failure: {
						message: `${provider.label} could not be asked for the job: no answer came in time`,
						code: 'provider_error',
						retryable: true,
						charged: 'unknown',
					},
				});
				expect(seen.statuses).toBe(4);
			});

			test('is read again when the provider allows it, but not a day later', async () => {
				const short = scene(provider, [replyOf(429, '', { 'retry-after': '20' }), running]);
				expect(await short.getStatus()).toMatchObject({ kind: 'job' });
				expect(short.tookSeconds()).toBe(20.5);
				const long = scene(provider, [replyOf(429, '', { 'retry-after': '86400' })]);
				expect(await long.getStatus()).toMatchObject({
					kind: 'refused',
					failure: { code: 'provider_error', retryable: true },
				});
				expect(long.tookSeconds()).toBe(0);
				expect(await long.getStatus()).toMatchObject({
					failure: { message: `${provider.label} answered with HTTP status 429` },
				});
			});

			test('is given up at once when the execution is stopped', async () => {
				const stopped = scene(provider, [replyOf(429, '', { 'retry-after': '20' })]);
				void stopped.clock.sleep(5_000).then(() => stopped.stop.request());
				expect(await stopped.getStatus()).toMatchObject({ kind: 'refused', failure: { retryable: true } });
				expect([stopped.tookSeconds(), stopped.seen.statuses]).toEqual([5, 1]);
			});
		});
	},
);

test('a job of unknown age that Runpod does not show yet gets its time from the first read, where it is waited for', async () => {
	const missing = replyOf(404, { error: 'job not found' });
	const waitedFor = scene(runpod, [missing], [], null, true);
	expect(await waitedFor.read()).toMatchObject({ kind: 'job', job: { status: 'pending' } });
	await waitedFor.clock.advance(149_000);
	expect(await waitedFor.read()).toMatchObject({ kind: 'job', job: { status: 'pending' } });
	await waitedFor.clock.advance(1_000);
	expect(await waitedFor.read()).toMatchObject({ kind: 'refused', failure: { code: 'job_not_found' } });
	expect(await scene(runpod, [missing], [], null).read()).toMatchObject({ kind: 'refused' });
});
