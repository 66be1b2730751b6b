import { UnexpectedReplyError } from '../../nodes/core/providers/reply';
import type { Reply } from '../../nodes/core/calls/http';
import { withoutRaw, type Failure, type Handle, type Job, type JobOrFailure } from '../../nodes/core/job';
import { present, type JsonObject } from '../../nodes/core/json';
import { jobJson } from '../../nodes/core/output';
import type { Provider, VideoRequest } from '../../nodes/core/providers/provider';
import { dialects, jobBody } from '../support/apis';
import { join, readdirSync, readFileSync, repositoryFolder } from '../support/node.cts';

type Call = 'submit' | 'status' | 'cancel';

/** What a reader makes of a reply: the item a job comes out as, or why there is none. */
export type Outcome =
	| { readonly kind: 'job'; readonly json: JsonObject }
	| { readonly kind: 'refused'; readonly failure: Failure }
	| { readonly kind: 'unexpected'; readonly message: string }
	/** A cancel reply that says nothing clear. */
	| { readonly kind: 'unclear' }
	/** The reader threw what it must never throw. */
	| { readonly kind: 'broken'; readonly message: string };

/** One reply of test/fixtures/<provider>, and what has to be read out of it. */
export interface Fixture {
	/** Where the form of the reply is described: a heading of docs/providers.md, or docs/decisions for a rule of ours. */
	readonly source: string;
	/** How sure that is: docs/providers.md#labels-of-the-fixtures. */
	readonly label: 'SEED' | 'DOC' | 'SEEN' | 'RECORDED';
	readonly call: Call;
	/** Where it is not the provider's default. */
	readonly model?: string;
	/** Times in ISO 8601, where the usual ones below do not fit; `submittedAt: null`: nobody knows. */
	readonly given?: {
		readonly submittedAt?: string | null;
		readonly firstReadAt?: string;
		readonly sentAt?: string;
		readonly readAt?: string;
	};
	readonly reply: Omit<Reply, 'kind'>;
	readonly expect: Outcome;
}

const SUBMITTED_AT = '2026-01-01T00:00:00.000Z';
const SENT_AT = '2026-01-01T00:04:50.000Z';
const READ_AT = '2026-01-01T00:05:00.000Z';

export function fixturesOf(provider: Provider): Array<[name: string, fixture: Fixture]> {
	return fixturesIn(join(repositoryFolder, 'test/fixtures', provider.name));
}

/** The fixtures right in a folder, by their names. */
export function fixturesIn(folder: string): Array<[name: string, fixture: Fixture]> {
	const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
	return names.map((name) => [name.slice(0, -'.json'.length), JSON.parse(readFileSync(join(folder, name), 'utf8'))]);
}

export function requestOf({ name, defaultModel }: Provider, model = defaultModel): VideoRequest {
	return {
		provider: name,
		model,
		input: { prompt: 'a', duration: 5 },
		pictures: [],
		links: [],
		submitWith: 'run',
		hasEndImage: false,
	};
}

export function handleOf(
	{ name, defaultModel }: Provider,
	submittedAt: string | null = SUBMITTED_AT,
	model = defaultModel,
): Handle {
	return {
		provider: name,
		model,
		jobId: dialects[name].jobId,
		...present({ submittedAt: submittedAt ?? undefined }),
	};
}

/** The body of a callback about the job of `handleOf`. */
export function callbackOf({ name }: Provider): JsonObject {
	return jobBody(name, dialects[name].jobId, 'completed');
}

/** A reply as the readers take it. */
export function replyOf(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
	return { kind: 'reply', status, headers, body };
}

function readReply(provider: Provider, { call, model, reply, given = {} }: Fixture): JobOrFailure | Job | undefined {
	const whole: Reply = { kind: 'reply', ...reply };
	const nowMs = Date.parse(given.readAt ?? READ_AT);
	if (call === 'submit') {
		return provider.readStarted(whole, requestOf(provider, model), {
			sentMs: Date.parse(given.sentAt ?? SENT_AT),
			nowMs,
		});
	}
	const handle = handleOf(provider, given.submittedAt, model);
	const firstReadMs = given.firstReadAt === undefined ? undefined : Date.parse(given.firstReadAt);
	const moment = { nowMs, ...present({ firstReadMs }) };
	return call === 'status' ? provider.readJob(whole, handle, moment) : provider.readCancelled(whole, handle, moment);
}

/** Reads a fixture's reply. Never throws. */
export function outcomeOf(provider: Provider, fixture: Fixture): Outcome {
	try {
		const read = readReply(provider, fixture);
		if (read === undefined) return { kind: 'unclear' };
		if ('handle' in read) return { kind: 'job', json: jobJson(withoutRaw(read)) };
		return read.kind === 'job' ? { kind: 'job', json: jobJson(withoutRaw(read.job)) } : read;
	} catch (error) {
		if (!(error instanceof UnexpectedReplyError)) return { kind: 'broken', message: String(error) };
		return { kind: 'unexpected', message: error.message };
	}
}
