import { adviceFor, classifyFailure, errorText } from '../../nodes/core/failure';
import type { FailureCode } from '../../nodes/core/job';

const CONTENT = { code: 'content_policy', retryable: false } as const;
const CREDIT = { code: 'insufficient_credit', retryable: true } as const;
const RATE = { code: 'rate_limited', retryable: true } as const;
const INPUT = { code: 'invalid_input', retryable: false } as const;
const PASSING = { code: 'provider_error', retryable: true } as const;
const OPEN = { code: 'provider_error' } as const;

/** Texts as the vendors' and their upstreams' documents and users show them. */
const TEXTS: Array<[source: string, text: string, kind: object]> = [
	["Kling's error table, 1301", 'Risk control: content security policy triggered (1301)', CONTENT],
	["Kling's error table, 1301", 'Failure to pass the risk control system', CONTENT],
	[
		"Replicate's prediction errors",
		'The input or output was flagged as sensitive. Please try again with different inputs. (E005)',
		CONTENT,
	],
	["Replicate's prediction errors", 'NSFW content detected. Try running it again, or try a different prompt.', CONTENT],
	['a moderation that names the image', 'The image was flagged by content moderation', CONTENT],
	["Kling's error table, 1101", 'Account in arrears (1101)', CREDIT],
	["Kling's error table, 1102", 'Resource pack depleted or expired (1102)', CREDIT],
	['Kling', 'Account balance not enough', CREDIT],
	['Replicate, 402', 'You have insufficient credit to run this model', CREDIT],
	['Runpod', 'Insufficient balance', CREDIT],
	['Core.Today', 'Not enough credits', CREDIT],
	["Kling's error table, 1302", 'API request too fast, exceeds rate limit (1302)', RATE],
	["Kling's error table, 1303", 'parallel task over resource pack limit (1303)', RATE],
	['HTTP', 'Too Many Requests', RATE],
	['Runpod, documented', 'Invalid image URL', INPUT],
	['Kling', 'Image pixel is invalid', INPUT],
	['Kling', 'image size must be at least 300px', INPUT],
	['Kling', 'Image aspect ratio must be between 1:2.5 and 2.5:1', INPUT],
	['Runpod', 'Failed to download image: 403 Forbidden', INPUT],
	['Runpod', 'cannot identify image file: unsupported image format', INPUT],
	["Kling's error table, 1201", 'Invalid parameters (1201)', INPUT],
	['Runpod, seen', 'field "duration" must be one of [5, 10], got number 4', INPUT],
	['FastAPI, 422', 'Input should be a valid string: validation error', INPUT],
	["Replicate's prediction errors", 'Prediction interrupted; please retry (code: PA)', PASSING],
	["Replicate's prediction errors", 'Director: unexpected error handling prediction (E6716)', PASSING],
	["Replicate's prediction errors", 'Health check failed (E8765)', PASSING],
	['HTTP', 'Service temporarily unavailable', PASSING],
	['Kling', 'Server overloaded while generating from your image', PASSING],
	['a worker', 'Insufficient GPU capacity, worker unavailable', PASSING],
	['httpx', "Client error '403 Forbidden' for url 'https://pictures.example.com/start.png'", INPUT],
	['httpx', "Client error '404 Not Found' for url 'https://cdn.example.com/v1.2/loading/image.png?x=1'", INPUT],
	['httpx', "Client error '410 Gone' for url 'https://pictures.example.com/nsfw/a.png'", INPUT],
	['requests', '404 Client Error: Not Found for url: https://pictures.example.com/start.png', INPUT],
	['requests', '401 Client Error: Unauthorized for url: https://pictures.example.com/rate-limit.png', INPUT],
	['urllib', 'HTTP Error 404: Not Found', INPUT],
	['urllib', 'HTTP Error 403: Forbidden', INPUT],
	['Pillow', 'cannot identify image file <_io.BytesIO object at 0x7f3b1c0d2e30>', INPUT],
	['Python', 'Invalid base64-encoded string: number of data characters (1001) cannot be 1 more than …', INPUT],
	['Python', 'Incorrect padding', INPUT],
	['a worker', 'Invalid base64', INPUT],
	["Kling's limit without its number", 'parallel task over resource pack limit', RATE],
	['httpx', "Client error '429 Too Many Requests' for url 'https://pictures.example.com/image.png'", RATE],
	['httpx', "Server error '503 Service Unavailable' for url 'https://pictures.example.com/image.png'", PASSING],
	['requests', '502 Server Error: Bad Gateway for url: https://pictures.example.com/upload/image.png', PASSING],
	['urllib', 'HTTP Error 500: Internal Server Error', PASSING],
	['the upstream itself', "Client error '403 Forbidden' for url 'https://api.replicate.com/v1/predictions'", OPEN],
	['the upstream itself', "Client error '404 Not Found' for url 'https://api-singapore.klingai.com/v1/x'", OPEN],
	['the API itself', '401 Client Error: Unauthorized for url: https://api.core.today/v1/files', OPEN],
	['an API of nobody knows whom', "Client error '403 Forbidden' for url 'https://gpu.example.com/api/start'", OPEN],
	['another 4xx', "Client error '409 Conflict' for url 'https://pictures.example.com/a.png'", OPEN],
	['words in a link', 'The worker at https://gpu.example.com/nsfw/image/download failed', OPEN],
	['a worker', 'Generation failed', OPEN],
	['a worker', 'CUDA out of memory', OPEN],
	['a worker', 'KeyError: 0', OPEN],
];

test.each(TEXTS)('%s: "%s"', (_source, text, kind) => {
	expect(classifyFailure(text)).toStrictEqual(kind);
});

test('no text says nothing', () => {
	expect(classifyFailure(undefined)).toStrictEqual(OPEN);
});

const TRACE = 'Traceback (most recent call last):\n  File "/app/a.py", line 3, in run\n    raise Bad(reply["error"])\n';

test.each<[string, unknown, string | undefined]>([
	['a string', ' no ', 'no'],
	['an object', { message: 'no' }, 'no'],
	['a nested object', { error: { error: { message: 'no' } } }, 'no'],
	['a list', [{ msg: 'a' }, { msg: 'b' }], 'a; b'],
	['JSON in a string', '{"error_message":"no","error_traceback":"x"}', 'no'],
	['JSON in JSON', JSON.stringify({ error: JSON.stringify({ message: 'no' }) }), 'no'],
	['text that ends in JSON', 'x: {"code":400,"message":"no"}', 'no'],
	['text that ends in a list of objects', 'x: [{"msg":"no"}]', 'no'],
	[
		'text that ends in a list of words',
		'mode must be one of ["standard", "pro"]',
		'mode must be one of ["standard", "pro"]',
	],
	['text with JSON that says nothing', 'bad value {"a":1}', 'bad value {"a":1}'],
	['a Python traceback', `${TRACE}app.Bad: no`, 'app.Bad: no'],
	['a Python traceback that ends in JSON', `${TRACE}app.Bad: {"message":"no"}`, 'no'],
	['a stack of JavaScript', 'Error: no\n    at run (/app/a.js:1:2)\n    at async /app/b.js:3:4', 'Error: no'],
	['a stack of bare places', 'Error: no\n    at /app/b.js:3:4', 'Error: no'],
	['several lines', 'no\n  way', 'no way'],
	['nothing', null, undefined],
	['an empty string', '  ', undefined],
	['an empty object', {}, undefined],
	['a number', 7, undefined],
])('the sentence in %s', (_name, value, text) => {
	expect(errorText(value)).toBe(text);
});

test('a sentence is cut where nobody reads on', () => {
	expect(errorText('x'.repeat(10_000))).toHaveLength(500);
	expect(errorText(Array(5).fill('x'.repeat(10_000)))?.length).toBeLessThanOrEqual(500);
});

const ADVICE: ReadonlyArray<[FailureCode, RegExp]> = [
	['invalid_input', /JPEG or PNG/],
	['content_policy', /Change the prompt or the picture/],
	['unauthorized', /Runpod credential/],
	['insufficient_credit', /Add credit in your Runpod account/],
	['rate_limited', /Max Concurrency/],
	['endpoint_not_found', /does not have this model/],
	['job_not_found', /Download operation/],
	['submit_unknown', /was not submitted again.*Wait operation/],
	['timed_out', /not cancelled.*Wait operation/],
	['limit_reached', /Raise the limit/],
	['provider_error', /status page/],
];

test.each(ADVICE)('%s comes with advice', (code, advice) => {
	expect(adviceFor(code, 'Runpod')).toMatch(advice);
});

describe('a link in a text', () => {
	test.each([
		[
			"Client error '403 Forbidden' for url 'https://h.example/a.png?token=secret'.",
			"Client error '403 Forbidden' for url 'https://h.example/a.png?…'.",
		],
		[
			'See (https://h.example/photo%20(1).png?sv=1&sig=secret), or ask',
			'See (https://h.example/photo%20(1).png?…), or ask',
		],
		["https://h.example/o'neil.png?X-Amz-Signature=secret", "https://h.example/o'neil.png?…"],
		['https://h.example/p.png?name=a(1)&X-Amz-Signature=secret: gone', 'https://h.example/p.png?…: gone'],
		[
			'https://h.example/a.png#access_token=secret and https://h.example/b.png',
			'https://h.example/a.png?… and https://h.example/b.png',
		],
	])('loses its query, which may be a signature: %s', (text, shown) => {
		expect(errorText(text)).toBe(shown);
	});

	test('leaves room for the reason behind it, however long its signature is', () => {
		const link = `https://h.example/a.png?X-Amz-Signature=${'a'.repeat(2_000)}`;
		expect(errorText(`The picture '${link}' is no picture`)).toBe(
			"The picture 'https://h.example/a.png?…' is no picture",
		);
	});
});
