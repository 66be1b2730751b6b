import { readPause } from '../../../nodes/KlingVideo/generate/pauseRecord';

// What n8n stored is read as anybody could have written it: an older version, or somebody's repair in the database.

const handle = { provider: 'runpod', jobId: 'abc-u1' };
const job = { handle, status: 'processing' };
const output = { download: true, field: 'data', raw: false };
const whole = { kind: 'job', job, extras: {}, output };
const error = { kind: 'noJob', json: { error: { message: 'no' } } };

test('a record is read as it was stored, with its jobs and what has none', () => {
	expect(readPause({ pausedMs: 7, items: [whole, error] })).toEqual({ pausedMs: 7, items: [whole, error] });
	expect(readPause({ pausedMs: 7, items: [] })).toEqual({ pausedMs: 7, items: [] });
});

test.each([
	['nothing', undefined],
	['text', 'paused'],
	['no time', { items: [whole] }],
	['a time that is text', { pausedMs: '7', items: [whole] }],
	['no items', { pausedMs: 7 }],
	['items that are no list', { pausedMs: 7, items: whole }],
])('%s is no record', (_what, stored) => {
	expect(readPause(stored)).toBeUndefined();
});

test.each([
	['null', null],
	['an item of another kind', { ...whole, kind: 'video' }],
	['an item without a job', { kind: 'job', extras: {}, output }],
	['a job without a handle', { ...whole, job: { status: 'processing' } }],
	['a job of no provider', { ...whole, job: { ...job, handle: { ...handle, provider: 'nobody' } } }],
	['a job without an ID', { ...whole, job: { ...job, handle: { provider: 'runpod' } } }],
	['a job whose ID leads elsewhere', { ...whole, job: { ...job, handle: { ...handle, jobId: '../health' } } }],
	['a job without a status', { ...whole, job: { handle } }],
	['an item that does not say how it comes out', { ...whole, output: undefined }],
	['an item whose facts are no object', { ...whole, extras: 'none' }],
	['an error that says nothing', { ...whole, kind: 'noJob' }],
])('with %s among its items a record is none', (_what, item) => {
	expect(readPause({ pausedMs: 7, items: [whole, item] })).toBeUndefined();
});
