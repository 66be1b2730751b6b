import { expect } from 'expect';
import { providerLabels, providerNames, startBench } from '../harness/kling.cts';
import type { Scenario } from '../harness/scenario.cts';

interface NodeTypeDescription {
	name: string;
	usableAsTool?: unknown;
	credentials?: Array<{ name: string }>;
}

export const scenarios: Scenario[] = [
	{
		name: 'The installed package offers its nodes and its credentials',
		async run({ host }) {
			// The editor reads its node and credential types from these files.
			const read = async <T>(file: string): Promise<T[]> => {
				const reply = await host.get(`/types/${file}.json`);
				return await reply.json();
			};
			const nodes = await read<NodeTypeDescription>('nodes');
			const ours = nodes.filter(({ name }) => name.startsWith('n8n-nodes-kling-video.'));
			expect(ours.map(({ name }) => name).sort()).toEqual([
				'n8n-nodes-kling-video.klingVideo',
				'n8n-nodes-kling-video.klingVideoTool',
				'n8n-nodes-kling-video.klingVideoTrigger',
			]);
			const credentials = await read<{ name: string }>('credentials');
			const names = credentials.map(({ name }) => name);
			expect(names).toEqual(expect.arrayContaining(providerNames.map((provider) => `${provider}Api`)));
		},
	},
	...providerNames.map((provider): Scenario => {
		const type = `${provider}Api`;
		return {
			name: `The credential test of ${type} accepts the right key and names what is wrong with a wrong one`,
			// n8n itself mixes up two credential tests that run at once ("Node not found").
			alone: true,
			async run(context) {
				// The endpoint of v2.1 was reported gone (docs/providers.md#runpod-retired-endpoint).
				const { emulator } = await startBench(context, provider, { retiredEndpoints: ['kling-v2-1-i2v-pro'] });
				const baseUrl = emulator[`${provider}Url`];
				const right = await context.host.testCredential(type, { apiKey: emulator.keys[provider], baseUrl });
				expect(right).toMatchObject({ status: 'OK' });
				const wrong = await context.host.testCredential(type, { apiKey: 'wrong', baseUrl });
				// After a 401, n8n 2.8 gives its own words and not those of the credential (docs/n8n.md#credentials).
				const own = `${providerLabels[provider]} does not accept this API key. Make a new key at `;
				const advice = context.version.startsWith('2.8.') ? 'Authorization failed' : own;
				expect(wrong).toMatchObject({ status: 'Error', message: expect.stringContaining(advice) });
				expect(emulator.jobs()).toEqual([]);
			},
		};
	}),
];
