// What is mutated, in groups that share their tests. The fewer tests a group loads, the less each mutant takes. How many
// changes are tried at once is meant for 2 cores: tests of n8n's engine wait more than they work.
export const groups = {
	money: {
		mutate: ['nodes/core/money/ledger.ts', 'nodes/core/money/limits.ts', 'nodes/core/money/leftJobs.ts'],
		tests: [
			'core/money/ledger.test.ts',
			'core/money/leftJobs.test.ts',
			'core/money/limits.test.ts',
			'core/money/takeOver.test.ts',
		],
		runners: 2,
		timeoutMs: 10_000,
	},
	calls: {
		mutate: [
			'nodes/core/calls/submit.ts',
			'nodes/core/calls/retry.ts',
			'nodes/core/calls/status.ts',
			'nodes/core/calls/cancel.ts',
		],
		tests: [
			'core/calls/retry.test.ts',
			'core/calls/submit.test.ts',
			'core/calls/status.test.ts',
			'core/calls/cancel.test.ts',
		],
		runners: 2,
		timeoutMs: 10_000,
	},
	reader: {
		mutate: ['nodes/core/models/reader.ts'],
		tests: [
			'core/models/request.test.ts',
			'core/models/chosen.test.ts',
			'core/models/pictures.test.ts',
			'core/models/values.test.ts',
			'core/models/models.test.ts',
			'core/providers/requests.test.ts',
			'core/providers/requestsRefused.test.ts',
		],
		runners: 2,
		timeoutMs: 10_000,
	},
	trigger: {
		mutate: ['nodes/KlingVideoTrigger/endedJob.ts', 'nodes/kling/reportedEnd.ts'],
		tests: [
			'engine/trigger/trigger.test.ts',
			'engine/trigger/trigger.memory.test.ts',
			'engine/trigger/trigger.downloads.test.ts',
			'engine/trigger/trigger.batches.test.ts',
			'engine/models/models.test.ts',
		],
		runners: 6,
		timeoutMs: 30_000,
	},
	description: {
		mutate: ['nodes/KlingVideoTrigger/KlingVideoTrigger.node.ts'],
		tests: ['descriptions.test.ts', 'engine/trigger/trigger.node.test.ts'],
		// A snapshot belongs to the file that made it.
		isApart: true,
		runners: 2,
		timeoutMs: 10_000,
	},
	pause: {
		mutate: [
			'nodes/KlingVideo/generate/pause.ts',
			'nodes/KlingVideo/generate/pauseRecord.ts',
			'nodes/KlingVideo/generate/resume.ts',
			'nodes/kling/statusCalls.ts',
		],
		tests: [
			'kling/statusCalls.test.ts',
			'engine/pause/pause.record.test.ts',
			'engine/pause/callback.answers.test.ts',
			'engine/pause/callback.context.test.ts',
			'engine/pause/callback.test.ts',
			'engine/pause/callback.flood.test.ts',
			'engine/pause/pause.test.ts',
			'engine/pause/pause.deadline.test.ts',
			'engine/pause/pause.stop.test.ts',
			'engine/pause/pause.refused.test.ts',
			'engine/pause/pause.retry.test.ts',
			'engine/pause/pause.workflows.test.ts',
			'engine/manual/manual.test.ts',
		],
		runners: 6,
		timeoutMs: 30_000,
	},
};
