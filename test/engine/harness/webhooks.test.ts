import type { INodeExecutionData } from 'n8n-workflow';
import { createEngine, itemsOf, node, row, serveWebhooks, workflow } from './index';
import type { Engine, Execution } from './index';
import { onceTrigger, parking } from './probes';

const jsonOf = (items: INodeExecutionData[] = []) => items.map(({ json }) => json);
const logged = ({ logs }: Execution, message: string) =>
	logs.filter((line) => line.message === message).map(({ meta }) => meta);

let engine: Engine;

beforeEach(async () => {
	engine = await createEngine({ nodeTypes: { onceTrigger, parking }, publicUrl: 'https://n8n.test/' });
});

describe('a parked execution', () => {
	const flow = row([node('Park', 'parking')]);
	const park = async () => await engine.run(flow, { items: itemsOf({ n: 1 }) });
	const parkedJson = { parked: { n: 1 } };

	it('passes its stored input on when the timer resumes it, once', async () => {
		const parked = await park();
		expect(parked.status).toBe('waiting');
		expect(parked.waitTill).toBeInstanceOf(Date);
		expect(parked.runs('Collect')).toEqual([]);
		const resumed = await engine.resumeByTimer(parked);
		expect(resumed.id).toBe(parked.id);
		expect(jsonOf(resumed.items('Collect'))).toEqual([parkedJson]);
		expect(logged(resumed, 'parking')).toEqual([]);
		await expect(engine.resumeByTimer(parked)).rejects.toThrow('not waiting');
	});

	it('stays parked while its webhook returns no data, and goes on with the data it returns', async () => {
		const parked = await park();
		const told = await engine.resumeByWebhook(parked, { body: {} });
		expect(told).toEqual({ response: expect.objectContaining({ status: 200, body: { heard: 'job-1' } }) });
		const { response, execution } = await engine.resumeByWebhook(parked, { body: { done: true } });
		expect(response).toMatchObject({ status: 200, body: { message: 'Workflow was started' } });
		expect(jsonOf(execution?.items('Collect'))).toEqual([{ resumed: 'job-1' }]);
		expect((await engine.resumeByWebhook(parked, { body: {} })).response.status).toBe(409);
	});

	it('is resumed by one of two callbacks that come together', async () => {
		const parked = await park();
		const body = { done: true };
		const both = await Promise.all([
			engine.resumeByWebhook(parked, { body }),
			engine.resumeByWebhook(parked, { body }),
		]);
		expect(both.map(({ response }) => response.status).sort()).toEqual([200, 500]);
		expect(both.filter(({ execution }) => execution !== undefined)).toHaveLength(1);
	});

	it('loses everything if its webhook throws', async () => {
		const { response, execution } = await engine.resumeByWebhook(await park(), { body: { crash: true } });
		expect(response.status).toBe(500);
		expect(jsonOf(execution?.items('Collect'))).toEqual([{}]);
		expect(execution?.runs('Start')).toEqual([]);
	});

	it('cannot be resumed after Stop', async () => {
		const parked = await park();
		parked.stop();
		expect(parked.status).toBe('canceled');
		await expect(engine.resumeByTimer(parked)).rejects.toThrow('not waiting');
	});

	it('is resumed over HTTP by its own URL only', async () => {
		const server = await serveWebhooks(engine);
		const parked = await park();
		const resumeUrl = String(logged(parked, 'parking')[0]?.resumeUrl);
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
