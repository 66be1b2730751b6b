import type { INodeParameters } from 'n8n-workflow';
import { withAgent } from '../harness/index';
import { shots } from '../items';
import { createStage, type Stage } from '../stage';

let stage: Stage;

beforeAll(async () => (stage = await createStage({ emulator: { jobTimes: { queueMs: 0, runMs: 4_000 } } })));
afterAll(async () => await stage.close());
beforeEach(() => stage.reset());

/** An agent that calls the node with these inputs, one after the other. Gives its answers too. */
async function ask(through: string, parameters: Record<string, unknown>, calls: INodeParameters[] = [{}]) {
	const flow = withAgent(stage.node(parameters), calls, through);
	const execution = await stage.engine.run(flow);
	return { execution, answers: execution.items('Agent').map(({ json }) => String(json.answer)) };
}

describe.each(['engine', 'process'])('as a tool of an agent that calls it through its %s', (through) => {
	it('Generate waits and answers with the link; nothing is downloaded', async () => {
		const { execution, answers } = await ask(through, { completion: 'wait', downloadVideo: true });
		const job = stage.job();
		expect(execution.status).toBe('success');
		expect(answers).toEqual([expect.stringContaining(`"videoUrl":"${job.videoUrl}"`)]);
		expect(stage.requests('video')).toEqual([]);
		expect(JSON.stringify(execution.runs('Kling'))).not.toContain('"binary":{"');
	});

	it('Generate names the job, if its status is refused: the agent can ask for it later, in place of a second one', async () => {
		stage.emulator.misbehave({
			when: { call: 'status' },
			do: { reply: { status: 403, body: { detail: 'Forbidden' } } },
		});
		const { execution, answers } = await ask(through, { completion: 'wait' });
		const job = stage.job();
		expect([...answers, execution.error('Agent')?.message].join()).toContain(job.id);
	});

	it('Generate does not pause until a callback: it answers with the job ID and says why', async () => {
		const { execution, answers } = await ask(through, { completion: 'callback' });
		const job = stage.job();
		expect([execution.status, execution.waitTill]).toEqual(['success', undefined]);
		expect(answers).toEqual([expect.stringContaining(`"jobId":"${job.id}"`)]);
		expect(answers[0]).toContain('cannot pause until the callback');
		expect(job.webhookUrl).toBeUndefined();
	});

	it('Generate takes the prompt that the agent gives', async () => {
		const prompts = [{ prompt: 'A dragon' }, { prompt: 'A cat' }];
		await ask(through, { completion: 'jobId', prompt: "={{ $fromAI('prompt') }}" }, prompts);
		expect(stage.jobs().map(({ input }) => input.prompt)).toEqual(['A dragon', 'A cat']);
	});

	it.each(['wait', 'getStatus'])('%s downloads nothing', async (operation) => {
		const submitted = await stage.run({ completion: 'jobId' });
		const job = stage.job();
		const about = { provider: 'coreToday', jobId: job.id, videoUrl: job.videoUrl, downloadVideo: true };
		await stage.clock.sleep(5_000);
		const { execution } = await ask(through, { ...about, operation });
		expect([submitted.status, execution.status]).toEqual(['success', 'success']);
		expect(stage.requests('video')).toEqual([]);
	});

	it('Download is refused: an agent takes no file, and its link could lead anywhere', async () => {
		const { execution, answers } = await ask(through, {
			operation: 'download',
			videoUrl: `${stage.emulator.url}/files/coreToday/any.mp4`,
		});
		expect(stage.requests()).toEqual([]);
		expect([...answers, execution.error('Agent')?.message].join()).toContain('Choose Get Status, which gives the link');
	});

	it('Get Status has one output, whatever Route by Status says', async () => {
		await stage.run({ completion: 'jobId' });
		const job = stage.job();
		const { answers } = await ask(through, {
			operation: 'getStatus',
			provider: 'coreToday',
			jobId: job.id,
			routeByStatus: true,
		});
		expect(answers).toEqual([expect.stringContaining(`"jobId":"${job.id}"`)]);
	});
});

it('outside of an agent there is no such note', async () => {
	const execution = await stage.run({ completion: 'jobId' }, shots(1));
	expect(execution.items('Kling')[0]?.json).not.toHaveProperty('note');
});

describe('calls that an agent makes at once, in its process', () => {
	const asked = { completion: 'jobId', prompt: "={{ $fromAI('prompt') }}" };

	it.each([0, 6_000])('are one job if they are equal, while the submit takes %d ms', async (delayMs) => {
		stage.emulator.misbehave({ when: { call: 'submit' }, do: { delayMs } });
		const { answers } = await ask('processAtOnce', asked, [{ prompt: 'A cat' }, { prompt: 'A cat' }]);
		const job = stage.job();
		expect(stage.jobs()).toHaveLength(1);
		expect(answers).toEqual(Array(2).fill(expect.stringContaining(`"jobId":"${job.id}"`)));
	});

	it.each([0, 6_000])('are one job by the second provider, too, while its submit takes %d ms', async (delayMs) => {
		const reply = { status: 402, body: { detail: 'Payment required' } };
		stage.emulator.misbehave({ when: { provider: 'coreToday', call: 'submit' }, do: { reply } });
		stage.emulator.misbehave({ when: { provider: 'runpod', call: 'submit' }, do: { delayMs } });
		const twoProviders = { ...asked, provider: 'coreTodayThenRunpod' };
		const { answers } = await ask('processAtOnce', twoProviders, [{ prompt: 'A cat' }, { prompt: 'A cat' }]);
		const job = stage.job();
		expect(stage.jobs()).toHaveLength(1);
		expect(answers).toEqual(Array(2).fill(expect.stringContaining(`"jobId":"${job.id}"`)));
	});

	it('are two jobs if only the signatures of their pictures differ: another picture may be behind the link', async () => {
		const pictureOf = (signature: string) =>
			`${stage.emulator.imageUrl}?X-Amz-Date=20990101T000000Z&X-Amz-Expires=300&X-Amz-Signature=${signature}`;
		const withPicture = { completion: 'jobId', startImageUrl: "={{ $fromAI('picture') }}" };
		await ask('processAtOnce', withPicture, [{ picture: pictureOf('abc') }, { picture: pictureOf('def') }]);
		expect(stage.jobs()).toHaveLength(2);
	});

	it('keep Max Jobs together', async () => {
		const limited = { ...asked, options: { maxJobs: 1 } };
		await ask('processAtOnce', limited, [{ prompt: 'A cat' }, { prompt: 'A dragon' }]);
		// The refusal ends the agent's run before the other call is answered.
		await stage.until(() => stage.jobs().length > 0);
		await stage.clock.sleep(5_000);
		expect(stage.jobs()).toHaveLength(1);
	});
});
