import { expect } from 'expect';
import type { INode } from 'n8n-workflow';
import { startChatModel } from '../harness/chatModel.cts';
import { startRenderService, startTelegram } from '../harness/outside.cts';
import { exampleNames, readExample } from '../harness/examples.ts';
import { errorOf, hasEnded, itemsOf, jsonOf } from '../harness/execution.ts';
import { expectVideoOf, startBench, type Bench } from '../harness/kling.cts';
import type { Scenario, ScenarioContext } from '../harness/scenario.cts';
import type { CredentialReference } from '../harness/host.cts';
import { join, mkdirSync, readFileSync, repositoryFolder } from '../../support/node.cts';
import { until } from '../harness/until.cts';
import { itemsNode, manualTrigger, node, row, type WorkflowDefinition } from '../harness/workflow.ts';

interface Example {
	readonly bench: Bench;
	/** The example as a user fills it in. */
	load(
		name: string,
		settings?: Record<string, string | number>,
		credentials?: Record<string, CredentialReference>,
	): WorkflowDefinition;
}

const covered = new Set<string>();

/** The chat that the example answers, until a user has put their own there. */
const CHAT_ID = 123456789;
const TABLE_NAME = 'kling videos';
const COLUMNS = ['pictureUrl', 'prompt', 'videoUrl', 'failure'];

/** Scenarios run side by side and share one n8n, so each puts a table of its own in the place of the example's. */
function withTable(definition: WorkflowDefinition, table: string): WorkflowDefinition {
	const text = JSON.stringify(definition);
	expect(text).toContain(`"value":"${TABLE_NAME}"`);
	return JSON.parse(text.replaceAll(`"value":"${TABLE_NAME}"`, `"value":"${table}"`));
}

const tableOf = (name: string) => ({ __rl: true, mode: 'name', value: name });

/** Adds rows to the table that the notes of two examples ask for; makes it first, if it is not there. */
const addRows = (table: string, rows: object[]): WorkflowDefinition =>
	row('Make the table', [
		manualTrigger(),
		node('Create', 'dataTable', {
			resource: 'table',
			operation: 'create',
			tableName: table,
			columns: { column: COLUMNS.map((name) => ({ name, type: 'string' })) },
			options: { createIfNotExists: true },
		}),
		itemsNode('Rows', rows),
		node('Insert', 'dataTable', {
			operation: 'insert',
			dataTableId: tableOf(table),
			columns: { mappingMode: 'autoMapInputData', value: null },
			options: {},
		}),
	]);

const readTable = (table: string): WorkflowDefinition =>
	row('Read the table', [
		manualTrigger(),
		node('Read', 'dataTable', { operation: 'get', dataTableId: tableOf(table), returnAll: true }),
	]);

/** Sets the options of the node that generates. */
function setOptions({ nodes }: WorkflowDefinition, options: INode['parameters']): void {
	for (const { name, parameters } of nodes) if (name === 'Generate the Videos') parameters.options = options;
}

const SPEND = tableOf('kling spend');

/** The README's daily spend cap, of 0.5 USD a day, around a node that makes one video. */
const cappedWorkflow = (generate: INode): WorkflowDefinition =>
	row('A daily cap', [
		manualTrigger(),
		node(
			'Spent Today',
			'dataTable',
			{
				operation: 'get',
				dataTableId: SPEND,
				filters: { conditions: [{ keyName: 'day', condition: 'eq', keyValue: '={{ $today.toISODate() }}' }] },
				returnAll: true,
			},
			{ alwaysOutputData: true },
		),
		{ ...itemsNode('Rows', [{}]), executeOnce: true },
		generate,
		node('Note the Cost', 'dataTable', {
			operation: 'insert',
			dataTableId: SPEND,
			columns: {
				mappingMode: 'defineBelow',
				value: { day: '={{ $today.toISODate() }}', cost: '={{ $json.cost.amount }}' },
				schema: [],
			},
			options: {},
		}),
	]);

/** The render service that joins clips, and the credential that leads there. */
async function startRenders(context: ScenarioContext, { emulator }: Bench) {
	const service = await startRenderService(context, { imageUrl: emulator.imageUrl, filmUrl: emulator.clipUrl });
	const httpHeaderAuth = await context.host.credential('httpHeaderAuth', { name: 'x-api-key', value: service.key });
	return { service, httpHeaderAuth, settings: { renderUrl: service.url, waitSeconds: 1 } };
}

function example(
	name: string,
	run: (stage: Example & { context: ScenarioContext }) => Promise<void>,
	others: string[] = [],
): Scenario {
	for (const each of [name, ...others]) covered.add(each);
	return {
		name: `example ${name}`,
		run: async (context) => {
			const bench = await startBench(context, 'runpod');
			const load: Example['load'] = (file, settings = {}, credentials = {}) =>
				readExample(file, {
					credentials: { ...bench.credentials, ...credentials },
					settings,
					pictureUrl: bench.emulator.imageUrl,
				});
			await run({ bench, load, context });
		},
	};
}

export const scenarios: Scenario[] = [
	example('picture-to-video-to-file', async ({ bench, load, context: { host } }) => {
		const folder = `${host.server.userFolder}/.n8n-files`;
		mkdirSync(folder, { recursive: true });
		const execution = await host.run(load('picture-to-video-to-file', { folder }));
		expect(execution.status).toBe('success');
		const [job] = bench.emulator.jobs();
		await expectVideoOf(host, itemsOf(execution, 'Generate the Video')[0], job);
		expect(jsonOf(execution, 'Save the Video')).toMatchObject([{ fileName: `${folder}/kling-${job?.id}.mp4` }]);
	}),

	example('scheduled-batch-with-spend-limit', async ({ bench, load, context: { host } }) => {
		const table = 'scheduled videos';
		const loadBatch = () => withTable(load('scheduled-batch-with-spend-limit'), table);
		const good = { pictureUrl: bench.emulator.imageUrl, prompt: 'steam rises' };
		await host.run(addRows(table, [good, good]));
		const execution = await host.run(loadBatch());
		expect(execution.status).toBe('success');
		expect(bench.emulator.jobs()).toHaveLength(2);
		expect(itemsOf(execution, 'Post the Video')).toHaveLength(2);
		await host.run(loadBatch());
		expect(bench.emulator.jobs()).toHaveLength(2);
		await host.run(addRows(table, [good, good]));
		const poor = loadBatch();
		setOptions(poor, { maxCost: 0.5 });
		const refused = await host.run(poor);
		expect(bench.emulator.jobs()).toHaveLength(2);
		const reason = { failure: expect.stringContaining('but Max Cost is 0.5 USD') };
		expect(jsonOf(refused, 'Report the Row')).toMatchObject([reason, reason]);
	}),

	example(
		'submit-now',
		async ({ bench, load, context: { host } }) => {
			const finish = load('finish-by-trigger');
			const trigger = finish.nodes.find(({ type }) => type.endsWith('klingVideoTrigger'));
			const finishId = await host.workflow(finish, { publish: true });
			const callbackUrl = `${host.server.url}/webhook/${trigger?.webhookId}/kling`;
			const submitted = await host.run(load('submit-now', { callbackUrl }));
			expect(submitted.status).toBe('success');
			const [job] = bench.emulator.jobs();
			expect(jsonOf(submitted, 'Note the Job ID')).toMatchObject([{ jobId: job?.id }]);
			const finished = await until('the trigger to have run', async () => {
				const [execution] = await host.executionsOf(finishId);
				return execution !== undefined && hasEnded(execution) ? execution : undefined;
			});
			expect(jsonOf(finished, 'Post the Video')).toMatchObject([{ jobId: job?.id, query: { row: '42' } }]);
			await expectVideoOf(host, itemsOf(finished, 'Post the Video')[0], job);
		},
		['finish-by-trigger'],
	),

	example('durable-loop', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('durable-loop', { waitSeconds: 1 }));
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], bench.emulator.jobs()[0]);
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

	example('callback-with-deadline', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('callback-with-deadline'));
		expect(execution.status).toBe('success');
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], bench.emulator.jobs()[0]);
		expect(itemsOf(execution, 'Wait for the Rest')).toEqual([]);
		bench.emulator.script({ job: { endsAs: 'failed' } });
		const failed = await host.run(load('callback-with-deadline'));
		expect(failed.status).toBe('success');
		expect(itemsOf(failed, 'Post the Video')).toEqual([]);
		expect(jsonOf(failed, 'Report the Failure')).toMatchObject([{ status: 'failed', failure: expect.anything() }]);
	}),

	example('two-providers-with-fallback', async ({ bench, load, context: { host } }) => {
		bench.emulator.misbehave({
			when: { provider: 'coreToday', call: 'submit' },
			do: { reply: { status: 402, body: { detail: 'Not enough credits' } } },
		});
		const execution = await host.run(load('two-providers-with-fallback'));
		expect(execution.status).toBe('success');
		expect(bench.emulator.jobs()).toMatchObject([{ provider: 'runpod' }]);
		expect(jsonOf(execution, 'Post the Video')).toMatchObject([
			{ provider: 'runpod', fallbackFrom: { provider: 'coreToday' } },
		]);
	}),

	example('ai-agent-with-tool', async ({ bench, load, context }) => {
		const { host } = context;
		const call = {
			tool: 'Make_a_Video',
			arguments: { Prompt: 'steam rises', Start_Image_URL: bench.emulator.imageUrl },
		};
		const model = await startChatModel(context, [call, { text: 'Here is your video.' }]);
		const openAiApi = await host.credential('openAiApi', { apiKey: 'none', url: model.url, header: false });
		const execution = await host.run(load('ai-agent-with-tool', {}, { openAiApi }));
		expect(execution.status).toBe('success');
		expect(jsonOf(execution, 'Agent')).toMatchObject([{ output: 'Here is your video.' }]);
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

	example('text-to-upright-video', async ({ bench, load, context: { host } }) => {
		const execution = await host.run(load('text-to-upright-video'));
		expect(execution.status).toBe('success');
		const [job] = bench.emulator.jobs();
		expect(job?.input).toMatchObject({ aspect_ratio: '9:16' });
		expect(job?.input).not.toHaveProperty('start_image');
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], job);
	}),

	example('telegram-photo-to-video', async ({ bench, load, context }) => {
		const { host } = context;
		const { emulator } = bench;
		const photo = await fetch(emulator.imageUrl);
		const telegram = await startTelegram(context, Buffer.from(await photo.arrayBuffer()));
		const telegramApi = await host.credential('telegramApi', { accessToken: telegram.token, baseUrl: telegram.url });
		await host.workflow(load('telegram-photo-to-video', {}, { telegramApi }), { publish: true });
		await host.until('n8n to listen to the bot', () => telegram.isListening());
		const sent = { message_id: 1, photo: [{ file_id: 'a' }], caption: 'steam rises' };
		await telegram.receive({ ...sent, chat: { id: 42 } });
		await telegram.receive({ ...sent, chat: { id: CHAT_ID } });
		await host.until('the bot to have answered', () => telegram.videos.length > 0, 60_000);
		const [job] = emulator.jobs();
		expect(job?.input).toMatchObject({ prompt: 'steam rises' });
		expect(telegram.videos).toEqual([{ chatId: String(CHAT_ID), sha256: job?.videoSha256 }]);
		expect(emulator.jobs()).toHaveLength(1);
		expect(JSON.stringify(emulator.requests())).not.toContain(telegram.token);
	}),

	example('table-to-videos', async ({ bench, load, context: { host } }) => {
		const table = 'videos of rows';
		const loadRows = () => withTable(load('table-to-videos'), table);
		const good = { pictureUrl: bench.emulator.imageUrl, prompt: 'steam rises' };
		const made = await host.run(addRows(table, [good, { ...good, pictureUrl: 'not a link' }]));
		expect(made.status).toBe('success');
		const execution = await host.run(loadRows());
		expect(execution.status).toBe('success');
		const [job] = bench.emulator.jobs();
		const rows = jsonOf(await host.run(readTable(table)), 'Read');
		expect(rows).toMatchObject([
			{ videoUrl: job?.videoUrl, failure: null },
			{ videoUrl: null, failure: expect.stringContaining('Start Image URL') },
		]);
		await expectVideoOf(host, itemsOf(execution, 'Post the Video')[0], job);
		await host.run(loadRows());
		expect(bench.emulator.jobs()).toHaveLength(1);
	}),

	{
		name: 'example table-to-videos: a dry run marks no row, eleven rows are no refusal, and a failed post pays once',
		run: async (context) => {
			const { host } = context;
			const bench = await startBench(context, 'runpod');
			const { credentials, emulator } = bench;
			const table = 'eleven videos';
			const load = () =>
				withTable(readExample('table-to-videos', { credentials, pictureUrl: emulator.imageUrl }), table);
			const good = { pictureUrl: emulator.imageUrl, prompt: 'steam rises' };
			await host.run(
				addRows(
					table,
					Array.from({ length: 11 }, () => good),
				),
			);
			const dry = load();
			setOptions(dry, { maxJobs: 10, dryRun: true });
			const tried = await host.run(dry);
			expect(tried.status).toBe('success');
			expect(itemsOf(tried, 'Generate the Videos')).toHaveLength(10);
			expect(itemsOf(tried, 'Post the Video')).toEqual([]);
			const unposted = load();
			const post = unposted.nodes.find(({ name }) => name === 'Post the Video');
			Object.assign(post ?? {}, { type: 'n8n-nodes-base.stopAndError', parameters: { errorMessage: 'no room' } });
			expect(errorOf(await host.run(unposted))).toContain('no room');
			expect(emulator.jobs()).toHaveLength(10);
			const rows = jsonOf(await host.run(readTable(table)), 'Read');
			expect(rows.filter(({ videoUrl }) => videoUrl !== null)).toHaveLength(10);
			expect(rows.filter(({ failure }) => failure !== null)).toEqual([]);
			await host.run(load());
			expect(emulator.jobs()).toHaveLength(11);
		},
	},

	example('scenes-to-film', async ({ bench, load, context }) => {
		const { service, httpHeaderAuth, settings } = await startRenders(context, bench);
		const execution = await context.host.run(load('scenes-to-film', settings, { httpHeaderAuth }));
		expect(execution.status).toBe('success');
		const jobs = bench.emulator.jobs();
		expect(jobs).toHaveLength(3);
		const links = jsonOf(execution, 'Generate the Clips').map(({ videoUrl }) => videoUrl);
		expect(service.renders).toEqual([{ format: 'mp4', clips: links }]);
		expect([...links].sort()).toEqual(jobs.map(({ videoUrl }) => videoUrl).sort());
		expect(jsonOf(execution, 'Post the Film')).toMatchObject([{ response: { url: bench.emulator.clipUrl } }]);
	}),

	example('extend-a-clip', async ({ bench, load, context }) => {
		const { service, httpHeaderAuth, settings } = await startRenders(context, bench);
		const execution = await context.host.run(load('extend-a-clip', settings, { httpHeaderAuth }));
		expect(execution.status).toBe('success');
		const [first, second] = bench.emulator.jobs();
		expect(second?.input).toMatchObject({ start_image: bench.emulator.imageUrl });
		expect(service.renders).toEqual([
			{ format: 'jpg', clips: [first?.videoUrl] },
			{ format: 'mp4', clips: [first?.videoUrl, second?.videoUrl] },
		]);
		expect(jsonOf(execution, 'Post the Film')).toMatchObject([{ response: { url: bench.emulator.clipUrl } }]);
	}),

	{
		name: "the README's example of a daily cap",
		run: async (context) => {
			const { host } = context;
			const bench = await startBench(context, 'runpod');
			const columns = [
				{ name: 'day', type: 'string' },
				{ name: 'cost', type: 'number' },
			];
			const create = { resource: 'table', operation: 'create', tableName: SPEND.value, columns: { column: columns } };
			await host.run(row('Make the table', [manualTrigger(), node('Create', 'dataTable', create)]));
			const spent = "$('Spent Today').all().reduce((sum, row) => sum + (Number(row.json.cost) || 0), 0)";
			expect(readFileSync(join(repositoryFolder, 'README.md'), 'utf8')).toContain(`{{ Math.max(0, 5 - ${spent}) }}`);
			const generate = bench.generate({ options: { maxCost: `={{ Math.max(0, 0.5 - ${spent}) }}` } });
			const first = await host.run(cappedWorkflow(generate));
			expect(first.status).toBe('success');
			const second = await host.run(cappedWorkflow(generate));
			expect(errorOf(second)).toContain('but Max Cost is 0.05 USD');
			expect(bench.emulator.jobs()).toHaveLength(1);
		},
	},

	{
		name: 'every example has a scenario of its own',
		run: async () => {
			expect([...covered].sort()).toEqual([...exampleNames].sort());
		},
	},
];
