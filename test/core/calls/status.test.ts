import { cancelJob } from '../../../nodes/core/calls/cancel';
import type { Look } from '../../../nodes/core/calls/poll';
import type { Fault, Reply, Send } from '../../../nodes/core/calls/http';
import { askOnce, createLookout, type Truth } from '../../../nodes/core/calls/status';
import { providers } from '../../../nodes/core/providers';
import type { Provider } from '../../../nodes/core/providers/provider';
import { jobBody, type Phase } from '../../support/apis';
import { VirtualClock } from '../../support/virtualClock';
import { handleOf, replyOf } from '../fixtures';

type Answer = Reply | Fault;

const LOST: Fault = { kind: 'fault', reach: 'lost', message: 'no answer came in time' };

/** A provider that gives answers in turn, the last one again and again; cancels have their own. */
function scene(provider: Provider, looks: Answer[], cancels: Answer[] = []) {
	const clock = new VirtualClock(Date.UTC(2026, 0, 1, 1));
	const startMs = clock.now();
	const seen = { looks: 0, cancels: 0 };
	const inTurn = (answers: Answer[], count: number) => answers[Math.min(count, answers.length) - 1];
	const handle = handleOf(provider);
	const send: Send = async (call) => {
		const isCancel = JSON.stringify(call) === JSON.stringify(provider.cancelCall(handle));
		return isCancel ? inTurn(cancels, ++seen.cancels) : inTurn(looks, ++seen.looks);
	};
	const { look } = createLookout(provider, send, clock, { graceFromFirstLook: false });
	const ports = { clock, random: () => 0.5, send, look };
	return {
		seen,
		look: async (): Promise<Look> => await clock.until(look(handle)),
		ask: async (): Promise<Truth> => await clock.until(askOnce(provider, handle, ports)),
		cancel: async (): Promise<Truth> => await clock.until(cancelJob(provider, handle, ports)),
		tookSeconds: () => (clock.now() - startMs) / 1000,
	};
}

describe.each(providers.map((provider): [string, Provider] => [provider.label, provider]))(
	'asking %s',
	(_label, provider) => {
		const { jobId } = handleOf(provider);
		const says = (phase: Phase) => replyOf(200, jobBody(provider.name, jobId, phase));
		const [running, done, cancelled] = [says('running'), says('completed'), says('cancelled')];

		describe('a look', () => {
			test.each<[string, Answer]>([
				['a network fault', LOST],
				['a 408', replyOf(408, '')],
				['a 425', replyOf(425, '')],
				['a 429', replyOf(429, '')],
				['a 500 page', replyOf(500, '<html>')],
				['a 200 without JSON', replyOf(200, 'ok')],
				['a redirect', replyOf(302, '')],
				['another job', replyOf(200, jobBody(provider.name, 'other', 'completed'))],
			])('that meets %s has seen nothing, and the job is not given up', async (_name, answer) => {
				expect(await scene(provider, [answer]).look()).toMatchObject({ kind: 'unseen' });
			});

			test('passes on how long the provider wants to be left alone', async () => {
				const { look } = scene(provider, [replyOf(429, '', { 'retry-after': '7' })]);
				expect(await look()).toMatchObject({ kind: 'unseen', retryAfterMs: 7_000 });
			});

			test('gives up at the fifth senseless reply in a row, not at five in all', async () => {
				const senseless = replyOf(200, 'ok');
				const inRow = scene(provider, [senseless]);
				for (let count = 1; count < 5; count++) expect(await inRow.look()).toMatchObject({ kind: 'unseen' });
				expect(await inRow.look()).toMatchObject({
					kind: 'refused',
					failure: { code: 'provider_error', retryable: true, charged: 'unknown' },
				});
				const broken = scene(provider, [senseless, senseless, senseless, senseless, running, senseless]);
				const kinds: string[] = [];
				for (let count = 0; count < 9; count++) kinds.push((await broken.look()).kind);
				expect(kinds).not.toContain('refused');
			});

			test('never gives up for the weather, however long it lasts', async () => {
				const { look } = scene(provider, [replyOf(503, '')]);
				for (let count = 0; count < 30; count++) expect((await look()).kind).toBe('unseen');
			});
		});

		describe('for the status', () => {
			test('goes on through some bad weather', async () => {
				const { ask, seen } = scene(provider, [LOST, replyOf(503, ''), LOST, running]);
				expect(await ask()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
				expect(seen.looks).toBe(4);
			});

			test('ends after four tries, with a failure that blames nobody for money', async () => {
				const { ask, seen } = scene(provider, [LOST]);
				expect(await ask()).toEqual({
					kind: 'refused',
					failure: {
						message: `${provider.label} could not be asked for the job: no answer came in time`,
						code: 'provider_error',
						retryable: true,
						charged: 'unknown',
					},
				});
				expect(seen.looks).toBe(4);
			});

			test('waits as it is told, but not for a day', async () => {
				const short = scene(provider, [replyOf(429, '', { 'retry-after': '20' }), running]);
				expect(await short.ask()).toMatchObject({ kind: 'job' });
				expect(short.tookSeconds()).toBe(20);
				const long = scene(provider, [replyOf(429, '', { 'retry-after': '86400' })]);
				expect(await long.ask()).toMatchObject({
					kind: 'refused',
					failure: { code: 'provider_error', retryable: true },
				});
				expect(long.tookSeconds()).toBeLessThanOrEqual(60);
			});
		});

		describe('to cancel', () => {
			test('believes a clear answer', async () => {
				const { cancel, seen } = scene(provider, [running], [cancelled]);
				expect(await cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled', handle: { jobId } } });
				expect(seen).toEqual({ looks: 0, cancels: 1 });
			});

			test.each<[string, Answer]>([
				['an empty answer', replyOf(204, '')],
				['a 404', replyOf(404, { error: 'job not found' })],
				['a 409', replyOf(409, '')],
				['an answer that says it is running', running],
			])('asks for the status after %s, and reports what is true', async (_name, answer) => {
				const after = scene(provider, [cancelled], [answer]);
				expect(await after.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
				const late = scene(provider, [done], [answer]);
				expect(await late.cancel()).toMatchObject({ kind: 'job', job: { status: 'completed' } });
				expect(late.seen).toEqual({ looks: 1, cancels: 1 });
			});

			test('gives an empty answer a moment to take effect, and never says cancelled unless the API did', async () => {
				const slow = scene(provider, [running, cancelled], [replyOf(204, '')]);
				expect(await slow.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
				const deaf = scene(provider, [running], [replyOf(204, '')]);
				expect(await deaf.cancel()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
				expect(deaf.seen).toEqual({ looks: 2, cancels: 1 });
			});

			test('is repeated in bad weather, three times in all, as it creates nothing', async () => {
				const passing = scene(provider, [running], [LOST, replyOf(503, ''), cancelled]);
				expect(await passing.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
				const lasting = scene(provider, [running], [LOST]);
				expect(await lasting.cancel()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
				expect(lasting.seen.cancels).toBe(3);
			});

			test('waits as it is told, but not for a day, and not after the last try', async () => {
				const short = scene(provider, [running], [replyOf(429, '', { 'retry-after': '20' }), cancelled]);
				expect(await short.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
				expect(short.tookSeconds()).toBe(20);
				const long = scene(provider, [done], [replyOf(429, '', { 'retry-after': '86400' })]);
				expect(await long.cancel()).toMatchObject({ kind: 'job', job: { status: 'completed' } });
				expect([long.tookSeconds(), long.seen.cancels]).toEqual([0, 1]);
				const last = scene(provider, [done], [replyOf(429, '', { 'retry-after': '5' })]);
				await last.cancel();
				expect([last.tookSeconds(), last.seen.cancels]).toEqual([10, 3]);
			});

			test('says so if the truth cannot be learnt', async () => {
				expect(await scene(provider, [LOST], [LOST]).cancel()).toMatchObject({
					kind: 'refused',
					failure: { charged: 'unknown' },
				});
			});
		});
	},
);
