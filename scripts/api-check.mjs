// node scripts/api-check.mjs
// Whether both APIs still answer as their documents say. Costs nothing: two GETs that create no job. With
// CORE_TODAY_API_KEY or RUNPOD_API_KEY in the environment the key is tried, too; without, being refused is right.
const TIMEOUT_MS = 30_000;
const TRIES = 3;
const PAUSE_MS = 5_000;
/** How a call without a key may be refused: neither document names the status. */
const REFUSALS = [401, 403, 422];

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// As the two documents have it, with the base URLs that the credentials start from.
const apis = [
	{
		label: 'Core.Today',
		baseUrl: process.env.CORE_TODAY_BASE_URL ?? 'https://api.core.today/v1',
		path: '/templates',
		key: process.env.CORE_TODAY_API_KEY,
		headers: (key) => ({ 'X-API-Key': key }),
		fits: (body) => Array.isArray(body.templates),
		expected: '{ "templates": […] }',
	},
	{
		label: 'Runpod',
		baseUrl: process.env.RUNPOD_BASE_URL ?? 'https://api.runpod.ai/v2',
		path: '/kling-video-o1-r2v/health',
		key: process.env.RUNPOD_API_KEY,
		headers: (key) => ({ Authorization: `Bearer ${key}` }),
		fits: (body) => isObject(body.workers) || isObject(body.jobs),
		expected: '{ "jobs": {…}, "workers": {…} }',
	},
];

async function ask({ baseUrl, path, key, headers }) {
	const response = await fetch(baseUrl + path, {
		headers: { Accept: 'application/json', ...(key ? headers(key) : {}) },
		redirect: 'manual',
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
	const text = await response.text();
	try {
		return { status: response.status, body: JSON.parse(text) };
	} catch {
		return { status: response.status, body: undefined };
	}
}

/** Undefined if the API answers as documented; `isTransient` says that it may be a transient fault. */
function problemOf({ key, fits, expected }, { status, body }) {
	if (status === 404) return { message: 'HTTP status 404: this address, or the endpoint, is gone' };
	if (status >= 500 || status === 429) return { message: `HTTP status ${status}`, isTransient: true };
	if (!key) return REFUSALS.includes(status) ? undefined : { message: `HTTP status ${status} instead of a refusal` };
	if (status === 401 || status === 403) return { message: `HTTP status ${status}: the key in the secrets is refused` };
	if (status !== 200) return { message: `HTTP status ${status} instead of 200` };
	return isObject(body) && fits(body) ? undefined : { message: `a body other than the documented ${expected}` };
}

async function check(api) {
	for (let attempt = 1; ; attempt++) {
		let problem;
		try {
			problem = problemOf(api, await ask(api));
		} catch (error) {
			// The cause has the reason ("ENOTFOUND"), and no header is in it.
			problem = { message: `no answer (${error.cause?.code ?? error.name})`, isTransient: true };
		}
		if (problem === undefined || !problem.isTransient || attempt === TRIES) return problem?.message;
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
	}
}

const results = await Promise.all(apis.map(async (api) => ({ api, problem: await check(api) })));
for (const { api, problem } of results) {
	const call = `${api.label}: GET ${api.path} ${api.key ? 'with a key' : 'without a key'}`;
	if (problem === undefined) console.log(`✓ ${call} answers as documented`);
	else console.error(`✗ ${call} gave ${problem}`);
}
process.exitCode = results.some(({ problem }) => problem !== undefined) ? 1 : 0;
