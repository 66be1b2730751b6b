import type { Random } from '../../../nodes/core/clock';
import type { ProviderName } from '../../../nodes/core/job';
import type { JsonValue } from '../../../nodes/core/json';
import { providerNames } from '../../support/apis';
import { at } from '../../support/defined';
import type { CallName, Emulator, JobScript, Misbehaviour } from '../../emulator/index';

/** Both APIs' calls that a Generate run makes, and the ones around them. */
const API_CALLS: readonly CallName[] = ['submit', 'runsync', 'status', 'cancel'];
const PASSING = [408, 425, 429, 500, 502, 503, 504];
/** JSON of the wrong types, text that is no JSON, and JSON that lies about what it is. */
const SENSELESS: readonly JsonValue[] = [
	'',
	'OK',
	'{"id":"abc',
	'<html>Bad gateway</html>',
	null,
	7,
	true,
	[],
	[[]],
	{},
	{ id: {}, status: 'COMPLETED' },
	{ id: 7.5, status: [] },
	{ job_id: null, status: null },
	{ status: 404 },
	{ error: { error: {} } },
	{ output: { video_url: 7 } },
];
const TYPES = ['application/json', 'text/html', 'text/plain', 'application/octet-stream', 'video/mp4'];
/** As long as the longest of the node's own request timeouts, in milliseconds. */
const LONGEST_DELAY_MS = 65_000;
/** Of each kind of fault, and there are a dozen: at worst every other call goes wrong. */
const SHARES = [0.005, 0.02, 0.05];
const DAY_MS = 86_400_000;

export interface FaultTargets {
	/** Where a hostile reply leads to. */
	readonly strangerUrl: string;
	/** Each provider's own, which its hostile reply repeats. */
	readonly keys: Readonly<Record<ProviderName, string>>;
}

/** Lets go wrong what one seed chooses: single calls, whole jobs, and callbacks. */
export function spoil(emulator: Pick<Emulator, 'misbehave' | 'script'>, random: Random, targets: FaultTargets): void {
	const share = pick(random, SHARES);
	const seedOf = () => Math.floor(random() * 2 ** 31);
	for (const provider of providerNames) {
		for (const fault of apiFaults(random, provider, targets)) {
			emulator.misbehave({ when: { provider, call: API_CALLS, probability: share, seed: seedOf() }, do: fault });
		}
	}
	for (const fault of videoFaults(random, targets)) {
		emulator.misbehave({ when: { call: 'video', probability: share, seed: seedOf() }, do: fault });
	}
	for (const fault of callbackFaults(random)) {
		emulator.misbehave({ when: { call: 'webhook', probability: 3 * share, seed: seedOf() }, do: fault });
	}
	for (const job of jobScripts(random)) emulator.script({ when: { probability: share, seed: seedOf() }, job });
}

export function pick<T>(random: Random, choices: readonly T[]): T {
	return at(choices, Math.floor(random() * choices.length));
}

function apiFaults(random: Random, provider: ProviderName, { strangerUrl, keys }: FaultTargets): Misbehaviour[] {
	const retryAfter = pick(random, ['', '0', '3', '20', '86400', '-5', 'soon', new Date(0).toUTCString()]);
	const refusal = { error: `the key ${keys[provider]} is not known` };
	return [
		{ cut: 'before' },
		{ cut: 'during' },
		{ cut: 'after' },
		{ delayMs: LONGEST_DELAY_MS * random() },
		{ hang: pick(random, ['before', 'after']) },
		{ reply: { status: pick(random, PASSING), headers: { 'retry-after': retryAfter }, body: pick(random, SENSELESS) } },
		{ reply: { status: pick(random, PASSING) } },
		{ reply: { status: 200, body: pick(random, SENSELESS), contentType: pick(random, TYPES) } },
		{ reply: { status: pick(random, [400, 401, 402, 403, 404, 422]), body: refusal } },
		{ redirect: { to: `${strangerUrl}/elsewhere`, status: pick(random, [301, 302, 303, 307, 308]) } },
		{ truncated: true },
		{ oversized: { bytes: 6_000_000 } },
		{ endless: true },
		{ slow: { bytesPerSecond: 1 } },
	];
}

function videoFaults(random: Random, { strangerUrl }: FaultTargets): Misbehaviour[] {
	return [
		{ cut: pick(random, ['before', 'during']) },
		{ truncated: true },
		{ reply: { status: pick(random, [403, 404, 410, 500, 503]) } },
		{ reply: { status: 200, body: '<html>Sign in</html>', contentType: 'text/html' } },
		{ redirect: { to: `${strangerUrl}/video` } },
		{ delayMs: LONGEST_DELAY_MS * random() },
	];
}

function callbackFaults(random: Random): Misbehaviour[] {
	return [
		{ webhook: { drop: true } },
		{ webhook: { times: 2 + Math.floor(2 * random()) } },
		{
			webhook: {
				body: { id: 'forged', job_id: 'forged', status: 'COMPLETED', output: { video_url: 'http://forged.example/' } },
			},
		},
		{ webhook: { body: pick(random, SENSELESS) } },
		{ delayMs: LONGEST_DELAY_MS * random() },
	];
}

function jobScripts(random: Random): JobScript[] {
	const message = pick(random, [
		'Prediction interrupted; please retry (code: PA)',
		'The prompt was flagged as sensitive',
		'Invalid image URL',
	]);
	return [
		{ endsAs: 'failed', error: message, errorHttpStatus: pick(random, [200, 400, 500]) },
		{ endsAs: 'failed', error: { code: 400, message } },
		{ endsAs: pick(random, ['cancelled', 'timedOut', 'never']) },
		{ backwards: true },
		{ clockSkewMs: DAY_MS * (random() - 0.5) },
		{ invisibleMs: 20_000 * random() },
		{ vanishAfterMs: 40_000 * random() },
		{ earlyWebhookMs: 10_000 * random() },
		{ withoutId: true },
		{ outputShape: pick(random, ['result', 'url', 'string', 'array', 'public_url', 'none', 'errorInOutput']) },
		{ statusWords: { running: 'PONDERING', completed: pick(random, ['completed', 'succeeded', 'COMPLETED']) } },
		{ videoExpiresMs: 0 },
		{ dialect: 'reference', runMs: 90_000 * random() },
	];
}
