import { createEngine, itemsOf, jsonOf, node, row, serveWebhooks, workflow } from './index';
import type { Engine } from './index';
import { onceTrigger, pausing } from './probes';

let engine: Engine;

beforeEach(async () => {
	engine = await createEngine({ nodeTypes: { onceTrigger, pausing }, publicUrl: 'https://n8n.test/' });
});

describe('a paused execution', () => {
	const flow = row([node('Pause', 'pausing')]);
	const pause = async () => await engine.run(flow, { items: itemsOf({ n: 1 }) });
	const pausedJson = { paused: { n: 1 } };

	it('passes its stored input on when the timer resumes it, once', async () => {
		const paused = await pause();
		expect(paused.status).toBe('waiting');
		expect(paused.waitTill).toBeInstanceOf(Date);
		expect(paused.runs('Collect')).toEqual([]);
		const resumed = await engine.resumeByTimer(paused);
		expect(resumed.id).toBe(paused.id);
		expect(jsonOf(resumed.items('Collect'))).toEqual([pausedJson]);
		expect(resumed.logged('pausing')).toEqual([]);
		await expect(engine.resumeByTimer(paused)).rejects.toThrow('not waiting');
	});

	it('stays paused while its webhook returns no data, and goes on with the data it returns', async () => {
		const paused = await pause();
		const told = await engine.resumeByWebhook(paused, { body: {} });
		expect(told).toEqual({ response: expect.objectContaining({ status: 200, body: { heard: 'job-1' } }) });
		const { response, execution } = await engine.resumeByWebhook(paused, { body: { done: true } });
		expect(response).toMatchObject({ status: 200, body: { message: 'Workflow was started' } });
		expect(jsonOf(execution?.items('Collect'))).toEqual([{ resumed: 'job-1' }]);
		expect((await engine.resumeByWebhook(paused, { body: {} })).response.status).toBe(409);
	});

	it('is resumed by one of two callbacks that come together', async () => {
		const paused = await pause();
		const body = { done: true };
		const both = await Promise.all([
			engine.resumeByWebhook(paused, { body }),
			engine.resumeByWebhook(paused, { body }),
		]);
		expect(both.map(({ response }) => response.status).sort()).toEqual([200, 500]);
		expect(both.filter(({ execution }) => execution !== undefined)).toHaveLength(1);
	});

	it('loses everything if its webhook throws', async () => {
		const { response, execution } = await engine.resumeByWebhook(await pause(), { body: { crash: true } });
		expect(response.status).toBe(500);
		expect(jsonOf(execution?.items('Collect'))).toEqual([{}]);
		expect(execution?.runs('Start')).toEqual([]);
	});

	it('cannot be resumed after Stop', async () => {
		const paused = await pause();
		paused.stop();
		expect(paused.status).toBe('canceled');
		await expect(engine.resumeByTimer(paused)).rejects.toThrow('not waiting');
	});

	it('is resumed over HTTP by its own URL only', async () => {
		const server = await serveWebhooks(engine);
		const paused = await pause();
		const resumeUrl = String(paused.logged('pausing')[0]?.resumeUrl);
		const post = async (url: string) => {
			const headers = { 'content-type': 'application/json' };
			return (await fetch(url, { method: 'POST', headers, body: '{"done":true}' })).status;
		};
		expect(await post(resumeUrl.replace(/signature=\w/, 'signature=x'))).toBe(401);
		expect(await post(`${server.url}webhook-waiting/999`)).toBe(404);
		expect(await post(resumeUrl)).toBe(200);
		const [resumed] = (await Promise.all(server.executions)).filter((execution) => execution !== undefined);
		await server.close();
		expect(jsonOf(resumed?.items('Collect'))).toEqual([{ resumed: 'job-1' }]);
	});
});

describe('a webhook trigger', () => {
	const flow = workflow([node('Once', 'onceTrigger'), node('Collect', 'collect')], [{ from: 'Once', to: 'Collect' }]);

	it('starts the workflow with what its webhook returns, and remembers in static data', async () => {
		const request = { body: { jobId: 'a' }, query: { row: '7' } };
		const first = await engine.runWebhook(flow, request);
		const second = await engine.runWebhook(flow, request);
		expect(first.response).toMatchObject({ status: 202, body: { known: false } });
		expect(jsonOf(first.execution?.items('Collect'))).toEqual([{ jobId: 'a', row: { row: '7' } }]);
		expect(second).toEqual({ response: expect.objectContaining({ status: 202, body: { known: true } }) });
	});

	it('is reached at its production URL once it is active', async () => {
		const url = engine.activate(flow);
		expect(url).toMatch(/^https:\/\/n8n\.test\/webhook\/.+once$/);
		const { response, done } = engine.receive(`${url}?row=7`, { body: { jobId: 'b' } });
		expect((await response).status).toBe(202);
		expect(jsonOf((await done)?.items('Collect'))).toEqual([{ jobId: 'b', row: { row: '7' } }]);
	});
});
