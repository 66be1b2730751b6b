import { providers } from '../../../nodes/core/providers';
import type { Provider } from '../../../nodes/core/providers/provider';
import { jobBody, type Phase } from '../../support/apis';
import { handleOf, replyOf } from '../fixtures';
import { LOST, scene, type Answer } from './scene';

describe.each(providers.map((provider): [string, Provider] => [provider.label, provider]))(
	'a cancel at %s',
	(_label, provider) => {
		const { jobId } = handleOf(provider);
		const says = (phase: Phase) => replyOf(200, jobBody(provider.name, jobId, phase));
		const [running, done, cancelled] = [says('running'), says('completed'), says('cancelled')];

		test('believes a clear answer', async () => {
			const { cancel, seen } = scene(provider, [running], [cancelled]);
			expect(await cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled', handle: { jobId } } });
			expect(seen).toEqual({ statuses: 0, cancels: 1 });
		});

		test.each<[string, Answer]>([
			['an empty answer', replyOf(204, '')],
			['a 404', replyOf(404, { error: 'job not found' })],
			['a 409', replyOf(409, '')],
			['an answer that says it is running', running],
		])('reads the status after %s, and reports it', async (_name, answer) => {
			const after = scene(provider, [cancelled], [answer]);
			expect(await after.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
			const late = scene(provider, [done], [answer]);
			expect(await late.cancel()).toMatchObject({ kind: 'job', job: { status: 'completed' } });
			expect(late.seen).toEqual({ statuses: 1, cancels: 1 });
		});

		test('gives an empty answer a moment to take effect, and never says cancelled unless the API did', async () => {
			const slow = scene(provider, [running, cancelled], [replyOf(204, '')]);
			expect(await slow.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
			const deaf = scene(provider, [running], [replyOf(204, '')]);
			expect(await deaf.cancel()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
			expect(deaf.seen).toEqual({ statuses: 2, cancels: 1 });
		});

		test('is repeated after a transient fault, three times in all, as it creates nothing', async () => {
			const passing = scene(provider, [running], [LOST, replyOf(503, ''), cancelled]);
			expect(await passing.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
			const lasting = scene(provider, [running], [LOST]);
			expect(await lasting.cancel()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
			expect(lasting.seen.cancels).toBe(3);
		});

		test('waits as it is told, but not for a day, and not after the last try', async () => {
			const short = scene(provider, [running], [replyOf(429, '', { 'retry-after': '20' }), cancelled]);
			expect(await short.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
			expect(short.tookSeconds()).toBe(20.5);
			const long = scene(provider, [done], [replyOf(429, '', { 'retry-after': '86400' })]);
			expect(await long.cancel()).toMatchObject({ kind: 'job', job: { status: 'completed' } });
			expect([long.tookSeconds(), long.seen.cancels]).toEqual([0, 1]);
			const last = scene(provider, [done], [replyOf(429, '', { 'retry-after': '5' })]);
			await last.cancel();
			expect([last.tookSeconds(), last.seen.cancels]).toEqual([11, 3]);
		});

		test('is repeated until the job can be seen, for longer than Runpod may hide it', async () => {
			const missing = replyOf(404, { error: 'job not found' });
			const hidden = scene(provider, [running], [missing, missing, cancelled]);
			expect(await hidden.cancel()).toMatchObject({ kind: 'job', job: { status: 'cancelled' } });
			const neverSeen = scene(provider, [running], [missing]);
			expect(await neverSeen.cancel()).toMatchObject({ kind: 'job', job: { status: 'processing' } });
			expect(neverSeen.tookSeconds()).toBeGreaterThan(150);
			expect(neverSeen.seen).toEqual({ statuses: 22, cancels: 11 });
		});

		test('is given up at once if the status says that there is no such job either', async () => {
			const refused = replyOf(404, { error: 'job not found' });
			const gone = scene(provider, [refused], [refused], null);
			expect(await gone.cancel()).toMatchObject({ kind: 'refused', failure: { code: 'job_not_found' } });
			expect(gone.seen).toEqual({ statuses: 1, cancels: 1 });
		});

		test('goes on after a stop, which is why it is sent', async () => {
			const stopped = scene(provider, [LOST, done], [LOST]);
			stopped.stop.request();
			expect(await stopped.cancel()).toMatchObject({ kind: 'job', job: { status: 'completed' } });
			expect(stopped.seen).toEqual({ statuses: 2, cancels: 3 });
		});

		test('says so if the status cannot be read either', async () => {
			expect(await scene(provider, [LOST], [LOST]).cancel()).toMatchObject({
				kind: 'refused',
				failure: { charged: 'unknown' },
			});
		});
	},
);
