import type { Call, Reply } from '../../nodes/core/calls/http';
import { hasEnded, type Handle, type JobOrFailure } from '../../nodes/core/job';
import type { Model } from '../../nodes/core/models/model';
import { providerOf } from '../../nodes/core/providers';
import type { VideoRequest } from '../../nodes/core/providers/provider';
import { type Fixture, outcomeOf } from '../core/fixtures';
import { dialects } from '../support/apis';
import { join, mkdirSync, repositoryFolder, sleepMs, writeFileSync } from '../support/node.cts';
import { priceText } from './models';

/** What of a reply's headers the readers look at; the others may hold cookies and names. */
const KEPT_HEADERS = /^(content-type|retry-after|ratelimit.*)$/;
/** A job that has not ended by then is left to run; its ID is said. */
const LONGEST_WAIT_MS = 1_800_000;

export interface Recording {
	readonly model: Model;
	readonly request: VideoRequest;
	readonly apiKey: string;
	/** The credential's base URL: the real API's, or the emulator's in a test. */
	readonly baseUrl: string;
	/** Where the fixtures go; by default to those of the provider. */
	readonly folder?: string;
	readonly pauseMs: number;
	readonly say: (line: string) => void;
	/** Asks the person who pays. */
	readonly agrees: () => Promise<boolean>;
}

interface Exchange {
	readonly call: Fixture['call'];
	readonly given: NonNullable<Fixture['given']>;
	readonly reply: Reply;
}

async function send({ model, apiKey, baseUrl }: Recording, call: Call): Promise<Reply> {
	const response = await fetch(`${baseUrl}${call.path}`, {
		method: call.method,
		headers: { ...dialects[model.provider].keyHeaders(apiKey), 'content-type': 'application/json' },
		redirect: 'manual',
		signal: AbortSignal.timeout(call.timeoutMs),
		...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
	});
	const text = await response.text();
	return { kind: 'reply', status: response.status, headers: headersOf(response), body: parsed(text) };
}

function headersOf(response: Response): Record<string, string> {
	const headers: Record<string, string> = {};
	response.headers.forEach((value, name) => {
		headers[name] = value;
	});
	return headers;
}

function parsed(text: string): unknown {
	try {
		const value: unknown = JSON.parse(text);
		return value;
	} catch {
		return text;
	}
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Submits once. Whatever the answer is, it is recorded; only a job is followed. */
async function submit(recording: Recording, exchanges: Exchange[]): Promise<JobOrFailure> {
	const provider = providerOf(recording.model.provider);
	const sentMs = Date.now();
	const reply = await send(recording, provider.startCall(recording.request, {}));
	const nowMs = Date.now();
	exchanges.push({ call: 'submit', given: { sentAt: iso(sentMs), readAt: iso(nowMs) }, reply });
	return provider.readStarted(reply, recording.request, { sentMs, nowMs });
}

/** Asks until the job has ended. One reply of each status is recorded. */
async function follow(recording: Recording, handle: Handle, exchanges: Exchange[]): Promise<void> {
	const provider = providerOf(recording.model.provider);
	const seen = new Set<string>();
	const startMs = Date.now();
	while (Date.now() - startMs < LONGEST_WAIT_MS) {
		await sleepMs(recording.pauseMs);
		const reply = await send(recording, provider.statusCall(handle));
		const nowMs = Date.now();
		const read = provider.readJob(reply, handle, { nowMs });
		const status = read.kind === 'job' ? read.job.status : read.failure.code;
		if (!seen.has(status)) {
			recording.say(`  ${status}`);
			seen.add(status);
			const given = { readAt: iso(nowMs), submittedAt: handle.submittedAt ?? null };
			exchanges.push({ call: 'status', given, reply });
		}
		if (read.kind !== 'job' || hasEnded(read.job)) return;
	}
	recording.say(`The job ${handle.jobId} has not ended; look for it in your account.`);
}

/** The reply without what is private: the key, the job's own ID, and where links lead. Their form stays. */
function hidden({ model, apiKey }: Recording, reply: Reply, jobId: string | undefined): Reply {
	const ours = jobId === undefined ? [] : [[jobId, dialects[model.provider].jobId] as const];
	const replaced = [[apiKey, '(key)'] as const, ...ours].reduce(
		(text, [secret, word]) => text.replaceAll(secret, word),
		JSON.stringify({ ...reply, headers: keptHeaders(reply) }),
	);
	// A link may be signed, or lead to what only its owner should see.
	const links = /https?:\/\/[^"\\\s]+?(\.[a-z0-9]{2,4})?(?=[?"\\\s])(\?[^"\\\s]*)?/gi;
	const safe: Reply = JSON.parse(
		replaced.replace(links, (_link, ending: string | undefined) => `https://example.com/hidden${ending ?? ''}`),
	);
	return safe;
}

function keptHeaders({ headers }: Reply): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_HEADERS.test(name)));
}

function fixtureOf(recording: Recording, { call, given, reply }: Exchange, jobId: string | undefined): Fixture {
	const { model } = recording;
	const { status, headers, body } = hidden(recording, reply, jobId);
	const fixture = {
		source: `docs/providers.md#labels-of-the-fixtures: recorded from the API on ${(given.readAt ?? '').slice(0, 10)}`,
		label: 'RECORDED',
		call,
		model: model.id,
		given,
		reply: { status, headers, body },
	} as const;
	const expected = outcomeOf(providerOf(model.provider), { ...fixture, expect: { kind: 'unclear' } });
	return { ...fixture, expect: expected };
}

/** The files that were written, by path. */
function write(recording: Recording, exchanges: readonly Exchange[], jobId: string | undefined): string[] {
	const { model, apiKey, folder = join(repositoryFolder, 'test/fixtures', model.provider) } = recording;
	mkdirSync(folder, { recursive: true });
	return exchanges.map((exchange, index) => {
		const text = `${JSON.stringify(fixtureOf(recording, exchange, jobId), null, '\t')}\n`;
		if (text.includes(apiKey)) throw new Error('The key is still in what would be written, so nothing was written.');
		const name = `recorded-${model.id.replace(/\W+/g, '-')}-${index + 1}-${exchange.call}.json`;
		writeFileSync(join(folder, name), text);
		return join(folder, name);
	});
}

/** Makes one paid video and writes the API's replies as fixtures; the exit code. */
export async function record(recording: Recording): Promise<number> {
	const { model, request, say } = recording;
	const { label } = providerOf(model.provider);
	say(`This makes one real video with ${model.label} at ${label} and will cost ${priceText(request)}.`);
	if (!(await recording.agrees())) {
		say('Not confirmed; nothing was sent.');
		return 1;
	}
	const exchanges: Exchange[] = [];
	const started = await submit(recording, exchanges).catch(() => undefined);
	if (started === undefined) {
		say('It is not known whether the API accepted the job. Look in your account before you try again.');
		return 1;
	}
	const handle = started.kind === 'job' ? started.job.handle : undefined;
	if (handle === undefined) say('The API did not accept the job. Its answer is recorded.');
	else say(`Job ${handle.jobId}`);
	try {
		if (handle !== undefined) await follow(recording, handle, exchanges);
	} finally {
		for (const path of write(recording, exchanges, handle?.jobId)) say(`✓ ${path}`);
	}
	say('Read these files before you commit them: the API may say more about you than is hidden here.');
	return handle === undefined ? 1 : 0;
}
