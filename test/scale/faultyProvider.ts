import type { Clock, Random } from '../../nodes/core/clock';
import type { Call, Fault, Reply } from '../../nodes/core/calls/http';
import type { ProviderName } from '../../nodes/core/job';
import { asObject, type JsonObject } from '../../nodes/core/json';
import type { Phase } from '../support/apis';
import { at } from '../support/defined';
import { bodyOf } from './faultyReplies';

/** What a job will truly come to; known to the simulation only. */
type Fate = 'video' | 'passingFailure' | 'lastingFailure' | 'stalled';
const FATES: readonly Fate[] = [...Array<Fate>(6).fill('video'), 'passingFailure', 'lastingFailure', 'stalled'];

interface TrueJob {
	readonly id: string;
	readonly item: string;
	readonly acceptedMs: number;
	readonly startsMs: number;
	readonly endsMs: number;
	readonly fate: Fate;
	/** From then on nobody finds it. */
	readonly vanishesMs: number;
	/** What its clock is ahead of ours. */
	readonly skewMs: number;
	cancelled: boolean;
}

const MESSAGES = {
	passingFailure: 'Prediction interrupted; please retry (code: PA)',
	lastingFailure: 'The prompt was flagged as sensitive',
};
/** Nothing in these names a job or an end, so none of them is a lie about money. */
const SENSELESS: readonly unknown[] = [
	'',
	'OK',
	'{"id":"abc',
	'<html>',
	null,
	7,
	true,
	[],
	[[]],
	{},
	{ id: {} },
	{ id: 7.5, status: [] },
	{ job_id: null, status: null },
	{ status: 404 },
	{ error: { error: {} } },
];
const REPLY_MS = { fastest: 50, slowest: 400 };

export interface FaultRules {
	readonly clock: Clock;
	readonly random: Random;
	readonly provider: ProviderName;
	/** The share of calls that go wrong, 0 to 1. */
	readonly faultShare: number;
}

/** One API with faults, by seed: it knows what its jobs really are and hides it from whoever asks. */
export class FaultyProvider {
	private readonly jobs = new Map<string, TrueJob>();
	/** Items for which a job was accepted while another of theirs was alive, had made its video, or was refused for good. */
	readonly paidTwice: string[] = [];
	/** Jobs that truly had to be made again: all earlier ones of the item had failed for a passing reason, or were cancelled. */
	allowedRepeats = 0;

	constructor(private readonly rules: FaultRules) {}

	accepted(item?: string): number {
		return [...this.jobs.values()].filter((job) => item === undefined || job.item === item).length;
	}

	/** Whose job it is, by its id. */
	ownerOf(jobId: string): string | undefined {
		return this.jobs.get(jobId)?.item;
	}

	readonly send = async (call: Call): Promise<Reply | Fault> => {
		const { clock, random, faultShare } = this.rules;
		if (random() >= faultShare) return await this.answer(call);
		const kind = this.pick([
			'refusedConnection',
			'cutBefore',
			'cutAfter',
			'timeout',
			'busy',
			'passing',
			'redirect',
			'senseless',
			'backwards',
		]);
		if (kind === 'refusedConnection')
			return { kind: 'fault', reach: 'notConnected', message: 'the connection was refused' };
		if (kind === 'cutBefore') return { kind: 'fault', reach: 'lost', message: 'the connection was cut' };
		if (kind === 'busy') return this.reply(429, '', this.quiet());
		if (kind === 'backwards' && call.body === undefined) return this.backwards(call);
		// The rest goes wrong on the way back, or may have.
		if (random() < 0.7) await this.answer(call);
		if (kind === 'timeout') await clock.sleep(call.timeoutMs);
		if (kind === 'passing')
			return this.reply(this.pick([408, 425, 500, 502, 503, 504]), this.pick(SENSELESS), this.quiet());
		if (kind === 'redirect')
			return this.reply(this.pick([301, 302, 307]), '', { location: 'https://elsewhere.example/' });
		if (kind === 'senseless') return this.reply(200, this.pick(SENSELESS));
		return { kind: 'fault', reach: 'lost', message: 'no answer came in time' };
	};

	private pick<T>(choices: readonly T[]): T {
		return at(choices, Math.floor(this.rules.random() * choices.length));
	}

	private reply(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
		return { kind: 'reply', status, headers, body };
	}

	private quiet(): Record<string, string> {
		const { clock } = this.rules;
		const words = [
			'',
			'',
			'0',
			'3',
			'20',
			'86400',
			'-5',
			'soon',
			new Date(clock.now() + 5_000).toUTCString(),
			new Date(0).toUTCString(),
		];
		return { 'retry-after': this.pick(words) };
	}

	private async answer(call: Call): Promise<Reply> {
		const { clock, random } = this.rules;
		const oneWayMs = (REPLY_MS.fastest + (REPLY_MS.slowest - REPLY_MS.fastest) * random()) / 2;
		await clock.sleep(oneWayMs);
		const reply = this.judge(call);
		await clock.sleep(oneWayMs);
		return reply;
	}

	private judge(call: Call): Reply {
		if (call.body !== undefined) {
			// Rarely, as a real one would: a refusal that surely creates nothing.
			if (this.rules.random() < 0.02) return this.reply(this.pick([400, 401, 402, 403, 422]), { error: 'no' });
			return this.reply(200, this.bodyOf(this.accept(call), 'queued'));
		}
		const job = this.named(call);
		const nowMs = this.rules.clock.now();
		if (job === undefined || nowMs >= job.vanishesMs) return this.reply(404, { error: 'job not found' });
		const isCancel = call.method !== 'GET';
		if (isCancel && !['completed', 'failed'].includes(this.phaseOf(job))) job.cancelled = true;
		return isCancel && this.rules.random() < 0.3
			? this.reply(204, '')
			: this.reply(200, this.bodyOf(job, this.phaseOf(job)));
	}

	private accept({ body }: Call): TrueJob {
		const { clock, random } = this.rules;
		const item = String(asObject(body?.input ?? body)?.prompt);
		const earlier = [...this.jobs.values()].filter((job) => job.item === item);
		if (!earlier.every((job) => this.mayBeReplaced(job))) this.paidTwice.push(item);
		else if (earlier.length > 0) this.allowedRepeats += 1;
		const fate = this.pick(FATES);
		const acceptedMs = clock.now();
		const startsMs = acceptedMs + 30_000 * random();
		const endsMs = fate === 'stalled' ? Infinity : startsMs + 1_000 * (30 + 270 * random());
		const vanishesMs = random() < 0.03 ? acceptedMs + 300_000 * random() : Infinity;
		const skewMs = random() < 0.1 ? 86_400_000 * (random() - 0.5) : 0;
		const job: TrueJob = {
			id: `job-${this.jobs.size + 1}_${item}`,
			item,
			acceptedMs,
			startsMs,
			endsMs,
			fate,
			vanishesMs,
			skewMs,
			cancelled: false,
		};
		this.jobs.set(job.id, job);
		return job;
	}

	/** The job whose ID is a part of the call's path. */
	private named({ path }: Call): TrueJob | undefined {
		return path.split('/').flatMap((part) => this.jobs.get(part) ?? [])[0];
	}

	private mayBeReplaced(job: TrueJob): boolean {
		const phase = this.phaseOf(job);
		return phase === 'cancelled' || (phase === 'failed' && job.fate === 'passingFailure');
	}

	private phaseOf(job: TrueJob): Phase {
		const nowMs = this.rules.clock.now();
		if (job.cancelled) return 'cancelled';
		if (nowMs >= job.endsMs) return job.fate === 'video' ? 'completed' : 'failed';
		return nowMs >= job.startsMs ? 'running' : 'queued';
	}

	/** An answer out of an old cache: an earlier state than the job's own. */
	private backwards(call: Call): Reply {
		const job = this.named(call);
		return job === undefined
			? this.reply(404, '')
			: this.reply(200, this.bodyOf(job, this.pick(['queued', 'running'])));
	}

	private bodyOf(job: TrueJob, phase: Phase): JsonObject {
		const { provider, random } = this.rules;
		const url = phase === 'completed' && random() > 0.02 ? `https://videos.example/${job.id}.mp4` : null;
		const error = phase === 'failed' && job.fate !== 'video' && job.fate !== 'stalled' ? MESSAGES[job.fate] : null;
		return bodyOf(provider, { ...job, phase, url, error });
	}
}
