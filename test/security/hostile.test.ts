import type { IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';
import { NEVER_STOPPED } from '../../nodes/core/clock';
import { lookAtLink } from '../../nodes/host/linkCheck';
import { choices } from '../../nodes/core/providers/choices';
import { createDownloadLimit, createDownloads } from '../../nodes/host/download';
import type { RecordedRequest } from '../emulator/index';
import { itemsOf } from '../engine/harness/index';
import { CONTINUE, FROM_ITEM, shots } from '../engine/items';
import { createStage, type Stage } from '../engine/stage';
import { bodyOf } from '../scale/faultyReplies';
import { jobBody, providerNames } from '../support/apis';
import { meetStranger, type Stranger } from '../support/stranger';

/*
 * A provider, an item or a link that is out for the key, for another path, or for n8n's own network. Each test runs the
 * whole node in n8n's engine; the stranger is the host that somebody wants the key to reach.
 */

let stage: Stage;
let stranger: Stranger;
beforeAll(async () => {
	stage = await createStage({ factor: 100, emulator: { jobTimes: { queueMs: 1_000, runMs: 10_000 } } });
	stranger = await meetStranger();
});
afterEach(() => {
	const received = JSON.stringify(stranger.requests);
	for (const key of Object.values(stage.emulator.keys)) expect(received).not.toContain(key);
	stage.reset();
});
afterAll(async () => {
	await stage.close();
	await stranger.stop();
});

const REDIRECTS = [301, 302, 303, 307, 308] as const;
const API_PATHS = [
	/^\/core-today\/v1\/(predictions(\/[\w-]+)?|files\/upload-url)$/,
	/^\/runpod\/v2\/[\w-]+\/(run|runsync|(status|cancel)\/[\w-]+)$/,
];

function keyOf({ headers }: RecordedRequest): string | undefined {
	const sent = JSON.stringify(headers);
	return Object.values(stage.emulator.keys).find((key) => sent.includes(key));
}

/** Each key went to its own API's documented paths, and to nothing else. */
function expectKeysAtHome(): void {
	const { keys } = stage.emulator;
	for (const request of stage.requests()) {
		const key = keyOf(request);
		if (key === undefined) continue;
		expect(request.provider).toBeDefined();
		expect(key).toBe(request.provider === undefined ? '' : keys[request.provider]);
		expect(API_PATHS.some((form) => form.test(request.path))).toBe(true);
	}
}

describe.each(providerNames)('at %s', (provider) => {
	test.each(REDIRECTS)('no call follows a redirect with %i, and the stranger hears nothing', async (status) => {
		const before = stranger.requests.length;
		const items = await stage.submit({ provider });
		stage.emulator.misbehave({
			when: { call: ['submit', 'runsync', 'status', 'cancel', 'uploadUrl'] },
			do: { redirect: { to: `${stranger.url}/take`, status } },
		});
		for (const operation of ['getStatus', 'cancel']) await stage.run({ operation }, items, CONTINUE);
		await stage.run({ provider }, itemsOf({}), CONTINUE);
		await stage.run({ operation: 'wait', options: { timeoutSeconds: 10 } }, items, CONTINUE);
		expect(stranger.requests).toHaveLength(before);
	});

	test('links that a reply is full of are never called with a key', async () => {
		const link = `${stranger.url}/${provider}`;
		const reply = {
			...jobBody(provider, 'job-1', 'running'),
			...{
				status_url: link,
				cancel_url: link,
				next: link,
				webhook: link,
				urls: { get: link, cancel: link },
				upload_url: link,
			},
		};
		stage.emulator.misbehave({
			when: { call: ['submit', 'status', 'cancel'] },
			do: { reply: { status: 200, headers: { location: link, link }, body: reply } },
		});
		const items = await stage.submit({ provider });
		const before = stranger.requests.length;
		for (const operation of ['getStatus', 'cancel']) await stage.run({ operation }, items, CONTINUE);
		expect(stranger.requests).toHaveLength(before);
		expectKeysAtHome();
	});

	test('the host of a video link gets no key', async () => {
		stranger.answer({ headers: { 'content-type': 'video/mp4' }, body: Buffer.from('a video of a few bytes') });
		const videoUrl = `${stranger.url}/${provider}.mp4`;
		const times = { acceptedMs: 0, startsMs: 0, endsMs: 0, skewMs: 0 };
		const body = bodyOf(provider, { id: 'job-1', phase: 'completed', ...times, url: videoUrl, error: null });
		stage.emulator.misbehave({ when: { call: ['submit', 'status'] }, do: { reply: { status: 200, body } } });
		const execution = await stage.run({ provider });
		expect(execution.items('Kling')[0]?.binary?.data?.mimeType).toBe('video/mp4');
		expect(stranger.requests.at(-1)).toMatchObject({ method: 'GET', url: `/${provider}.mp4` });
		expectKeysAtHome();
	});

	test('the host of a picture is called by the provider, and once by n8n before, without a key', async () => {
		const picture = await fetch(stage.emulator.imageUrl);
		stranger.answer({ headers: { 'content-type': 'image/png' }, body: Buffer.from(await picture.arrayBuffer()) });
		const before = stranger.requests.length;
		await stage.run({ provider, completion: 'jobId', startImageUrl: `${stranger.url}/picture.png` });
		expect(stage.jobs()).toHaveLength(1);
		expect(stranger.requests).toHaveLength(before + 2);
		expectKeysAtHome();
	});

	test("the resume URL's host gets a callback without a key", async () => {
		stage.engine.publishAt(`${stranger.url}/`);
		const paused = await stage.run({ provider, completion: 'callback' });
		expect(paused.status).toBe('waiting');
		await stage.clock.sleep(20_000);
		expect(stranger.requests.at(-1)?.url).toMatch(/^\/webhook-waiting\//);
		expectKeysAtHome();
	});

	test.each([
		'../../files/upload-url',
		'a/b',
		'a%2fb',
		'a?b',
		'a#b',
		'..',
		'//stranger',
		'a\\b',
		'a b',
		`${'a'.repeat(300)}`,
	])('a job that calls itself %j bends no path: it is not taken for a job', async (id) => {
		const body = jobBody(provider, id, 'queued');
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { reply: { status: 200, body } } });
		const execution = await stage.run({ provider }, itemsOf({}), CONTINUE);
		expect(execution.items('Kling')[0]?.json.error).toMatchObject({ failure: { code: 'submit_unknown' } });
		expect(stage.requests('submit')).toHaveLength(1);
	});

	test.each([
		{ model: '../../stranger' },
		{ model: 'a/../..' },
		{ model: 'a?b#c' },
		{ provider: '__proto__' },
		{ jobId: '../1' },
	])('an item that says %j leads no key to another path', async (hostile) => {
		const items = itemsOf({ jobId: 'job-1', provider, ...hostile });
		for (const operation of ['getStatus', 'cancel', 'wait']) {
			await stage.run(
				{ operation, ...(operation === 'wait' ? { options: { timeoutSeconds: 10 } } : {}) },
				items,
				CONTINUE,
			);
		}
		expectKeysAtHome();
	});
});

test('each provider gets its own key only, where one stands in for the other', async () => {
	stage.emulator.misbehave({
		when: { call: 'submit', everyNth: 2 },
		do: { reply: { status: 402, body: { error: 'no credit' } } },
	});
	const pairs = choices.filter(({ chain }) => chain.length > 1);
	for (const { value: provider } of pairs) {
		await stage.run({ ...FROM_ITEM, provider }, shots(3), CONTINUE);
	}
	expect(new Set(stage.requests().flatMap(({ provider }) => provider ?? []))).toEqual(
		new Set(pairs.flatMap(({ chain }) => chain)),
	);
	expectKeysAtHome();
});

const PRIVATE = [
	'http://127.0.0.1:5678/rest/settings',
	'http://localhost/a.mp4',
	'http://[::1]/a.mp4',
	'http://0.0.0.0/a.mp4',
	'http://10.0.0.1/a.mp4',
	'http://192.168.0.1/a.mp4',
	'http://169.254.169.254/latest/meta-data',
	'http://metadata.google.internal/computeMetadata/v1',
	'http://0x7f000001/a.mp4',
	'http://[::ffff:169.254.169.254]/a.mp4',
	'http://redis:6379/',
	'ftp://files.example.com/a.mp4',
	'file:///etc/passwd',
];

describe("a public provider's video link", () => {
	/** In one sentence: it was not the user who chose the address, so there is no advice to change it. */
	const REFUSED_LINK =
		/: its link leads to (the host \S+, which is not on the internet|something other than a plain web address)\. Its link is /;

	/** Downloads with the node's own context, whose requests end at these answers; the addresses that were asked for. */
	async function download(url: string, location?: string): Promise<{ asked: string[]; message: string }> {
		const asked: string[] = [];
		const httpRequest = async (options: IHttpRequestOptions) => {
			asked.push(options.url);
			return { statusCode: 302, headers: { location } };
		};
		const result = await stage.inNode(async (context) => {
			const answered: IExecuteFunctions = Object.create(context, {
				helpers: { value: { ...context.helpers, httpRequest } },
			});
			const downloads = createDownloads(answered, stage.clock, NEVER_STOPPED, createDownloadLimit(1));
			return await downloads.fetch({ url, fileName: 'a.mp4', mayBeLocal: false });
		});
		return { asked, message: result.kind === 'failed' ? result.message : '' };
	}

	test.each(PRIVATE)('is not opened where it is %s', async (url) => {
		const { asked, message } = await download(url);
		expect(asked).toEqual([]);
		expect(message).toMatch(REFUSED_LINK);
	});

	test.each(PRIVATE)('is not followed to %s', async (location) => {
		const { asked, message } = await download('https://videos.example.com/a.mp4', location);
		expect(asked).toEqual(['https://videos.example.com/a.mp4']);
		expect(message).toMatch(REFUSED_LINK);
	});

	test('is not followed for ever', async () => {
		const { asked } = await download('https://videos.example.com/a.mp4', 'https://videos.example.com/a.mp4');
		expect(asked.length).toBeLessThanOrEqual(10);
	});
});

describe("a public provider's picture link", () => {
	/** Looks with the node's own context, whose requests end at this redirect; the addresses that were asked for. */
	async function look(location: string): Promise<string[]> {
		const asked: string[] = [];
		const httpRequest = async (options: IHttpRequestOptions) => {
			asked.push(options.url);
			return { statusCode: 302, headers: { location } };
		};
		const url = 'https://pictures.example.com/a.png';
		await stage.inNode(async (context) => {
			const answered: IExecuteFunctions = Object.create(context, {
				helpers: { value: { ...context.helpers, httpRequest } },
			});
			const how = { url, mayBeLocal: false, asBrowser: false, timeoutMs: 10_000 };
			return await lookAtLink(answered, how, stage.clock, NEVER_STOPPED);
		});
		return asked;
	}

	test.each(PRIVATE)('is not followed to %s', async (location) => {
		expect(await look(location)).toEqual(['https://pictures.example.com/a.png']);
	});

	test('is not followed for ever', async () => {
		expect((await look('https://pictures.example.com/a.png')).length).toBeLessThanOrEqual(10);
	});
});
