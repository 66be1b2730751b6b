import type { IDataObject } from 'n8n-workflow';
import { models } from '../../../nodes/core/models';
import { jobBody } from '../../support/apis';
import { at, defined } from '../../support/defined';
import { documentedVideos, type DocumentedVideo } from '../../support/documentedVideos';
import type { Execution } from '../harness/index';
import { CONTINUE, END, START } from '../items';
import { refusal } from '../refusal';
import { errorOf, expectVideo, itemOf, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

const O1 = 'kling-video-o1-r2v';
const MOTION = 'kling-v2-6-std-motion-control';
const TURBO = 'kwaivgi/kling-v2.5-turbo-pro';

let stage: Stage;
beforeAll(
	async () => (stage = await createStage({ callbacks: true, emulator: { jobTimes: { queueMs: 0, runMs: 15_000 } } })),
);
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

function documentedVideo(id: string): DocumentedVideo {
	return defined(
		documentedVideos(stage.emulator).find((video) => video.id === id),
		`documented request of ${id}`,
	);
}

/** Fails unless the execution has one item, which is the video of the one job, made as the document says. */
async function expectDocumentedVideo(execution: Execution, { id, model, input }: DocumentedVideo): Promise<void> {
	expect(execution.status).toBe('success');
	const [job, ...others] = stage.jobs();
	expect(others).toEqual([]);
	expect(job).toMatchObject({ provider: model.provider, model: id });
	expect(job?.input).toStrictEqual(input);
	const facts = { jobId: job?.id, provider: model.provider, model: id, status: 'completed', videoUrl: job?.videoUrl };
	expect(outputOf(execution)).toEqual([expect.objectContaining(facts)]);
	await expectVideo(stage, itemOf(execution));
}

/** The paths, below the base URL, of the requests about jobs that exist. */
function pathsAboutJobs(): string[] {
	return stage.requests('status', 'cancel').map(({ path }) => path.replace(/^\/[^/]+\/v\d/, ''));
}

describe.each(models.map(({ id }) => id))('%s', (id) => {
	const cost = () => {
		const { amount, unit } = defined(stage.job().price, 'price');
		const source = id === 'kwaivgi/kling-v2.1' ? 'minimum' : unit === 'USD' ? 'reported' : 'estimated';
		return { amount, unit, source };
	};

	test('sends its documented request to the letter, and waits for the video', async () => {
		const video = documentedVideo(id);
		const execution = await stage.run(video.parameters);
		const [submit, ...others] = stage.requests('submit', 'runsync');
		expect(others).toEqual([]);
		expect(submit?.path.endsWith(video.path)).toBe(true);
		expect(submit?.body).toStrictEqual(video.body);
		await expectDocumentedVideo(execution, video);
		expect(itemOf(execution).json.cost).toEqual(cost());
	});

	test('is polled to its end by Wait for Completion', async () => {
		const video = documentedVideo(id);
		await expectDocumentedVideo(await stage.run(video.submitted), video);
		expect(stage.requests('status').length).toBeGreaterThan(0);
	});

	test('pauses until its callback', async () => {
		const video = documentedVideo(id);
		expect((await stage.pause(video.submitted)).status).toBe('waiting');
		const execution = await stage.resumed();
		await expectDocumentedVideo(execution, video);
		expect(itemOf(execution).json.cost).toEqual(cost());
	});

	test('gives its job ID, with which Wait gets the video From Input', async () => {
		const video = documentedVideo(id);
		const items = await stage.submit(video.submitted);
		expect(items.map(({ json }) => json)).toEqual([expect.objectContaining({ jobId: stage.job().id, model: id })]);
		const execution = await stage.run({ operation: 'wait' }, items);
		await expectDocumentedVideo(execution, video);
		expect(itemOf(execution).json.cost).toEqual(cost());
	});

	test('starts the workflow of a trigger, which shows nothing in query but what the user put there', async () => {
		const { model, submitted } = documentedVideo(id);
		const { url } = stage.publish({ provider: model.provider });
		await stage.submit({ ...submitted, callbackUrl: `${url}?row=7` });
		const item = at((await stage.resumed()).items('Collect'), 0);
		expect(item.json).toMatchObject({ provider: model.provider, jobId: stage.job().id, status: 'completed' });
		// No reply of Core.Today says of which model a job is.
		expect(item.json.model).toBe(model.provider === 'runpod' ? id : undefined);
		expect(item.json.query).toEqual({ row: '7' });
		await expectVideo(stage, item);
		const isNamed = model.provider === 'runpod' && id !== 'kling-v2-1-i2v-pro';
		expect(stage.job().webhookUrl).toBe(`${url}?row=7${isNamed ? `&klingModel=${id}` : ''}`);
	});

	test('refuses a form in which every field is wrong, names all of it, and sends nothing', async () => {
		const { wrong, problems } = documentedVideo(id);
		const refused = await refusal(stage, wrong);
		for (const text of [refused.thrown, refused.message]) {
			for (const problem of problems) expect(text).toContain(problem);
		}
	});
});

describe('a trigger', () => {
	const submit = async (id: string, callbackUrl: string): Promise<void> => {
		await stage.submit({ ...documentedVideo(id).submitted, callbackUrl });
	};

	test.each(['signature', 'X-Amz-Signature', 'sig', 'hmac'])('is called as it is if its URL has a %s', async (name) => {
		const { url } = stage.publish({ provider: 'runpod', options: { endpointId: O1 } });
		const signed = `${url}?row=7&${name}=a%20b`;
		await submit(O1, signed);
		const item = at((await stage.resumed()).items('Collect'), 0);
		expect(stage.job().webhookUrl).toBe(signed);
		expect(item.json).toMatchObject({ model: O1, query: { row: '7', [name]: 'a b' } });
	});

	test("asks at its own Endpoint ID, whatever the URL's klingModel says", async () => {
		stage.dropCallbacks();
		const { url } = stage.publish({ provider: 'runpod', options: { endpointId: O1 } });
		await submit(O1, url);
		await stage.jobsEnded();
		const { id } = stage.job();
		const { execution } = await stage.callBack(`${url}?klingModel=${MOTION}`, jobBody('runpod', id, 'completed'));
		const item = at(defined(execution, 'execution that was started').items('Collect'), 0);
		expect(item.json).toMatchObject({ jobId: id, model: O1 });
		expect(item.json).not.toHaveProperty('query');
		expect(pathsAboutJobs()).toEqual([`/${O1}/status/${id}`]);
	});

	test.each(['../kling-v2-1-i2v-pro', 'a/b', ''])('takes klingModel=%j for no model', async (named) => {
		stage.dropCallbacks();
		const { url } = stage.publish({ provider: 'runpod' });
		await submit('kling-v2-1-i2v-pro', url);
		await stage.jobsEnded();
		const forged = `${url}?klingModel=${encodeURIComponent(named)}`;
		const { execution } = await stage.callBack(forged, jobBody('runpod', stage.job().id, 'completed'));
		expect(execution?.items('Collect')[0]?.json).toMatchObject({ jobId: stage.job().id, status: 'completed' });
		expect(pathsAboutJobs()).toEqual([`/kling-v2-1-i2v-pro/status/${stage.job().id}`]);
	});

	test("with an Endpoint ID that was left empty goes by the URL's klingModel", async () => {
		const { url } = stage.publish({ provider: 'runpod', options: { endpointId: '' } });
		await submit(O1, url);
		expect((await stage.resumed()).items('Collect')[0]?.json).toMatchObject({ model: O1, status: 'completed' });
	});
});

describe('a job of O1, From Input,', () => {
	const submit = async () => await stage.submit(documentedVideo(O1).submitted);

	test('is looked at and cancelled at its own endpoint', async () => {
		const items = await submit();
		const { id } = stage.job();
		expect(statusesOf(await stage.run({ operation: 'getStatus' }, items))).toEqual(['processing']);
		expect(statusesOf(await stage.run({ operation: 'cancel' }, items))).toEqual(['cancelled']);
		expect(stage.job().phase).toBe('cancelled');
		expect(statusesOf(await stage.run({ operation: 'getStatus' }, items))).toEqual(['cancelled']);
		expect(pathsAboutJobs()).toEqual(expect.arrayContaining([`/${O1}/status/${id}`, `/${O1}/cancel/${id}`]));
		expect(pathsAboutJobs().every((path) => path.startsWith(`/${O1}/`))).toBe(true);
	});

	test('that has ended is downloaded by Get Status', async () => {
		const items = await submit();
		await stage.jobsEnded();
		const execution = await stage.run({ operation: 'getStatus', downloadVideo: true }, items);
		await expectDocumentedVideo(execution, documentedVideo(O1));
	});
});

describe('reference pictures from binary fields', () => {
	const FROM_BINARY = {
		provider: 'runpod',
		model: O1,
		prompt: 'The robot is dancing with the teddy bear',
		referenceImagesSource: 'binary',
		referenceImageFields: 'robot, bear',
	};
	const FILES = [{ robot: START, bear: END }];
	const dataUri = (type: string, bytes: Uint8Array) => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

	test('go inside the request, in their order', async () => {
		const execution = await stage.runWithFiles(FROM_BINARY, FILES);
		expect(stage.job().input.images).toEqual([dataUri('image/jpeg', START.bytes), dataUri('image/png', END.bytes)]);
		await expectVideo(stage, itemOf(execution));
		expect(Object.keys(itemOf(execution).binary ?? {})).toEqual(['data']);
	});

	test('become a video that is called back, too', async () => {
		await stage.runWithFiles({ ...FROM_BINARY, completion: 'callback' }, FILES);
		const execution = await stage.resumed();
		expect(stage.job().input.images).toHaveLength(2);
		await expectVideo(stage, itemOf(execution));
	});

	test('are all there before anything is sent', async () => {
		const execution = await stage.runWithFiles(FROM_BINARY, [{ robot: START }], CONTINUE);
		expect(errorOf(itemOf(execution)).message).toContain('bear');
		expect(stage.requests()).toEqual([]);
	});
});

describe('v2.5 Turbo Pro', () => {
	const UPRIGHT: IDataObject = { model: TURBO, prompt: 'A woman is dancing', aspectRatio: '9:16', duration: 10 };

	test('makes an upright video from text alone', async () => {
		const execution = await stage.run({ ...UPRIGHT, startImageSource: 'none' });
		expect(stage.job().input).toStrictEqual({ prompt: 'A woman is dancing', aspect_ratio: '9:16', duration: 10 });
		await expectVideo(stage, itemOf(execution));
	});

	test('makes a video in the shape of its start image', async () => {
		const execution = await stage.run(UPRIGHT);
		expect(stage.job().input).toStrictEqual({
			prompt: 'A woman is dancing',
			start_image: stage.emulator.imageUrl,
			duration: 10,
		});
		await expectVideo(stage, itemOf(execution));
	});
});
