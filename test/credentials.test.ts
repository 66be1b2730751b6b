import { credentials } from './support/credentials';
import { startEmulator, type Emulator } from './emulator/index';
import { dialects, providerNames } from './support/apis';
import { defined } from './support/defined';

/** Reported gone (docs/providers.md#runpod-retired-endpoint). */
const RETIRED = 'kling-v2-1-i2v-pro';
const O1 = 'kling-video-o1-r2v';

let emulator: Emulator;
beforeAll(async () => (emulator = await startEmulator({ retiredEndpoints: [RETIRED] })));
afterEach(() => emulator.reset());
afterAll(async () => await emulator.stop());

function testOf(provider: string) {
	const credential = credentials.find(({ name }) => name === `${provider}Api`);
	return defined(credential?.test, `credential test of ${provider}`);
}

/** Asks what the credential test asks; the status of the answer, and what n8n says of that status. */
async function ask(provider: (typeof providerNames)[number], key: string): Promise<{ status: number; says: string[] }> {
	const { request, rules = [] } = testOf(provider);
	const url = `${emulator[`${provider}Url`]}${request.url}`;
	const { status } = await fetch(url, { headers: dialects[provider].keyHeaders(key) });
	const says = rules.flatMap(({ type, properties }) =>
		type === 'responseCode' && properties.value === status ? [properties.message] : [],
	);
	return { status, says };
}

test('every credential has a test', () => {
	expect(credentials.filter(({ test }) => test === undefined)).toEqual([]);
});

test.each(providerNames)(
	'that of %s accepts the right key, refuses a wrong one in words, and makes no job',
	async (name) => {
		expect(await ask(name, emulator.keys[name])).toEqual({ status: 200, says: [] });
		expect(await ask(name, 'wrong')).toEqual({ status: 401, says: [expect.stringContaining('does not accept')] });
		expect(emulator.jobs()).toEqual([]);
	},
);

test('that of Runpod says where its endpoint is gone that the key was not judged', async () => {
	emulator.retire(O1);
	const gone = { status: 404, says: [expect.stringMatching(`endpoint ${O1}, so the key could not be checked`)] };
	expect(await ask('runpod', emulator.keys.runpod)).toEqual(gone);
	expect(await ask('runpod', 'wrong')).toEqual(gone);
});
