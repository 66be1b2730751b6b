import { type INodeProperties, NodeHelpers } from 'n8n-workflow';
import { KlingVideo } from '../../../nodes/KlingVideo/KlingVideo.node';

const { description } = new KlingVideo();

/** The options that the form offers, as the editor decides it. */
function optionsOf(parameters: { operation: string; provider: string }): INodeProperties[] {
	const shown = { resource: 'video', completion: 'wait', ...parameters };
	const isShown = (property: INodeProperties, values: object) =>
		NodeHelpers.displayParameter({ ...shown, ...values }, property, null, description, shown);
	const collections = description.properties.filter((property) => property.name === 'options' && isShown(property, {}));
	const inside = collections
		.flatMap(({ options = [] }) => options)
		.filter((option): option is INodeProperties => 'type' in option);
	return inside.filter((option) => isShown(option, {}));
}

const namesOf = (operation: string, provider: string) => optionsOf({ operation, provider }).map(({ name }) => name);

it.each(['getStatus', 'wait', 'cancel'])(
	"%s offers Runpod's Endpoint ID only where the job may be at Runpod",
	(operation) => {
		expect(namesOf(operation, 'runpod')).toContain('endpointId');
		expect(namesOf(operation, 'fromInput')).toContain('endpointId');
		expect(namesOf(operation, 'coreToday')).toContain('output');
		expect(namesOf(operation, 'coreToday')).not.toContain('endpointId');
	},
);

it('says from when each Timeout is counted', () => {
	const timeoutOf = (operation: string) =>
		optionsOf({ operation, provider: 'runpod' }).find(({ name }) => name === 'timeoutSeconds')?.description;
	expect(timeoutOf('generate')).toContain('from when its job was submitted');
	expect(timeoutOf('wait')).toContain('from when this node first asks for its job');
});
