// The loop that published templates wait for a video with, beside the Kling Video node, in one n8n.
//
// Templates for Kling have HTTP Request → Wait → HTTP Request → IF, and from IF back to Wait as long as the job runs; what
// has ended goes on to an HTTP Request that fetches the file. For many rows the usual one puts Loop Over Items around
// it, with a batch size of 1; others let all rows go round together. Both are measured. A job that has failed goes on to the file, too,
// and the execution ends there, as its status has no link.
import type { INode } from 'n8n-workflow';
import { startEmulator } from '../emulator/index';
import type { Emulator, EmulatorOptions } from '../emulator/index';
import { hasEnded } from '../e2e/harness/execution.ts';
import type { Execution } from '../e2e/harness/execution.ts';
import type { CredentialReference, Host } from '../e2e/harness/host.cts';
import { storeCredentials } from '../e2e/harness/providers.cts';
import { until } from '../e2e/harness/until.cts';
import { klingNode, node, row, webhookTrigger, workflow } from '../e2e/harness/workflow.ts';
import type { Link, WorkflowDefinition } from '../e2e/harness/workflow.ts';
import { at } from '../support/defined';
import type { LoopFigures } from './besideTable.ts';
import { mean } from './poll';

/** Of the five jobs, in the order in which they are accepted. They end half of a Wait before a look, on average. */
const JOB_SECONDS = [75, 63, 90, 67, 84];
const WAIT_SECONDS = 10;
/** Where only jobs are counted, they need not be long. */
const SHORT_JOB = { queueMs: 0, runMs: 3_000 };
const FAILING_JOB = 3;
const TIMEOUT_MS = 600_000;
const MOST_RUNS = 4;

type Credentials = Record<string, CredentialReference>;

/** What HTTP Request needs to call Core.Today as its document says. */
export async function storeHeaderCredential(host: Host, { keys }: Emulator): Promise<Credentials> {
	return { httpHeaderAuth: await host.credential('httpHeaderAuth', { name: 'x-api-key', value: keys.coreToday }) };
}

/** An HTTP Request node with the key in its credential. */
function httpRequest(name: string, url: string, parameters: INode['parameters'], credentials: Credentials): INode {
	const auth = { authentication: 'genericCredentialType', genericAuthType: 'httpHeaderAuth' };
	return node(
		name,
		'httpRequest',
		{ ...auth, url, options: {}, ...parameters },
		{ typeVersion: 4.2, credentials, retryOnFail: true },
	);
}

/** The HTTP Request node that submits a job; `webhook` is an expression of where the provider is to call. */
export function submitNode({ coreTodayUrl, imageUrl }: Emulator, credentials: Credentials, webhook?: string): INode {
	const input = `{ prompt: 'a walk', start_image: '${imageUrl}' }`;
	const extras = webhook === undefined ? '' : `, webhook: ${webhook}`;
	const jsonBody = `={{ JSON.stringify({ model: 'kwaivgi/kling-v2.1', input: ${input}${extras} }) }}`;
	const parameters = { method: 'POST', sendBody: true, specifyBody: 'json', jsonBody };
	return httpRequest('Create Video', `${coreTodayUrl}/predictions`, parameters, credentials);
}

function isStillRunning(): INode['parameters'] {
	const equals = (rightValue: string) => ({
		id: crypto.randomUUID(),
		operator: { type: 'string', operation: 'equals' },
		leftValue: '={{ $json.status }}',
		rightValue,
	});
	const options = { version: 2, leftValue: '', caseSensitive: true, typeValidation: 'strict' };
	return { conditions: { options, combinator: 'or', conditions: ['pending', 'processing'].map(equals) }, options: {} };
}

const rows = () => node('Rows', 'splitOut', { fieldToSplitOut: 'body.rows' });

/** The loop as templates have it. */
async function loop(host: Host, emulator: Emulator, path: string, isOneByOne: boolean): Promise<WorkflowDefinition> {
	const credentials = await storeHeaderCredential(host, emulator);
	const statusUrl = `=${emulator.coreTodayUrl}/predictions/{{ $json.job_id }}`;
	const asFile = { response: { response: { responseFormat: 'file' } } };
	const nodes = [
		webhookTrigger(path, 'onReceived'),
		rows(),
		...(isOneByOne ? [node('Loop Over Items', 'splitInBatches', { options: {} }, { typeVersion: 3 })] : []),
		submitNode(emulator, credentials),
		node('Wait', 'wait', { amount: WAIT_SECONDS }, { typeVersion: 1.1, webhookId: crypto.randomUUID() }),
		httpRequest('Get Status', statusUrl, {}, credentials),
		node('Still Running?', 'if', isStillRunning(), { typeVersion: 2.2 }),
		// Without the key, which is not the file host's business.
		node(
			'Get File',
			'httpRequest',
			{ url: '={{ $json.result }}', options: asFile },
			{ typeVersion: 4.2, retryOnFail: true },
		),
	];
	const aroundIt: Link[] = isOneByOne
		? [
				['Rows', 'Loop Over Items'],
				[['Loop Over Items', 1], 'Create Video'],
				['Get File', 'Loop Over Items'],
			]
		: [['Rows', 'Create Video']];
	return workflow('HTTP loop', nodes, [
		['Webhook', 'Rows'],
		...aroundIt,
		['Create Video', 'Wait'],
		['Wait', 'Get Status'],
		['Get Status', 'Still Running?'],
		['Still Running?', 'Wait'],
		[['Still Running?', 1], 'Get File'],
	]);
}

/** The form of Kling Video for the job that `submitNode` submits. */
export function klingForm({ imageUrl }: Emulator): INode['parameters'] {
	const operation = { resource: 'video', operation: 'generate', provider: 'coreToday' };
	return { ...operation, prompt: 'a walk', startImageUrl: imageUrl };
}

/** The same job by this package, with Retry On Fail as in the loop's HTTP nodes. */
async function kling(host: Host, emulator: Emulator, path: string): Promise<WorkflowDefinition> {
	const credentials = await storeCredentials(host, emulator, 'bench');
	const generate = klingNode('Generate', klingForm(emulator), { credentials, retryOnFail: true });
	return row('Kling Video', [webhookTrigger(path, 'onReceived'), rows(), generate]);
}

type Build = (host: Host, emulator: Emulator, path: string) => Promise<WorkflowDefinition>;

const FORMS: Readonly<Record<string, Build>> = {
	'HTTP loop, one row after the other': async (host, emulator, path) => await loop(host, emulator, path, true),
	'HTTP loop, all rows together': async (host, emulator, path) => await loop(host, emulator, path, false),
	'Kling Video': kling,
};

/** A form, published in n8n, with an emulator of its own, so that every job and call there is its own. */
interface Flow {
	readonly emulator: Emulator;
	/** Starts an execution by the workflow's webhook; resolves once it has ended. */
	run(): Promise<Execution>;
	/** Executions > Retry of the latest execution. */
	retry(): Promise<Execution>;
}

async function inFlow<T>(
	host: Host,
	build: Build,
	jobTimes: EmulatorOptions['jobTimes'],
	use: (flow: Flow) => Promise<T>,
): Promise<T> {
	const emulator = await startEmulator(jobTimes === undefined ? {} : { jobTimes });
	try {
		const path = crypto.randomUUID();
		const id = await host.workflow(await build(host, emulator, path), { publish: true });
		const untilEnded = async (count: number) =>
			await until(
				`execution ${count} of workflow ${id}`,
				async () => {
					const execution = (await host.executionsOf(id)).at(count - 1);
					return execution !== undefined && hasEnded(execution) ? execution : undefined;
				},
				{ timeoutMs: TIMEOUT_MS, everyMs: 1_000 },
			);
		const run = async () => {
			const before = (await host.executionsOf(id)).length;
			await host.webhook(path, { rows: JOB_SECONDS.map((_, number) => ({ number })) });
			return await untilEnded(before + 1);
		};
		const retry = async () => {
			const executions = await host.executionsOf(id);
			await host.retryExecution(at(executions, executions.length - 1).id);
			return await untilEnded(executions.length + 1);
		};
		return await use({ emulator, run, retry });
	} finally {
		await emulator.stop();
	}
}

async function timed(
	host: Host,
	build: Build,
): Promise<Pick<LoopFigures, 'totalToSlowest' | 'lateSeconds' | 'statusCalls'>> {
	const jobTimes: EmulatorOptions['jobTimes'] = ({ number }) => ({
		queueMs: 5_000,
		runMs: at(JOB_SECONDS, number - 1) * 1_000 - 5_000,
	});
	return await inFlow(host, build, jobTimes, async ({ emulator, run }) => {
		const { status, startedAt, stoppedAt } = await run();
		if (status !== 'success') throw new Error(`the batch ended as ${status}`);
		const totalMs = Date.parse(stoppedAt ?? '') - Date.parse(startedAt);
		const calls = emulator.requests().filter(({ call }) => call === 'status');
		const late = emulator.jobs().map(({ id, finishedAtMs = NaN }) => {
			const told = calls.find(({ jobId, atMs }) => jobId === id && atMs >= finishedAtMs);
			return ((told?.atMs ?? NaN) - finishedAtMs) / 1_000;
		});
		return {
			totalToSlowest: totalMs / (Math.max(...JOB_SECONDS) * 1_000),
			lateSeconds: mean(late),
			statusCalls: calls.length,
		};
	});
}

/** What somebody does who wants five videos: after a failed execution Executions > Retry, and if that fails, a new run. */
async function jobsPaidWithOneFailure(host: Host, form: string, build: Build): Promise<number> {
	return await inFlow(host, build, SHORT_JOB, async ({ emulator, run, retry }) => {
		emulator.script({ when: { call: 'submit', skip: FAILING_JOB - 1, first: 1 }, job: { endsAs: 'failed' } });
		const story: string[] = [];
		for (let runs = 0; runs < MOST_RUNS; runs += 1) {
			const isRetry = runs % 2 === 1;
			const { status } = isRetry ? await retry() : await run();
			story.push(`${isRetry ? 'Executions > Retry' : 'run'}: ${status}`);
			if (status === 'success') break;
		}
		console.log(`One of five fails, ${form}: ${story.join(', ')}`);
		return emulator.jobs().length;
	});
}

/** All forms and both measures beside each other: they wait, and disturb each other little. */
export async function measureLoops(host: Host): Promise<LoopFigures[]> {
	return await Promise.all(
		Object.entries(FORMS).map(async ([form, build]) => {
			const [figures, jobsPaid] = await Promise.all([timed(host, build), jobsPaidWithOneFailure(host, form, build)]);
			return { form, ...figures, jobsPaid };
		}),
	);
}
