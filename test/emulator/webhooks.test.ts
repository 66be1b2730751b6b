import fastify, { type FastifyInstance } from 'fastify';
import { asObject, asText } from '../../nodes/core/json';
import { VirtualClock } from '../support/virtualClock';
import { ENDPOINT, eventually, startBench, type Bench } from './client';

let bench: Bench;
let receiver: FastifyInstance;
let url: string;
let received: unknown[];
let answers: number[];

beforeAll(async () => {
	bench = await startBench();
	receiver = fastify({ forceCloseConnections: true });
	receiver.post('/', async (request, reply) => {
		received.push(request.body);
		return await reply.code(answers.shift() ?? 200).send();
	});
	url = `${await receiver.listen({ host: '127.0.0.1', port: 0 })}/`;
});
beforeEach(() => {
	received = [];
	answers = [];
});
afterEach(() => bench.emulator.reset());
afterAll(async () => {
	await bench.stop();
	await receiver.close();
});

const deliveries = (): number => bench.emulator.deliveries().length;

/** Creates a Runpod job with the webhook and lets it end. */
async function endOne(): Promise<string> {
	const { json } = await bench.createRunpod({}, { webhook: url });
	await bench.clock.advance(70_000);
	return asText(json?.id) ?? '';
}

describe('a webhook', () => {
	test('of Runpod tells what /status tells, once the job has ended and not before', async () => {
		const { json } = await bench.createRunpod({}, { webhook: url });
		await bench.clock.advance(69_999);
		expect(deliveries()).toBe(0);
		await bench.clock.advance(1);
		await eventually(() => deliveries() === 1);
		const status = await bench.runpod(`${ENDPOINT}/status/${asText(json?.id)}`);
		expect(received).toEqual([status.json]);
		expect(bench.emulator.deliveries()[0]).toMatchObject({ jobId: json?.id, url, attempt: 1, status: 200 });
	});

	test('of Runpod is tried twice more, 10 s apart, until it is answered 200', async () => {
		answers = [500, 204, 200];
		await endOne();
		for (const count of [1, 2, 3]) {
			await eventually(() => deliveries() === count);
			await bench.clock.advance(10_000);
		}
		const tries = bench.emulator.deliveries();
		expect(tries.map(({ status }) => status)).toEqual([500, 204, 200]);
		expect(tries.map(({ atMs }) => atMs - (tries[0]?.atMs ?? 0))).toEqual([0, 10_000, 20_000]);
	});

	test('of Runpod is given up after three tries', async () => {
		answers = [500, 500, 500];
		await endOne();
		for (const count of [1, 2, 3]) {
			await eventually(() => deliveries() === count);
			await bench.clock.advance(10_000);
		}
		await bench.clock.advance(60_000);
		expect(deliveries()).toBe(3);
	});

	test('is not lost where a timer fires a millisecond too early', async () => {
		const clock = new VirtualClock();
		const hasty = { now: () => clock.now(), sleep: async (ms: number) => await clock.sleep(ms > 1 ? ms - 1 : ms) };
		const other = await startBench({ clock: hasty });
		await other.createCoreToday({}, { webhook: url });
		await clock.advance(70_001);
		await eventually(() => other.emulator.deliveries().length === 1);
		expect(received).toMatchObject([{ status: 'completed' }]);
		await other.stop();
	});

	test('of Core.Today tells the prediction, of a completion or a failure and no cancel', async () => {
		const { json } = await bench.createCoreToday({}, { webhook: url });
		await bench.coreToday(`/predictions/${asText(json?.job_id)}`, { method: 'DELETE' });
		await bench.createCoreToday({}, { webhook: url, webhook_events: ['failed'] });
		await bench.createCoreToday({}, { webhook: url });
		await bench.clock.advance(70_000);
		await eventually(() => deliveries() === 1);
		expect(asObject(received[0])).toMatchObject({ job_id: bench.emulator.jobs()[2]?.id, status: 'completed' });
	});

	test('tells of a cancelled Runpod job at once', async () => {
		const { json } = await bench.createRunpod({}, { webhook: url });
		await bench.clock.advance(1000);
		await bench.runpod(`${ENDPOINT}/cancel/${asText(json?.id)}`, { method: 'POST' });
		await bench.clock.advance(0);
		await eventually(() => deliveries() === 1);
		await bench.clock.advance(70_000);
		expect(received).toEqual([{ id: json?.id, status: 'CANCELLED' }]);
	});

	test('that cannot be reached is noted without a status', async () => {
		await bench.createRunpod({}, { webhook: 'http://127.0.0.1:1/' });
		await bench.clock.advance(70_000);
		await eventually(() => deliveries() === 1);
		expect(bench.emulator.deliveries()[0]).not.toHaveProperty('status');
	});
});

describe('a webhook that misbehaves', () => {
	test('is dropped', async () => {
		bench.emulator.misbehave({ when: { call: 'webhook', jobNumber: 1 }, do: { webhook: { drop: true } } });
		await endOne();
		await endOne();
		await eventually(() => deliveries() === 1);
		expect(bench.emulator.deliveries()[0]?.jobId).toBe(bench.emulator.jobs()[1]?.id);
	});

	test('comes late', async () => {
		bench.emulator.misbehave({ when: { call: 'webhook' }, do: { delayMs: 30_000 } });
		await endOne();
		await bench.clock.advance(29_999);
		expect(deliveries()).toBe(0);
		await bench.clock.advance(1);
		await eventually(() => deliveries() === 1);
	});

	test('comes ten times at once', async () => {
		bench.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { times: 10 } } });
		const id = await endOne();
		await eventually(() => deliveries() === 10);
		expect(new Set(received.map((body) => asObject(body)?.id))).toEqual(new Set([id]));
	});

	test('tells something else', async () => {
		const body = { id: 'another', status: 'COMPLETED' };
		bench.emulator.misbehave({ when: { call: 'webhook' }, do: { webhook: { body } } });
		await endOne();
		await eventually(() => deliveries() === 1);
		expect(received).toEqual([body]);
	});

	test('comes early too, before its job has ended', async () => {
		bench.emulator.script({ job: { earlyWebhookMs: 5000 } });
		const { json } = await bench.createRunpod({}, { webhook: url });
		await bench.clock.advance(5000);
		await eventually(() => deliveries() === 1);
		expect(received).toEqual([{ id: json?.id, status: 'IN_QUEUE' }]);
		await bench.clock.advance(65_000);
		await eventually(() => deliveries() === 2);
		expect(asObject(received[1])?.status).toBe('COMPLETED');
	});
});
