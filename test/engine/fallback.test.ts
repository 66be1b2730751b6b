import { CoreTodayApi } from '../../credentials/CoreTodayApi.credentials';
import { RunpodApi } from '../../credentials/RunpodApi.credentials';
import type { Misbehaviour } from '../emulator/index';
import { kling } from './scenes';
import { setStage, type Stage } from './stage';

const CHOICES = ['coreToday', 'runpod', 'coreTodayThenRunpod', 'runpodThenCoreToday'] as const;
type Choice = (typeof CHOICES)[number];
type Player = 'coreToday' | 'runpod';

/** Nothing listens on port 1; a name under .invalid never resolves (RFC 2606). */
const BASE_URLS = new Map([
	['connection refused', 'http://127.0.0.1:1/v1'],
	['name not resolved', 'https://kling.invalid/v1'],
]);

const refusing = (status: number, body: object = { error: 'no' }): Misbehaviour => ({
	reply: { status, body: { ...body } },
});

const FAULTS = new Map<string, Misbehaviour>([
	['401', refusing(401)],
	['402', refusing(402)],
	['403', refusing(403)],
	['endpoint or model gone', refusing(404, { error: 'endpoint not found', detail: 'Model not found' })],
	['429 past patience', refusing(429)],
	['timeout, not accepted', { hang: 'before' }],
	['timeout, accepted', { hang: 'after' }],
	['reset, not accepted', { cut: 'before' }],
	['reset, accepted', { cut: 'after' }],
	['answer cut', { cut: 'during' }],
	['400', refusing(400)],
	['422', refusing(422, { detail: 'field "prompt" is odd' })],
	['500', refusing(500)],
	['503', refusing(503)],
	['redirect', { redirect: { to: 'http://127.0.0.1:1/elsewhere', status: 307 } }],
	['web page under 200', { reply: { status: 200, body: '<html>Welcome</html>', contentType: 'text/html' } }],
	['no ID under 200', { reply: { status: 200, body: {} } }],
	['half an answer under 200', { truncated: true }],
]);

/** A stage for each choice, so that the cells of a row can be played at once. */
interface Theatre extends Stage {
	/** What the user typed into the two credentials. */
	readonly typedIn: Readonly<Record<Player, { apiKey: string; baseUrl: string }>>;
}

async function setTheatre(): Promise<Theatre> {
	const typedIn = { coreToday: { apiKey: '', baseUrl: '' }, runpod: { apiKey: '', baseUrl: '' } };
	const credentials = {
		coreTodayApi: { type: new CoreTodayApi(), data: typedIn.coreToday },
		runpodApi: { type: new RunpodApi(), data: typedIn.runpod },
	};
	const emulator = { jobTimes: { queueMs: 0, runMs: 3_000 } };
	return { ...(await setStage({ factor: 60, emulator, engine: { credentials } })), typedIn };
}

const theatres = new Map<Choice, Theatre>();

beforeAll(async () => {
	// With a first round that does not count, as n8n loads all it needs for HTTP only then.
	for (const choice of CHOICES) theatres.set(choice, await setTheatre());
	await Promise.all(CHOICES.map(async (choice) => await cell('none', choice)));
});
afterAll(async () => {
	for (const theatre of theatres.values()) await theatre.close();
});

/** Everything works but what the first provider of the choice does with a submit. */
function setScene({ emulator, typedIn }: Theatre, fault: string, first: Player): void {
	emulator.reset();
	Object.assign(typedIn.coreToday, { apiKey: emulator.keys.coreToday, baseUrl: emulator.coreTodayUrl });
	Object.assign(typedIn.runpod, { apiKey: emulator.keys.runpod, baseUrl: emulator.runpodUrl });
	Object.assign(typedIn[first], { baseUrl: BASE_URLS.get(fault) ?? typedIn[first].baseUrl });
	const misbehaviour = FAULTS.get(fault);
	if (misbehaviour !== undefined) emulator.misbehave({ when: { provider: first, call: 'submit' }, do: misbehaviour });
}

/** The number of jobs that were paid for, and who made the video: "1 runpod", "1 none", "0 none". */
async function cell(fault: string, choice: Choice): Promise<string> {
	const theatre = theatres.get(choice);
	if (theatre === undefined) throw new Error(`no stage for ${choice}`);
	const { emulator, engine, workflow } = theatre;
	setScene(theatre, fault, choice.startsWith('coreToday') ? 'coreToday' : 'runpod');
	const parameters = { provider: choice, startImageUrl: 'https://example.com/picture.png', downloadVideo: false };
	const execution = await engine.run(workflow({ ...parameters, options: { timeoutSeconds: 60 } }));
	const [item] = kling(execution);
	const job = emulator.jobs().find(({ id, videoUrl }) => id === item?.jobId && videoUrl === item.videoUrl);
	return `${emulator.jobs().length} ${job?.provider ?? 'none'}`;
}

/** Per fault of the first provider and choice of providers: jobs paid for, and who made the video. */
describe('the second provider is tried only where the first surely created no job', () => {
	it.each`
		fault                         | coreToday        | runpod        | coreTodayThenRunpod | runpodThenCoreToday
		${'none'}                     | ${'1 coreToday'} | ${'1 runpod'} | ${'1 coreToday'}    | ${'1 runpod'}
		${'connection refused'}       | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'name not resolved'}        | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'401'}                      | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'402'}                      | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'403'}                      | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'endpoint or model gone'}   | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'429 past patience'}        | ${'0 none'}      | ${'0 none'}   | ${'1 runpod'}       | ${'1 coreToday'}
		${'timeout, not accepted'}    | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'timeout, accepted'}        | ${'1 none'}      | ${'1 none'}   | ${'1 none'}         | ${'1 none'}
		${'reset, not accepted'}      | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'reset, accepted'}          | ${'1 none'}      | ${'1 none'}   | ${'1 none'}         | ${'1 none'}
		${'answer cut'}               | ${'1 none'}      | ${'1 none'}   | ${'1 none'}         | ${'1 none'}
		${'400'}                      | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'422'}                      | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'500'}                      | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'503'}                      | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'redirect'}                 | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'web page under 200'}       | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'no ID under 200'}          | ${'0 none'}      | ${'0 none'}   | ${'0 none'}         | ${'0 none'}
		${'half an answer under 200'} | ${'1 none'}      | ${'1 none'}   | ${'1 none'}         | ${'1 none'}
	`('fault of the first: $fault', async ({ fault, ...expected }: { fault: string } & Record<Choice, string>) => {
		const row = await Promise.all(CHOICES.map(async (choice) => [choice, await cell(fault, choice)]));
		expect(Object.fromEntries(row)).toEqual(expected);
	});
});
