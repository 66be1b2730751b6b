import fc from 'fast-check';
import { firstUrl, UnexpectedReplyError } from '../../../nodes/core/providers/reply';
import { classifyFailure, errorText } from '../../../nodes/core/failure';
import type { Reply } from '../../../nodes/core/calls/http';
import { asJobId, type Job, type JobOrFailure, withoutRaw } from '../../../nodes/core/job';
import { isJson, without, type JsonValue } from '../../../nodes/core/json';
import { jobJson } from '../../../nodes/core/output';
import { providers } from '../../../nodes/core/providers';
import type { Provider } from '../../../nodes/core/providers/provider';
import { dialects } from '../../support/apis';
import { handleOf, requestOf } from '../fixtures';

const RUNS = { numRuns: 1500 };
const KEYS = [
	...Object.values(dialects).flatMap(({ idKey, statusKey }) => [idKey, statusKey]),
	'created_at',
	'model',
	'result',
	'output',
	'public_url',
	'url',
	'video',
	'video_url',
	'cost',
	'error',
	'error_message',
	'message',
	'msg',
	'detail',
	'title',
	'code',
	'delayTime',
	'executionTime',
	'workerId',
	'data',
	'prediction',
	'upload_url',
	'file_url',
	'upload_fields',
	'__proto__',
	'constructor',
	'toString',
	'valueOf',
];
const WORDS = [
	...Object.values(dialects).flatMap(({ words, jobId }) => [...Object.values(words), jobId]),
	'succeeded',
	'canceled',
	'error',
	'TIMED_OUT',
	'constructor',
	'../x',
	'a b',
	'https://v.example/a.mp4',
	'http://x',
	'ftp://x/y',
	'data:video/mp4;base64,AA',
	'javascript:alert(1)',
	' https://a b',
	'2026-01-01T00:00:00Z',
	'2026-13-45T99:99:99Z',
	'{"message":"no"}',
	'x: {"code":400,"message":"no"}',
	'<html>',
	'[[[',
	'endpoint not found',
	'Traceback (most recent call last):\n  File "/a.py", line 1, in <module>\n    x["a"]\nKeyError: 1',
	'Error: x\n    at f (/a.js:1:1)',
];
const NUMBERS = [0, -1, 404, 0.36, 5e-324, 1e21, 1e308, -1e308, 2 ** 53, 8.64e15];

const leaf = fc.oneof(
	fc.constantFrom(...WORDS),
	fc.constantFrom(...NUMBERS),
	fc.constantFrom(null, true, false, ''),
	fc.string(),
	fc.jsonValue(),
);
/** Objects with the keys the readers look for, filled with what does not belong there. */
const { shaped } = fc.letrec<{ shaped: unknown }>((tie) => ({
	shaped: fc.oneof(
		{ maxDepth: 4, withCrossShrink: true },
		leaf,
		fc.array(tie('shaped'), { maxLength: 4 }),
		fc.dictionary(fc.constantFrom(...KEYS), tie('shaped'), { maxKeys: 8 }),
	),
}));
/** Half of them begin as a reply should, so that the readers get further. */
const bodies = fc.oneof(
	shaped,
	fc.tuple(fc.constantFrom(...WORDS), shaped).map(([status, rest]) => ({
		id: 'sync-a1b2c3d4-e5f6-7890-abcd-ef1234567890-u1',
		job_id: 'abc123',
		status,
		...(typeof rest === 'object' ? rest : { output: rest }),
	})),
);
/** As it comes from the network: through text. */
const body = bodies.map((value): unknown => JSON.parse(JSON.stringify(value)));
const status = fc.oneof(
	fc.constantFrom(200, 200, 200, 201, 204, 302, 400, 401, 402, 403, 404, 408, 422, 425, 429, 500, 503),
	fc.integer({ min: 0, max: 999 }),
);
const headers = fc.dictionary(
	fc.constantFrom('retry-after', 'ratelimit', 'ratelimit-reset', 'content-type', 'date'),
	fc.oneof(fc.string(), fc.constantFrom(...WORDS)),
);
const reply: fc.Arbitrary<Reply> = fc.record({ kind: fc.constant('reply' as const), status, headers, body });
const nowMs = fc.integer({ min: 0, max: 4e12 });
const provider = fc.constantFrom(...providers);

/** What a reader gave, or undefined if it threw what it may throw. */
function readSafely<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		expect(error).toBeInstanceOf(UnexpectedReplyError);
		return undefined;
	}
}

function hasNullOutsideRaw(value: JsonValue): boolean {
	if (value === null) return true;
	return typeof value === 'object' && Object.values(value).some(hasNullOutsideRaw);
}

/** Everything that holds of every job, whatever the reply was. */
function expectSound(job: Job, { name }: Provider): void {
	expect(job.handle.jobId).toMatch(/^[A-Za-z0-9_-]+$/);
	expect(job.handle.provider).toBe(name);
	if (job.status === 'completed' && job.videoUrl !== undefined) expect(job.videoUrl).toMatch(/^https?:\/\/\S+$/i);
	const json = jobJson(job);
	expect(isJson(json)).toBe(true);
	expect(json).not.toHaveProperty('error');
	const simplified = without(json, 'raw');
	expect(hasNullOutsideRaw(simplified)).toBe(false);
	expect(jobJson(withoutRaw(job))).toStrictEqual(simplified);
	for (const time of [job.handle.submittedAt, job.finishedAt]) {
		if (time !== undefined) expect(new Date(time).toISOString()).toBe(time);
	}
}

function expectSoundReading(reading: JobOrFailure | undefined, from: Provider): void {
	if (reading?.kind === 'job') expectSound(reading.job, from);
	if (reading?.kind !== 'refused') return;
	expect(reading.failure.message.trim()).not.toBe('');
	expect(reading.failure.message).not.toContain('Traceback');
}

describe('any JSON in: a job, a refusal or an UnexpectedReplyError out', () => {
	test('of a submit', () => {
		const promise = fc.property(provider, reply, nowMs, (from, given, now) => {
			const reading = readSafely(() => from.readStarted(given, requestOf(from), { sentMs: now, nowMs: now + 1000 }));
			expectSoundReading(reading, from);
			if (reading?.kind === 'job') expect(reading.job.handle.submittedAt).toBeDefined();
		});
		fc.assert(promise, RUNS);
	});

	test('of a status call, and it is the job that was asked for', () => {
		const promise = fc.property(provider, reply, nowMs, fc.boolean(), (from, given, now, isAgeKnown) => {
			const handle = handleOf(from, isAgeKnown ? undefined : null);
			const reading = readSafely(() => from.readJob(given, handle, { nowMs: now, firstReadMs: now - 1000 }));
			expectSoundReading(reading, from);
			if (reading?.kind === 'job')
				expect(reading.job.handle).toMatchObject({ jobId: handle.jobId, model: handle.model });
		});
		fc.assert(promise, RUNS);
	});

	test('of a cancel, and only a job that the API called cancelled is one', () => {
		const promise = fc.property(provider, reply, nowMs, (from, given, now) => {
			const job = from.readCancelled(given, handleOf(from), { nowMs: now });
			if (job === undefined) return;
			expectSound(job, from);
			expect(job.status).toBe('cancelled');
			expect(JSON.stringify(given.body)).toMatch(
				new RegExp(`${dialects[from.name].words.cancelled}|cancel|abort`, 'i'),
			);
		});
		fc.assert(promise, RUNS);
	});

	test('of a callback: an ID or nothing', () => {
		const promise = fc.property(provider, body, (from, given) => {
			expect(from.namedJobId(given) ?? 'none').toMatch(/^[A-Za-z0-9_-]{1,200}$/);
		});
		fc.assert(promise, RUNS);
	});

	test('of an upload: a place for the picture or nothing', () => {
		const promise = fc.property(reply, (given) => {
			for (const { imageDelivery } of providers) {
				const target = readSafely(() => imageDelivery.upload?.read(given));
				if (target === undefined) continue;
				expect([target.url, target.fileUrl].every((url) => /^https?:\/\//i.test(url))).toBe(true);
				expect(Object.values(target.fields).every((value) => typeof value === 'string')).toBe(true);
			}
		});
		fc.assert(promise, RUNS);
	});
});

describe('the small readers are total', () => {
	test('an error text is short, for people, and no traceback', () => {
		const promise = fc.property(body, (given) => {
			const text = errorText(given);
			if (text === undefined) return;
			expect(text.trim()).not.toBe('');
			expect(text.length).toBeLessThanOrEqual(500);
			expect(text).not.toMatch(/Traceback|^\s*File "|\bat \S+ \(/m);
		});
		fc.assert(promise, RUNS);
	});

	test('every text has a failure code, and what means nothing to us is a provider error of unknown retryability', () => {
		const texts = fc.oneof(fc.string(), fc.constantFrom(...WORDS), fc.constant(undefined));
		const promise = fc.property(texts, (text) => {
			const { code, retryable } = classifyFailure(text);
			expect(['invalid_input', 'content_policy', 'insufficient_credit', 'rate_limited', 'provider_error']).toContain(
				code,
			);
			if (code !== 'provider_error') expect(typeof retryable).toBe('boolean');
		});
		fc.assert(promise, RUNS);
		expect(classifyFailure('§§')).toStrictEqual({ code: 'provider_error' });
	});

	test('an ID, a link, or nothing', () => {
		const promise = fc.property(body, (given) => {
			expect(asJobId(given) ?? 'none').toMatch(/^[A-Za-z0-9_-]{1,200}$/);
			expect(firstUrl(given, ['url', 'output']) ?? 'http://none').toMatch(/^https?:\/\/\S+$/i);
		});
		fc.assert(promise, RUNS);
	});
});
