import type { IExecuteFunctions } from 'n8n-workflow';
import { itemOf } from '../../nodes/KlingVideo/actions/finish';
import { createWebhookFinisher } from '../../nodes/KlingVideo/actions/webhookFinisher';
import { setProbeStage, type ProbeStage } from '../transport/probeStage';
import { shots } from './scenes';

let stage: ProbeStage;
beforeAll(async () => (stage = await setProbeStage()));
afterAll(async () => await stage.close());

// n8n 2.41 makes an engine for expressions each time a webhook reads a credential: a hundred callbacks a minute would starve.
test('a callback about five jobs reads the credential once', async () => {
	stage.emulator.script({ job: { queueMs: 0, runMs: 1 } });
	const submitted = await stage.run({ provider: 'runpod', completion: 'jobId' }, shots(5));
	const handles = stage.emulator.jobs().map(({ id, model }) => ({ provider: 'runpod', model, jobId: id }) as const);
	let reads = 0;
	const ends = await stage.inNode(async (context) => {
		const getCredentials: IExecuteFunctions['getCredentials'] = async (...args) => {
			reads += 1;
			return await context.getCredentials(...args);
		};
		const finisher = createWebhookFinisher(
			Object.create(context, { getCredentials: { value: getCredentials } }),
			stage.clock,
		);
		const wish = { download: true, outputField: 'data', withRaw: false };
		return await Promise.all(
			handles.map(async (handle) => {
				const look = await finisher.look(handle);
				return look.kind === 'job' ? (await itemOf(finisher, look.job, wish)).kind : look.kind;
			}),
		);
	});
	expect(submitted.items('Kling')).toHaveLength(5);
	expect(ends).toEqual(['item', 'item', 'item', 'item', 'item']);
	expect(reads).toBe(1);
});
