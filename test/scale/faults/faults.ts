import type { Random } from '../../../nodes/core/clock';
import type { ProviderName } from '../../../nodes/core/job';
import { seeded } from '../../bench/shapes';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import type { CallName, Emulator, JobScript, Misbehaviour } from '../../emulator/index';
import { NO_UNDER_200, SENSELESS } from '../senseless';

/** Both APIs' calls that a Generate run makes, and the ones around them. */
const API_CALLS: readonly CallName[] = ['submit', 'runsync', 'status', 'cancel', 'uploadUrl', 'uploadForm'];
const PASSING = [408, 425, 429, 500, 502, 503, 504];
const TYPES = ['application/json', 'text/html', 'text/plain', 'application/octet-stream', 'video/mp4'];
/** As long as the longest of the node's own request timeouts, in milliseconds. */
const LONGEST_DELAY_MS = 65_000;
/** Of each kind of fault, and there are more than a dozen: at worst every other call goes wrong. */
const SHARES = [0.005, 0.02, 0.04];
const DAY_MS = 86_400_000;
/** A job that failed so may be made again. */
export const PASSING_MESSAGE = 'Prediction interrupted; please retry (code: PA)';

export interface FaultTargets {
	/** Where a hostile reply leads to. */
	readonly strangerUrl: string;
	/** Each provider's own, which its hostile reply repeats. */
	readonly keys: Readonly<Record<ProviderName, string>>;
}

/** A fault, and what its kind is called in the report. */
type Kind<T> = readonly [kind: string, what: T];
type Kinds = ReadonlyMap<Misbehaviour | JobScript, string>;

/** Lets go wrong what one seed chooses: single calls, whole jobs, and callbacks. Gives the kind of each rule. */
export function spoil(emulator: Pick<Emulator, 'misbehave' | 'script'>, random: Random, targets: FaultTargets): Kinds {
	const share = pick(random, SHARES);
	const kinds = new Map<Misbehaviour | JobScript, string>();
	const chance = (factor = 1) => ({ probability: factor * share, seed: Math.floor(random() * 2 ** 31) });
	for (const provider of providerNames) {
		for (const [kind, fault] of apiFaults(random, provider, targets)) {
			emulator.misbehave({ when: { provider, call: API_CALLS, ...chance() }, do: fault });
			kinds.set(fault, kind);
		}
	}
	for (const [kind, fault] of videoFaults(random, targets)) {
		emulator.misbehave({ when: { call: 'video', ...chance(2) }, do: fault });
		kinds.set(fault, kind);
	}
	for (const [kind, fault] of callbackFaults(random)) {
		emulator.misbehave({ when: { call: 'webhook', ...chance(6) }, do: fault });
		kinds.set(fault, kind);
	}
	for (const [kind, job] of jobFaults(random)) {
		emulator.script({ when: chance(), job });
		kinds.set(job, kind);
	}
	return kinds;
}

export function pick<T>(random: Random, choices: readonly T[]): T {
	return at(choices, Math.floor(random() * choices.length));
}

function apiFaults(
	random: Random,
	provider: ProviderName,
	{ strangerUrl, keys }: FaultTargets,
): Array<Kind<Misbehaviour>> {
	const retryAfter = pick(random, ['', '0', '3', '20', '86400', '-5', 'soon', new Date(0).toUTCString()]);
	const refusal = { error: `the key ${keys[provider]} is not known` };
	const redirect = { to: `${strangerUrl}/elsewhere`, status: pick(random, [301, 302, 303, 307, 308] as const) };
	const passing = {
		status: pick(random, PASSING),
		headers: { 'retry-after': retryAfter },
		body: pick(random, SENSELESS),
	};
	return [
		['connection cut before the call', { cut: 'before' }],
		['connection cut within the reply', { cut: 'during' }],
		['connection cut after the call', { cut: 'after' }],
		['late reply', { delayMs: LONGEST_DELAY_MS * random() }],
		['no answer', { hang: pick(random, ['before', 'after']) }],
		['HTTP 408, 425, 429 or 5xx', { reply: passing }],
		['the same without a body', { reply: { status: pick(random, PASSING) } }],
		['senseless HTTP 200', { reply: { status: 200, body: pick(random, SENSELESS), contentType: pick(random, TYPES) } }],
		['HTTP 200 that says no', { reply: { status: 200, body: pick(random, NO_UNDER_200) } }],
		[
			'refusal that repeats the key',
			{ reply: { status: pick(random, [400, 401, 402, 403, 404, 422]), body: refusal } },
		],
		['redirect elsewhere', { redirect }],
		['truncated reply', { truncated: true }],
		['reply of 6 MB', { oversized: { bytes: 6_000_000 } }],
		['reply without an end', { endless: true }],
		['trickling reply', { slow: { bytesPerSecond: 1 } }],
	];
}

function videoFaults(random: Random, { strangerUrl }: FaultTargets): Array<Kind<Misbehaviour>> {
	return [
		['video is cut', { cut: pick(random, ['before', 'during']) }],
		['video is truncated', { truncated: true }],
		['video is refused', { reply: { status: pick(random, [403, 404, 410, 500, 503]) } }],
		['video is a page', { reply: { status: 200, body: '<html>Sign in</html>', contentType: 'text/html' } }],
		['video leads elsewhere', { redirect: { to: `${strangerUrl}/video` } }],
		['video comes late', { delayMs: LONGEST_DELAY_MS * random() }],
	];
}

function callbackFaults(random: Random): Array<Kind<Misbehaviour>> {
	const forged = {
		id: 'forged',
		job_id: 'forged',
		status: 'COMPLETED',
		output: { video_url: 'http://forged.example/' },
	};
	return [
		['callback never comes', { webhook: { drop: true } }],
		['callback comes twice or more', { webhook: { times: 2 + Math.floor(2 * random()) } }],
		['callback is forged', { webhook: { body: forged } }],
		['callback is senseless', { webhook: { body: pick(random, SENSELESS) } }],
		['callback comes late', { delayMs: LONGEST_DELAY_MS * random() }],
	];
}

function jobFaults(random: Random): Array<Kind<JobScript>> {
	const message = pick(random, [PASSING_MESSAGE, 'The prompt was flagged as sensitive', 'Invalid image URL']);
	const shape = pick(random, ['result', 'url', 'string', 'array', 'public_url'] as const);
	const completed = pick(random, ['completed', 'succeeded', 'COMPLETED']);
	return [
		['job fails', { endsAs: 'failed', error: message, errorHttpStatus: pick(random, [200, 400, 500]) }],
		['job fails with an object', { endsAs: 'failed', error: { code: 400, message } }],
		['job is cancelled, or runs out of time', { endsAs: pick(random, ['cancelled', 'timedOut']) }],
		['job never ends', { endsAs: 'never' }],
		['job is completed with an error inside', { outputShape: 'completedWithError', error: message }],
		['job is completed without a link', { outputShape: 'none' }],
		['job runs on with an error inside', { outputShape: 'errorInOutput' }],
		['job goes backwards', { backwards: true }],
		['clock that is wrong', { clockSkewMs: DAY_MS * (random() - 0.5) }],
		['job is not found at first', { invisibleMs: 20_000 * random() }],
		['job is forgotten', { vanishAfterMs: 40_000 * random() }],
		['callback comes early', { earlyWebhookMs: 10_000 * random() }],
		['submit is answered without an ID', { withoutId: true }],
		['link in another place', { outputShape: shape }],
		['unknown words for states', { statusWords: { running: 'PONDERING', completed } }],
		['link of the video has ended', { videoExpiresMs: 0 }],
		['the other dialect, and slow', { dialect: 'reference', runMs: 90_000 * random() }],
	];
}

const NOWHERE: FaultTargets = { strangerUrl: '', keys: { coreToday: '', runpod: '' } };

/** Every kind of fault that `spoil` draws. */
export const SPOILT: readonly string[] = [
	...spoil({ misbehave: () => undefined, script: () => undefined }, seeded(1), NOWHERE).values(),
].filter((kind, index, all) => all.indexOf(kind) === index);
