import { Agent, request, type FormData } from 'undici';
import type { JsonObject, JsonValue } from '../../nodes/core/json';
import { nextTurn } from '../support/node.cts';
import { VirtualClock } from '../support/virtualClock';
import { startEmulator, type Emulator, type EmulatorOptions } from './index';

/** What a call was answered with. */
export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly bytes: Buffer;
	readonly text: string;
	/** Undefined where the text is not a JSON object. */
	readonly json: JsonObject | undefined;
}

export interface Ask {
	readonly method?: 'GET' | 'POST' | 'DELETE' | 'HEAD';
	/** Sent as JSON. */
	readonly body?: JsonValue;
	readonly form?: FormData;
	readonly headers?: Readonly<Record<string, string>>;
}

/** A strict emulator on a virtual clock, and a plain client for it. */
export interface Bench {
	readonly emulator: Emulator;
	readonly clock: VirtualClock;
	/** To an address of any kind, without a key. */
	ask(url: string, options?: Ask): Promise<Answer>;
	/** To a path of the API, with its key. */
	coreToday(path: string, options?: Ask): Promise<Answer>;
	runpod(path: string, options?: Ask): Promise<Answer>;
	/** Submits good input, changed by `input`; to Core.Today or to Runpod's `/run`. */
	createCoreToday(input?: JsonObject, extras?: JsonObject): Promise<Answer>;
	createRunpod(input?: JsonObject, extras?: JsonObject): Promise<Answer>;
	stop(): Promise<void>;
}

export const CORE_TODAY_MODEL = 'kwaivgi/kling-v2.1';
export const ENDPOINT = '/kling-v2-1-i2v-pro';

function parsed(text: string): JsonObject | undefined {
	try {
		// The emulator answers JSON objects or no JSON at all.
		return JSON.parse(text) as JsonObject;
	} catch {
		return undefined;
	}
}

async function send(agent: Agent, url: string, { method, body, form, headers }: Ask = {}): Promise<Answer> {
	const type = body === undefined ? {} : { 'content-type': 'application/json' };
	const reply = await request(url, {
		dispatcher: agent,
		method: method ?? (body === undefined && form === undefined ? 'GET' : 'POST'),
		headers: { ...type, ...headers },
		body: form ?? (body === undefined ? null : JSON.stringify(body)),
	});
	const bytes = Buffer.from(await reply.body.arrayBuffer());
	const text = bytes.toString();
	return { status: reply.statusCode, headers: reply.headers, bytes, text, json: parsed(text) };
}

/** Starts an emulator whose jobs queue 10 s and run 60 s of a clock that only tests move. */
export async function startBench(options: EmulatorOptions = {}): Promise<Bench> {
	const clock = new VirtualClock();
	const emulator = await startEmulator({ clock, jobTimes: { queueMs: 10_000, runMs: 60_000 }, ...options });
	const agent = new Agent({ connections: 64 });
	const { coreTodayUrl, runpodUrl, imageUrl, keys } = emulator;
	const ask: Bench['ask'] = async (url, asked) => await send(agent, url, asked);
	const coreToday: Bench['coreToday'] = async (path, asked) =>
		await ask(coreTodayUrl + path, { ...asked, headers: { 'x-api-key': keys.coreToday, ...asked?.headers } });
	const runpod: Bench['runpod'] = async (path, asked) =>
		await ask(runpodUrl + path, { ...asked, headers: { authorization: `Bearer ${keys.runpod}`, ...asked?.headers } });
	return {
		emulator,
		clock,
		ask,
		coreToday,
		runpod,
		createCoreToday: async (input, extras) =>
			await coreToday('/predictions', {
				body: { model: CORE_TODAY_MODEL, input: { prompt: 'a walk', start_image: imageUrl, ...input }, ...extras },
			}),
		createRunpod: async (input, extras) =>
			await runpod(`${ENDPOINT}/run`, { body: { input: { prompt: 'a walk', image: imageUrl, ...input }, ...extras } }),
		stop: async () => {
			await emulator.stop();
			await agent.destroy();
		},
	};
}

/** Lets real I/O go on, without time passing, until the condition holds. */
export async function eventually(condition: () => boolean): Promise<void> {
	for (let turns = 0; turns < 100_000 && !condition(); turns += 1) await nextTurn();
	if (!condition()) throw new Error('it never came to be');
}

/** Lets time pass a second at a time, and real I/O go on, until the promise settles. */
export async function passing<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
	let isSettled = false;
	const settled = promise.finally(() => (isSettled = true));
	settled.catch(() => undefined);
	while (!isSettled) await clock.advance(1000);
	return await settled;
}
