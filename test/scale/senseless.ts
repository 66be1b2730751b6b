import type { JsonValue } from '../../nodes/core/json';

/** Nothing in these names a job or an end, so none of them is a lie about money. */
export const SENSELESS: readonly JsonValue[] = [
	'',
	'OK',
	'{"id":"abc',
	'<html>Bad gateway</html>',
	null,
	7,
	true,
	[],
	[[]],
	{},
	{ id: {} },
	{ id: {}, status: 'COMPLETED' },
	{ id: 7.5, status: [] },
	{ job_id: null, status: null },
	{ status: 404 },
	{ error: { error: {} } },
	{ output: { video_url: 7 } },
];

/** Refusals under a status of success, in the forms that such APIs have (docs/providers.md#runpod-failures). */
export const NO_UNDER_200: readonly JsonValue[] = [
	{ code: 402, msg: 'Insufficient credits' },
	{ error: 'Insufficient credits' },
	{ error: { code: 401, message: 'Invalid API key' } },
	{ success: false, message: 'Too many requests' },
	{ status: 'error', detail: [{ msg: 'field "duration" must be one of [5, 10], got number 4' }] },
	{ status: 'FAILED', error: 'Invalid image URL' },
];
