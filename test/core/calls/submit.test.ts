import type { Call, Fault, Reply, Send } from '../../../nodes/core/calls/http';
import { providers } from '../../../nodes/core/providers';
import type { Provider } from '../../../nodes/core/providers/provider';
import { submitOnce, type SubmitResult } from '../../../nodes/core/calls/submit';
import { jobBody } from '../../support/apis';
import { createStop } from '../../support/stop';
import { VirtualClock } from '../../support/virtualClock';
import { callbackOf, handleOf, replyOf, requestOf } from '../fixtures';

type Answer = Reply | Fault;

const REFUSED: Fault = { kind: 'fault', reach: 'notConnected', message: 'the connection was refused' };
const LOST: Fault = { kind: 'fault', reach: 'lost', message: 'no answer came in time' };
const busy = (headers: Record<string, string> = {}) => replyOf(429, '', headers);

interface Run {
	readonly end: SubmitResult;
	/** Seconds from the start at which each submit was sent. */
	readonly sentAtSeconds: number[];
	readonly calls: Call[];
	readonly tookSeconds: number;
}

/** Submits once against answers given in turn, the last one again and again. */
async function run(
	provider: Provider,
	answers: (nowMs: number) => Answer[],
	rules: { patienceMs?: number; stopAfterMs?: number } = {},
): Promise<Run> {
	const clock = new VirtualClock();
	const startMs = clock.now();
	const calls: Call[] = [];
	const sentAtSeconds: number[] = [];
	const given = answers(startMs);
	const send: Send = async (call) => {
		calls.push(call);
		sentAtSeconds.push((clock.now() - startMs) / 1000);
		return given[Math.min(calls.length, given.length) - 1] ?? LOST;
	};
	const stop = createStop();
	if (rules.stopAfterMs === 0) stop.request();
	else if (rules.stopAfterMs !== undefined) void clock.sleep(rules.stopAfterMs).then(() => stop.request());
	const ports = { clock, random: () => 0.5, stop, send };
	const end = await clock.until(
		submitOnce(provider, requestOf(provider), { patienceMs: rules.patienceMs ?? 300_000 }, ports),
	);
	return { end, sentAtSeconds, calls, tookSeconds: (clock.now() - startMs) / 1000 };
}

describe.each(providers.map((provider): [string, Provider] => [provider.label, provider]))(
	'a submit to %s',
	(_label, provider) => {
		const ACCEPTED = replyOf(200, jobBody(provider.name, 'job-1', 'queued'));
		test('is one billable call', async () => {
			const { end, calls } = await run(provider, () => [ACCEPTED]);
			expect(end).toMatchObject({
				kind: 'job',
				job: { status: 'pending', handle: { jobId: 'job-1', submittedAt: '2026-01-01T00:00:00.000Z' } },
			});
			expect(calls).toEqual([provider.startCall(requestOf(provider), {})]);
		});

		test.each<[string, Answer]>([
			['a timeout', LOST],
			['a 500 page', replyOf(500, '<html>')],
			['a 502', replyOf(502, { error: 'bad gateway' })],
			['a 503 that asks to come back', replyOf(503, '', { 'retry-after': '1' })],
			['a 408', replyOf(408, '')],
			['a 425', replyOf(425, '')],
			['a redirect', replyOf(307, '', { location: '/elsewhere' })],
			['a 200 that is not JSON', replyOf(200, 'ok')],
			['a 200 without an ID', replyOf(200, {})],
			['a 204', replyOf(204, '')],
		])('is never repeated after %s, and may have been accepted', async (_name, answer) => {
			const { end, calls } = await run(provider, () => [answer, ACCEPTED]);
			expect(calls).toHaveLength(1);
			expect(end).toEqual({
				kind: 'failed',
				mayFallBack: false,
				failure: {
					message: expect.stringContaining(`It is not known whether ${provider.label} accepted the job: `),
					code: 'submit_unknown',
					retryable: false,
					charged: 'unknown',
				},
			});
		});

		test('whose connection was cut tells so, and no more', async () => {
			const { end } = await run(provider, () => [{ ...LOST, message: 'the connection was cut' }]);
			const message = `It is not known whether ${provider.label} accepted the job: the connection was cut`;
			expect(end).toMatchObject({ failure: { code: 'submit_unknown', message } });
		});

		// A refusal that names a job does not prove that there is none.
		test.each([500, 422])('whose answer of %i names a job may have been accepted, and tells its ID', async (status) => {
			const { end } = await run(provider, () => [replyOf(status, callbackOf(provider))]);
			const { jobId } = handleOf(provider);
			expect(end).toMatchObject({
				kind: 'failed',
				mayFallBack: false,
				failure: {
					code: 'submit_unknown',
					message: expect.stringMatching(new RegExp(`: .+\\. The answer names the job ${jobId}$`)),
				},
			});
		});

		test('whose answer breaks its reader, in whatever way, may have been accepted', async () => {
			const readStarted = () => {
				throw 'no error';
			};
			const { end } = await run({ ...provider, readStarted }, () => [ACCEPTED]);
			expect(end).toMatchObject({
				failure: { code: 'submit_unknown', message: expect.stringContaining('its answer could not be read') },
			});
		});

		test.each([400, 401, 402, 403, 404, 409, 413, 422])('is not repeated after a clear %i', async (status) => {
			const { end, calls } = await run(provider, () => [replyOf(status, { error: 'no' }), ACCEPTED]);
			expect(calls).toHaveLength(1);
			expect(end).toMatchObject({
				kind: 'failed',
				failure: { charged: 'no' },
				mayFallBack: [401, 402, 403, 404].includes(status),
			});
		});

		test('is repeated while nothing answers at that address, three times in all', async () => {
			expect((await run(provider, () => [REFUSED, REFUSED, ACCEPTED])).end.kind).toBe('job');
			const { end, calls } = await run(provider, () => [REFUSED]);
			expect(calls).toHaveLength(3);
			expect(end).toEqual({
				kind: 'failed',
				failure: {
					message: `${provider.label} could not be reached: the connection was refused`,
					code: 'provider_error',
					retryable: true,
					charged: 'no',
				},
				mayFallBack: true,
			});
		});

		test('keeps away as long as it is told, in seconds or until a date', async () => {
			const inSeconds = await run(provider, () => [busy({ 'retry-after': '7' }), ACCEPTED]);
			expect(inSeconds.sentAtSeconds).toEqual([0, 7.5]);
			const untilDate = await run(provider, (nowMs) => [
				busy({ 'retry-after': new Date(nowMs + 30_000).toUTCString() }),
				ACCEPTED,
			]);
			expect(untilDate.sentAtSeconds).toEqual([0, 30.5]);
			expect(untilDate.end).toMatchObject({
				kind: 'job',
				job: { handle: { submittedAt: '2026-01-01T00:00:30.500Z' } },
			});
		});

		test('backs off longer and longer where it is told nothing', async () => {
			const { sentAtSeconds, end } = await run(provider, () => [busy(), busy(), busy(), ACCEPTED]);
			expect(sentAtSeconds).toEqual([0, 1, 3, 7]);
			expect(end.kind).toBe('job');
		});

		test('waits no longer than its patience, and another provider may then be asked', async () => {
			const { end, tookSeconds } = await run(provider, () => [busy({ 'retry-after': '40' })], { patienceMs: 100_000 });
			expect(end).toMatchObject({
				kind: 'failed',
				failure: {
					message: `${provider.label} keeps refusing new jobs because there are too many requests`,
					code: 'rate_limited',
					retryable: true,
					charged: 'no',
				},
				mayFallBack: true,
			});
			expect(tookSeconds).toBeLessThanOrEqual(100);
			const atOnce = await run(provider, () => [busy({ 'retry-after': '86400' })]);
			expect([atOnce.calls.length, atOnce.tookSeconds]).toEqual([1, 0]);
		});

		test('after Stop nothing is sent, and one that waits is given up at once', async () => {
			const before = await run(provider, () => [ACCEPTED], { stopAfterMs: 0 });
			expect(before).toMatchObject({
				calls: [],
				end: {
					kind: 'failed',
					failure: {
						message: `The execution was stopped before this video was submitted to ${provider.label}`,
						code: 'provider_error',
						retryable: true,
						charged: 'no',
					},
					mayFallBack: false,
				},
			});
			const meanwhile = await run(provider, () => [busy({ 'retry-after': '60' }), ACCEPTED], { stopAfterMs: 5_500 });
			expect(meanwhile).toMatchObject({
				calls: [{}],
				end: { kind: 'failed', failure: { charged: 'no' }, mayFallBack: false },
			});
			expect(meanwhile.tookSeconds).toBe(5.5);
		});

		test('transient faults of both kinds end in one job', async () => {
			const { end, calls } = await run(provider, () => [REFUSED, busy({ 'retry-after': '3' }), busy(), ACCEPTED]);
			expect([end.kind, calls.length]).toEqual(['job', 4]);
		});
	},
);
