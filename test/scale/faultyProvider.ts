import type { Clock, Random } from '../../nodes/core/clock';
import type { Call, Fault, Reply } from '../../nodes/core/calls/http';
import { asObject, type JsonObject } from '../../nodes/core/json';
import type { Phase } from '../support/apis';
import { at } from '../support/defined';
import { isDeepStrictEqual } from '../support/node.cts';
import type { FaultyModel } from './faultyModels';
import { bodyOf } from './faultyReplies';
import { NO_UNDER_200, SENSELESS } from './senseless';

/** What a job will truly come to; known to the simulation only. */
type Fate =
	| 'video'
	| 'passingFailure'
	| 'lastingFailure'
	| 'passingInside'
	| 'lastingInside'
	| 'badPicture'
	| 'stalled';
const FATES: readonly Fate[] = [
	...Array<Fate>(12).fill('video'),
	...(['passingFailure', 'passingFailure', 'lastingFailure', 'lastingFailure'] as const),
	...(['passingInside', 'lastingInside', 'stalled', 'stalled'] as const),
];

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

const PASSING = 'Prediction interrupted; please retry (code: PA)';
const LASTING = 'The prompt was flagged as sensitive';
const BAD_PICTURE = 'Invalid image URL';
const MESSAGES: Readonly<Partial<Record<Fate, string>>> = {
	passingFailure: PASSING,
	lastingFailure: LASTING,
	passingInside: PASSING,
	lastingInside: LASTING,
	badPicture: BAD_PICTURE,
};
const KIND_OF_FATE: Readonly<Record<Exclude<Fate, 'video' | 'badPicture'>, JobFault>> = {
	passingFailure: 'job fails for a passing reason',
	lastingFailure: 'job fails for good',
	passingInside: 'job is completed with an error inside',
	lastingInside: 'job is completed with an error inside',
	stalled: 'job never ends',
};
const REPLY_MS = { fastest: 50, slowest: 400 };

/** Of any call. */
const OF_CALLS = [
	'connection refused',
	'connection cut before the call',
	'connection cut after the call',
	'no answer in time',
	'HTTP 429',
	'HTTP 408, 425 or 5xx',
	'redirect',
	'senseless HTTP 200',
	'HTTP 200 that says no',
	'proxy cuts the reply',
	'proxy truncates the reply',
] as const;
/** Only a submit has a body that a proxy may find too long. */
const OF_SUBMITS = ['proxy refuses the request (413)', 'proxy truncates the request'] as const;
const OF_STATUSES = ['state that goes backwards'] as const;
const OF_JOBS = [
	'refusal (4xx)',
	'job fails for a passing reason',
	'job fails for good',
	'job is completed with an error inside',
	'job is completed without a link',
	'job never ends',
	'job is forgotten',
	'clock that is wrong',
] as const;
type CallFault = (typeof OF_CALLS | typeof OF_SUBMITS | typeof OF_STATUSES)[number];
type JobFault = (typeof OF_JOBS)[number];

/** Every kind of fault that such a provider draws. */
export const PROVIDER_FAULTS: readonly string[] = [...OF_CALLS, ...OF_SUBMITS, ...OF_STATUSES, ...OF_JOBS];

export interface FaultRules {
	readonly clock: Clock;
	readonly random: Random;
	readonly model: FaultyModel;
	/** The body that an item's submit has to have. */
	readonly bodyFor: (item: string) => JsonObject;
	/** Whether the provider can open the item's picture. */
	readonly opens: (item: string) => boolean;
	/** The share of calls that go wrong, 0 to 1. */
	readonly faultShare: number;
}

/** One API with faults, by seed: it knows what its jobs really are and hides it from whoever asks. */
export class FaultyProvider {
	private readonly jobs = new Map<string, TrueJob>();
	/** Items for which a job was accepted while another of theirs was alive, had made its video, or was refused for good. */
	readonly paidTwice: string[] = [];
	/** Submits that are not what the model's document says. */
	readonly wrongSubmits: string[] = [];
	/** The items that met each kind of fault. */
	readonly met = new Map<string, Set<string>>();
	/** Jobs that truly had to be made again: all earlier ones of the item had failed for a passing reason, or were cancelled. */
	allowedRepeats = 0;

	constructor(private readonly rules: FaultRules) {}

	accepted(item?: string): number {
		return [...this.jobs.values()].filter((job) => item === undefined || job.item === item).length;
	}

	/** Every accepted job by its ID, with its item. */
	owners(): ReadonlyArray<{ readonly id: string; readonly item: string }> {
		return [...this.jobs.values()];
	}

	/** Whose job it is, by its id. */
	ownerOf(jobId: string): string | undefined {
		return this.jobs.get(jobId)?.item;
	}

	readonly send = async (call: Call): Promise<Reply | Fault> => {
		const { random, faultShare } = this.rules;
		if (random() >= faultShare) return await this.answer(call);
		const others = call.body !== undefined ? OF_SUBMITS : call.method === 'GET' ? OF_STATUSES : [];
		const kind: CallFault = this.pick([...OF_CALLS, ...others]);
		this.note(kind, itemOf(call) ?? this.named(call)?.item);
		return await this.faults[kind](call);
	};

	private readonly faults: Readonly<Record<CallFault, (call: Call) => Promise<Reply | Fault>>> = {
		'connection refused': async () => ({
			kind: 'fault',
			reach: 'notConnected',
			message: 'the connection was refused',
		}),
		'connection cut before the call': async () => lost('the connection was cut'),
		'connection cut after the call': async (call) => {
			await this.perhapsAnswer(call);
			return lost('the connection was cut');
		},
		'no answer in time': async (call) => {
			await this.perhapsAnswer(call);
			await this.rules.clock.sleep(call.timeoutMs);
			return lost('no answer came in time');
		},
		'HTTP 429': async () => this.reply(429, '', this.quiet()),
		'HTTP 408, 425 or 5xx': async (call) => {
			await this.perhapsAnswer(call);
			return this.reply(this.pick([408, 425, 500, 502, 503, 504]), this.pick(SENSELESS), this.quiet());
		},
		redirect: async (call) => {
			await this.perhapsAnswer(call);
			return this.reply(this.pick([301, 302, 307]), '', { location: 'https://elsewhere.example/' });
		},
		'senseless HTTP 200': async (call) => {
			await this.perhapsAnswer(call);
			return this.reply(200, this.pick(SENSELESS));
		},
		'HTTP 200 that says no': async () => this.reply(200, this.pick(NO_UNDER_200)),
		'proxy refuses the request (413)': async () =>
			this.reply(413, '<html><h1>413 Request Entity Too Large</h1></html>'),
		'proxy truncates the request': async () => this.reply(400, { error: 'Unexpected end of JSON input' }),
		'proxy cuts the reply': async (call) => {
			await this.answer(call);
			return lost('the connection was cut within the answer');
		},
		'proxy truncates the reply': async (call) => {
			const whole = await this.answer(call);
			const text = JSON.stringify(whole.body);
			return { ...whole, body: text.slice(0, Math.floor(text.length / 2)) };
		},
		'state that goes backwards': async (call) => {
			const job = this.named(call);
			const phase = this.pick(['queued', 'running'] as const);
			// It comes out of an old cache.
			return job === undefined ? this.reply(404, '') : this.reply(200, this.bodyOf(job, phase));
		},
	};

	private note(kind: string, item: string | undefined): void {
		if (item !== undefined) this.met.set(kind, (this.met.get(kind) ?? new Set()).add(item));
	}

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

	/** The call may have gone wrong on its way there, or on the way back. */
	private async perhapsAnswer(call: Call): Promise<void> {
		if (this.rules.random() < 0.7) await this.answer(call);
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
		const item = itemOf(call);
		if (item !== undefined) return this.judgeSubmit(call, item);
		const job = this.named(call);
		const nowMs = this.rules.clock.now();
		if (job === undefined || nowMs >= job.vanishesMs) {
			this.note('job is forgotten', job?.item);
			return this.reply(404, { error: 'job not found' });
		}
		const isCancel = call.method !== 'GET';
		if (isCancel && !['completed', 'failed'].includes(this.phaseOf(job))) job.cancelled = true;
		return isCancel && this.rules.random() < 0.3
			? this.reply(204, '')
			: this.reply(200, this.bodyOf(job, this.phaseOf(job)));
	}

	private judgeSubmit({ path, body }: Call, item: string): Reply {
		const { model, bodyFor, opens, random } = this.rules;
		if (path !== model.path || !isDeepStrictEqual(body, bodyFor(item))) {
			this.wrongSubmits.push(`${path} ${JSON.stringify(body)}`);
		}
		if (!opens(item) && random() < 0.5) return this.reply(400, { error: BAD_PICTURE });
		// Rarely, as a real one would: a refusal that surely creates nothing.
		if (random() < 0.02) {
			this.note('refusal (4xx)', item);
			return this.reply(this.pick([400, 401, 402, 403, 422]), { error: 'no' });
		}
		return this.reply(200, this.bodyOf(this.accept(item), 'queued'));
	}

	private accept(item: string): TrueJob {
		const { clock, random, opens } = this.rules;
		const earlier = [...this.jobs.values()].filter((job) => job.item === item);
		if (!earlier.every((job) => this.mayBeReplaced(job))) this.paidTwice.push(item);
		else if (earlier.length > 0) this.allowedRepeats += 1;
		const fate = opens(item) ? this.pick(FATES) : 'badPicture';
		const acceptedMs = clock.now();
		const startsMs = acceptedMs + 30_000 * random();
		const endsMs = fate === 'stalled' ? Infinity : startsMs + 1_000 * (30 + 270 * random());
		const vanishesMs = random() < 0.03 ? acceptedMs + 300_000 * random() : Infinity;
		const skewMs = random() < 0.1 ? 86_400_000 * (random() - 0.5) : 0;
		const id = `job-${this.jobs.size + 1}_${item}`;
		const job: TrueJob = { id, item, acceptedMs, startsMs, endsMs, fate, vanishesMs, skewMs, cancelled: false };
		this.jobs.set(job.id, job);
		if (skewMs !== 0) this.note('clock that is wrong', item);
		if (fate !== 'video' && fate !== 'badPicture') this.note(KIND_OF_FATE[fate], item);
		return job;
	}

	/** The job whose ID is a part of the call's path. */
	private named({ path }: Call): TrueJob | undefined {
		return path.split('/').flatMap((part) => this.jobs.get(part) ?? [])[0];
	}

	private mayBeReplaced(job: TrueJob): boolean {
		const phase = this.phaseOf(job);
		const isPassing = MESSAGES[job.fate] === PASSING;
		return phase === 'cancelled' || (isPassing && (phase === 'failed' || phase === 'completed'));
	}

	private phaseOf({ cancelled, fate, startsMs, endsMs }: TrueJob): Phase {
		const nowMs = this.rules.clock.now();
		if (cancelled) return 'cancelled';
		const isSaidToBeCompleted = fate === 'video' || fate === 'passingInside' || fate === 'lastingInside';
		if (nowMs >= endsMs) return isSaidToBeCompleted ? 'completed' : 'failed';
		return nowMs >= startsMs ? 'running' : 'queued';
	}

	private bodyOf(job: TrueJob, phase: Phase): JsonObject {
		const { model, random } = this.rules;
		const hasVideo = phase === 'completed' && job.fate === 'video';
		const url = hasVideo && random() > 0.02 ? `https://videos.example/${job.id}.mp4` : null;
		if (hasVideo && url === null) this.note('job is completed without a link', job.item);
		const error = phase === 'failed' || phase === 'completed' ? (MESSAGES[job.fate] ?? null) : null;
		return bodyOf(model.provider, { ...job, phase, url, error });
	}
}

function lost(message: string): Fault {
	return { kind: 'fault', reach: 'lost', message };
}

/** Whose submit it is; undefined for a call about a job. */
function itemOf({ body }: Call): string | undefined {
	return body === undefined ? undefined : String(asObject(body.input)?.prompt);
}
