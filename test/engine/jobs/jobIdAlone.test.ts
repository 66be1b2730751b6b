import { models } from '../../../nodes/core/models';
import { at, defined } from '../../support/defined';
import { documentedVideos } from '../../support/documentedVideos';
import { CONTINUE } from '../items';
import { errorOf, expectVideo, itemOf, outputOf, statusesOf } from '../results';
import { createStage, type Stage } from '../stage';

const ENDPOINTS = models.filter(({ provider }) => provider === 'runpod').map(({ id }) => id);
const FIRST = at(ENDPOINTS, 0);
const O1 = 'kling-video-o1-r2v';

let stage: Stage;
beforeAll(async () => {
	stage = await createStage({
		factor: 100,
		emulator: { jobTimes: { queueMs: 0, runMs: 30_000 }, otherEndpoints: ['own'] },
	});
});
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

/** An operation as somebody fills it in who has nothing but a job ID. */
const alone = (operation: string, jobId = stage.job().id) => ({ operation, provider: 'runpod', jobId });

/** Submits the documented job of a model. */
async function submit(model: string): Promise<string> {
	const video = documentedVideos(stage.emulator).find(({ id }) => id === model);
	await stage.submit(defined(video, model).submitted);
	return stage.job().id;
}

/** The endpoints that were called so, each as often as it was. */
const endpointsOf = (call: 'status' | 'cancel') =>
	stage.requests(call).map(({ path }) => path.replace(/^\/runpod\/v2\/([^/]+)\/.*/, '$1'));

describe.each(ENDPOINTS)('a job of %s of which only the ID is known', (model) => {
	/** No endpoint is asked in vain if the first one has the job. */
	const asked = model === FIRST ? [FIRST] : ENDPOINTS;

	test('is found by Get Status', async () => {
		const jobId = await submit(model);
		const execution = await stage.run(alone('getStatus'));
		expect(outputOf(execution)).toEqual([expect.objectContaining({ jobId, model, status: 'processing' })]);
		expect(endpointsOf('status').sort()).toEqual([...asked].sort());
	});

	test('is waited for by Wait, at its own endpoint once that is known', async () => {
		await submit(model);
		const execution = await stage.run(alone('wait'));
		expect(outputOf(execution)).toEqual([expect.objectContaining({ model, status: 'completed' })]);
		await expectVideo(stage, itemOf(execution));
		const seen = endpointsOf('status');
		expect(seen.slice(0, asked.length).sort()).toEqual([...asked].sort());
		expect(new Set(seen.slice(asked.length))).toEqual(new Set([model]));
	});

	test('that has ended comes back from Wait without another status call', async () => {
		await submit(model);
		await stage.jobsEnded();
		const execution = await stage.run(alone('wait'));
		expect(outputOf(execution)).toEqual([expect.objectContaining({ model, status: 'completed' })]);
		expect(endpointsOf('status')).toHaveLength(asked.length);
	});

	test('is cancelled by Cancel, and no other endpoint is sent a cancel', async () => {
		await submit(model);
		expect(statusesOf(await stage.run(alone('cancel')))).toEqual(['cancelled']);
		expect(stage.job().phase).toBe('cancelled');
		expect(endpointsOf('cancel')).toEqual([model]);
	});
});

test('a job is found although the endpoint that is asked first is gone, and a status call fails', async () => {
	await submit(O1);
	stage.emulator.retire(FIRST);
	stage.emulator.misbehave({ when: { call: 'status', skip: 1, first: 1 }, do: { reply: { status: 500 } } });
	expect(statusesOf(await stage.run(alone('getStatus')))).toEqual(['processing']);
});

test('a job is not said to be gone while an endpoint that may have it does not answer', async () => {
	await submit(O1);
	stage.emulator.misbehave({ when: { call: 'status', skip: 1 }, do: { reply: { status: 500 } } });
	const execution = await stage.run(alone('getStatus'), undefined, CONTINUE);
	expect(errorOf(itemOf(execution))).toMatchObject({ failure: { code: 'provider_error', retryable: true } });
});

describe.each([false, true])('a job that no endpoint has (the first one is gone: %s)', (isGone) => {
	beforeEach(() => (isGone ? stage.emulator.retire(FIRST) : undefined));

	test.each(['getStatus', 'wait', 'cancel'])(
		'is an error of %s that says where it was looked for',
		async (operation) => {
			const execution = await stage.run(alone(operation, 'unknown'), undefined, CONTINUE);
			const { message, description, failure } = errorOf(itemOf(execution));
			expect(failure).toMatchObject({ code: 'job_not_found' });
			expect(message).toContain('Runpod has no job unknown');
			expect(description).toContain(
				`looked for at ${ENDPOINTS.slice(0, 2).join(', ')} and ${ENDPOINTS[2]}. To look elsewhere`,
			);
			expect(description).toContain('the option Endpoint ID');
			expect(description).not.toContain('Choose another Model');
			expect(new Set(endpointsOf('cancel')).size).toBeLessThanOrEqual(1);
		},
	);
});

test('a job of a model that is not listed is found where Endpoint ID says, and nowhere else is asked', async () => {
	await stage.submit({ provider: 'runpod', model: 'other', modelId: 'own' });
	const lost = await stage.run(alone('getStatus'), undefined, CONTINUE);
	expect(errorOf(itemOf(lost)).failure).toMatchObject({ code: 'job_not_found' });
	const before = endpointsOf('status').length;
	const execution = await stage.run({ ...alone('getStatus'), options: { endpointId: 'own' } });
	expect(statusesOf(execution)).toEqual(['processing']);
	expect(endpointsOf('status').slice(before)).toEqual(['own']);
});

test('a job whose named endpoint is gone is an error that offers no other model to make it with', async () => {
	await submit(O1);
	stage.emulator.retire(O1);
	const options = { endpointId: O1 };
	const execution = await stage.run({ ...alone('getStatus'), options }, undefined, CONTINUE);
	const { message, description } = errorOf(itemOf(execution));
	expect(message).toContain(`has no endpoint "${O1}"`);
	expect(description).toContain(`It was looked for at ${O1}.`);
	expect(description).not.toContain('Choose another Model');
	expect(endpointsOf('status')).toEqual([O1]);
});
