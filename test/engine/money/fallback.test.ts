import type { ProviderName } from '../../../nodes/core/job';
import { providers } from '../../../nodes/core/providers';
import { choices, type ProviderChoice } from '../../../nodes/core/providers/choices';
import type { Misbehaviour } from '../../emulator/index';
import { credentialOf } from '../../support/credentials';
import { at, defined } from '../../support/defined';
import { refusing } from '../faults';
import { outputOf } from '../results';
import { createStage, type Stage } from '../stage';

/** Nothing listens on port 1; a name under .invalid never resolves (RFC 2606). */
const BASE_URLS = new Map([
	['connection refused', 'http://127.0.0.1:1/v1'],
	['name not resolved', 'https://kling.invalid/v1'],
]);

const FAULTS = new Map<string, Misbehaviour>([
	['401', refusing(401)],
	['402', refusing(402)],
	['403', refusing(403)],
	[
		'endpoint or model gone',
		{ reply: { status: 404, body: { error: 'endpoint not found', detail: 'Model not found' } } },
	],
	['429 past patience', refusing(429)],
	['timeout, not accepted', { hang: 'before' }],
	['timeout, accepted', { hang: 'after' }],
	['reset, not accepted', { cut: 'before' }],
	['reset, accepted', { cut: 'after' }],
	['answer cut', { cut: 'during' }],
	['400', refusing(400)],
	['422', refusing(422, 'field "prompt" is odd')],
	['500', refusing(500)],
	['503', refusing(503)],
	['redirect', { redirect: { to: 'http://127.0.0.1:1/elsewhere', status: 307 } }],
	['web page under 200', { reply: { status: 200, body: '<html>Welcome</html>', contentType: 'text/html' } }],
	['no ID under 200', { reply: { status: 200, body: {} } }],
	['half an answer under 200', { truncated: true }],
]);

type TypedIn = Record<'apiKey' | 'baseUrl', string>;

/** A stage for each choice, so that the cells of a row can run at once, and what the user typed into its credentials. */
interface ChoiceStage {
	readonly stage: Stage;
	readonly typedIn: ReadonlyMap<ProviderName, TypedIn>;
}

async function createChoiceStage(): Promise<ChoiceStage> {
	const ours = providers.map(({ name, credential }) => ({ name, credential, data: { apiKey: '', baseUrl: '' } }));
	const typedIn = new Map<ProviderName, TypedIn>(ours.map(({ name, data }) => [name, data]));
	const credentials = Object.fromEntries(
		ours.map(({ credential, data }) => [credential, { type: credentialOf(credential), data }]),
	);
	const emulator = { jobTimes: { queueMs: 0, runMs: 3_000 } };
	return { stage: await createStage({ emulator, engine: { credentials } }), typedIn };
}

const stages = new Map<string, ChoiceStage>();

beforeAll(async () => {
	for (const { value } of choices) stages.set(value, await createChoiceStage());
	// n8n and the nodes load what they need for their first jobs now, which would make the first cells slow.
	await Promise.all(choices.map(async (choice) => await cell('none', choice)));
});
afterAll(async () => {
	for (const { stage } of stages.values()) await stage.close();
});

/** Everything works but what this provider does with a submit. */
function setFault({ stage, typedIn }: ChoiceStage, fault: string, provider: ProviderName): void {
	const { emulator } = stage;
	stage.reset();
	for (const [name, typed] of typedIn) {
		const baseUrl = (name === provider ? BASE_URLS.get(fault) : undefined) ?? emulator[`${name}Url`];
		Object.assign(typed, { apiKey: emulator.keys[name], baseUrl });
	}
	const misbehaviour = FAULTS.get(fault);
	if (misbehaviour !== undefined) emulator.misbehave({ when: { provider, call: 'submit' }, do: misbehaviour });
}

/** The number of jobs that were paid for, and who made the video: "1 runpod", "1 none", "0 none". */
async function cell(fault: string, { value, chain }: ProviderChoice): Promise<string> {
	const choiceStage = defined(stages.get(value), `stage for ${value}`);
	setFault(choiceStage, fault, at(chain, 0));
	const { stage } = choiceStage;
	const startImageUrl = 'https://example.com/picture.png';
	const execution = await stage.run({
		...{ provider: value, startImageUrl, downloadVideo: false },
		options: { timeoutSeconds: 60 },
	});
	const [item] = outputOf(execution);
	const job = stage.jobs().find(({ id, videoUrl }) => id === item?.jobId && videoUrl === item.videoUrl);
	return `${stage.jobs().length} ${job?.provider ?? 'none'}`;
}

interface Expected {
	readonly fault: string;
	readonly alone: string;
	readonly withSecond: string;
}

/** Per fault of the first provider: jobs paid for, and who made the video, where there is a second and where not. */
describe('the second provider is tried only where the first surely created no job', () => {
	it.each`
		fault                         | alone        | withSecond
		${'none'}                     | ${'1 first'} | ${'1 first'}
		${'connection refused'}       | ${'0 none'}  | ${'1 second'}
		${'name not resolved'}        | ${'0 none'}  | ${'1 second'}
		${'401'}                      | ${'0 none'}  | ${'1 second'}
		${'402'}                      | ${'0 none'}  | ${'1 second'}
		${'403'}                      | ${'0 none'}  | ${'1 second'}
		${'endpoint or model gone'}   | ${'0 none'}  | ${'1 second'}
		${'429 past patience'}        | ${'0 none'}  | ${'1 second'}
		${'timeout, not accepted'}    | ${'0 none'}  | ${'0 none'}
		${'timeout, accepted'}        | ${'1 none'}  | ${'1 none'}
		${'reset, not accepted'}      | ${'0 none'}  | ${'0 none'}
		${'reset, accepted'}          | ${'1 none'}  | ${'1 none'}
		${'answer cut'}               | ${'1 none'}  | ${'1 none'}
		${'400'}                      | ${'0 none'}  | ${'0 none'}
		${'422'}                      | ${'0 none'}  | ${'0 none'}
		${'500'}                      | ${'0 none'}  | ${'0 none'}
		${'503'}                      | ${'0 none'}  | ${'0 none'}
		${'redirect'}                 | ${'0 none'}  | ${'0 none'}
		${'web page under 200'}       | ${'0 none'}  | ${'0 none'}
		${'no ID under 200'}          | ${'0 none'}  | ${'0 none'}
		${'half an answer under 200'} | ${'1 none'}  | ${'1 none'}
	`('fault of the first: $fault', async ({ fault, alone, withSecond }: Expected) => {
		const row = await Promise.all(choices.map(async (choice) => [choice.value, await cell(fault, choice)]));
		const expected = choices.map(({ value, chain: [first, second] }) => {
			const told = second === undefined ? alone : withSecond;
			return [value, told.replace('first', String(first)).replace('second', String(second))];
		});
		expect(row).toEqual(expected);
	});
});
