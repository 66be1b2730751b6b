import { Workflow, type INodeParameters } from 'n8n-workflow';
import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node.ts';
import { models } from '../../../nodes/core/models';
import { node } from '../harness/index';

const type = new KlingVideo();
const nodeTypes = { getByName: () => type, getByNameAndVersion: () => type, getKnownTypes: () => ({}) };

/** The hints that the editor shows before a run: those whose condition gives `true`, evaluated as the editor does it. */
function shown(parameters: INodeParameters): string[] {
	const nodes = [node('Kling', 'klingVideo', { operation: 'generate', prompt: 'Waves', ...parameters })];
	const workflow = new Workflow({ id: '1', nodes, connections: {}, active: false, nodeTypes });
	const { hints = [] } = type.description;
	return hints.flatMap(({ message, displayCondition = '', location, whenToDisplay }) => {
		expect([location, whenToDisplay]).toEqual(['outputPane', 'beforeExecution']);
		const value = workflow.expression.getParameterValue(displayCondition, null, 0, 0, 'Kling', [], 'manual', {});
		expect(typeof value).toBe('boolean');
		return value === true ? [message] : [];
	});
}

const DRY = 'Dry Run is on: nothing is submitted, nothing is paid for, and the video is a sample.';

test.each([
	[
		'coreToday',
		'kwaivgi/kling-v2.1',
		'Each new video costs at least 375 credits; only the lowest price is published. 1,000 credits are about 1 USD.',
	],
	['coreToday', 'kwaivgi/kling-v2.5-turbo-pro', 'Each new video costs 525 credits. 1,000 credits are about 1 USD.'],
	['runpod', 'kling-v2-1-i2v-pro', 'Each new video costs 0.45 USD for 5 seconds, 0.9 USD for 10 seconds.'],
	['runpod', 'kling-video-o1-r2v', 'Each new video costs 0.112 USD a second.'],
	['runpod', 'kling-v2-6-std-motion-control', 'Each new video costs 0.21 to 0.63 USD.'],
])('before a run the editor says what an item costs: %s, %s', (provider, model, message) => {
	expect(shown({ provider, model })).toEqual([message]);
	expect(shown({ provider, model, options: { dryRun: true } })).toEqual([DRY]);
});

test('every model with a price has its hint', () => {
	const priced = models.filter(({ price }) => price !== undefined);
	for (const { provider, id } of priced) expect(shown({ provider, model: id })).toHaveLength(1);
});

test('the defaults of the form have theirs', () => {
	expect(shown({})).toEqual([
		'Each new video costs at least 375 credits; only the lowest price is published. 1,000 credits are about 1 USD.',
	]);
});

test('with a second provider both prices are named, unless an Endpoint ID makes the second unknown', () => {
	const both = [
		'Each new video costs at least 375 credits at Core.Today. If Core.Today does not start the job, Runpod makes it: 0.45 USD for 5 seconds, 0.9 USD for 10 seconds.',
	];
	expect(shown({ provider: 'coreTodayThenRunpod' })).toEqual(both);
	expect(shown({ provider: 'runpodThenCoreToday', options: { endpointId: 'another' } })).toEqual([]);
	const onlyFirst = [
		'Each new video costs at least 375 credits at Core.Today. Runpod is not used, as Max Cost is set and Fallback Max Cost is not.',
	];
	expect(shown({ provider: 'coreTodayThenRunpod', options: { maxCost: 5 } })).toEqual(onlyFirst);
	expect(shown({ provider: 'coreTodayThenRunpod', options: { maxCost: 5, fallbackMaxCost: 5 } })).toEqual(both);
});

test.each([
	['a model without a price', { provider: 'coreToday', model: 'other', modelId: 'acme/other' }],
	['an operation that makes no video', { operation: 'getStatus' }],
	['a Dry Run that an expression decides, item by item', { options: { dryRun: '={{ $json.dry }}' } }],
])('nothing is said of %s', (_name, parameters) => {
	expect(shown(parameters)).toEqual([]);
});
