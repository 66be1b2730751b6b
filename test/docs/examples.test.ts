import { NodeHelpers } from 'n8n-workflow';
import type { INode, INodeParameters, INodeProperties, INodeTypeDescription } from 'n8n-workflow';
import { KlingVideo } from '../../nodes/KlingVideo/KlingVideo.node';
import { KlingVideoTrigger } from '../../nodes/KlingVideoTrigger/KlingVideoTrigger.node';
import { asObject } from '../../nodes/core/json';
import { overlaps } from '../support/boxes';
import type { Box } from '../support/boxes';
import { filesBelow, read, readDocument } from './documents';

interface Example {
	readonly name: string;
	readonly nodes: INode[];
	readonly connections: Record<string, Record<string, Array<Array<{ node: string }>>>>;
}

const descriptions: Readonly<Record<string, INodeTypeDescription>> = {
	'n8n-nodes-kling-video.klingVideo': new KlingVideo().description,
	// n8n makes the tool of an agent out of the node itself.
	'n8n-nodes-kling-video.klingVideoTool': new KlingVideo().description,
	'n8n-nodes-kling-video.klingVideoTrigger': new KlingVideoTrigger().description,
};

const files = filesBelow('examples');
const examples = files.map((path): [string, Example] => [path, JSON.parse(read(path))]);

const isNote = ({ type }: INode): boolean => type === 'n8n-nodes-base.stickyNote';
const isExpression = (value: unknown): boolean => typeof value === 'string' && value.startsWith('=');
const noteOf = ({ nodes }: Example): INode[] => nodes.filter(isNote);
const textOf = (note: INode | undefined): string => String(note?.parameters.content ?? '');

/** How high a note has to be for its text, in n8n's own font: 14 pixels, lines of 22, a larger heading. */
function heightOf(text: string, width: number): number {
	const heights = text.split('\n').map((line) => {
		const plain = line.replace(/[*`]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
		if (plain === '') return 12;
		if (plain.startsWith('#')) return 36;
		const indent = /^(\d+\.|-) /.test(plain) ? 24 : 0;
		return Math.ceil((plain.length * 7.2) / (width - 40 - indent)) * 22;
	});
	return heights.reduce((sum, height) => sum + height, 32);
}

/** What n8n draws of a node: 96 pixels, twice and a half as wide for an agent, and its name and remark below. */
function boxOf({ name, type, position: [left, top], parameters, notes, notesInFlow }: INode): Box {
	if (type === 'n8n-nodes-base.stickyNote') {
		return { name, left, top, right: left + Number(parameters.width), bottom: top + Number(parameters.height) };
	}
	const width = type.endsWith('.agent') ? 256 : 96;
	const remark = notesInFlow === true ? String(notes).length * 6 : 0;
	const textWidth = Math.min(192, Math.max(name.length * 8, remark));
	const beside = Math.max(0, (textWidth - width) / 2);
	return { name, left: left - beside, top, right: left + width + beside, bottom: top + 96 + 44 };
}

/** The properties of a name that the editor shows, with what is set in the node. */
function shown(
	properties: readonly INodeProperties[],
	name: string,
	values: INodeParameters,
	node: INode,
	root: INodeParameters = values,
): INodeProperties[] {
	const description = descriptions[node.type];
	if (description === undefined) return [];
	const named = properties.filter((property) => property.name === name && property.type !== 'notice');
	return named.filter((property) => NodeHelpers.displayParameter(values, property, node, description, root));
}

function allows({ type, options }: INodeProperties, value: unknown): boolean {
	if (isExpression(value)) return true;
	const values = (options ?? []).flatMap((option) => ('value' in option ? [option.value] : []));
	if (type === 'options') return values.some((each) => each === value);
	if (type === 'multiOptions') return Array.isArray(value) && value.every((each) => values.includes(each));
	if (type === 'number') return typeof value === 'number';
	if (type === 'boolean') return typeof value === 'boolean';
	return type === 'collection' || typeof value === 'string';
}

function withDefaults(node: INode, description: INodeTypeDescription): INodeParameters {
	const { parameters } = node;
	return (
		NodeHelpers.getNodeParameters(description.properties, parameters, true, false, node, description) ?? parameters
	);
}

/** What is set in a node that its form does not have, or does not show, or does not allow. */
function wrongParameters(node: INode): string[] {
	const description = descriptions[node.type];
	if (description === undefined) return [];
	const { properties } = description;
	const filled = withDefaults(node, description);
	const isWrong = (candidates: INodeProperties[], value: unknown): boolean =>
		!candidates.some((candidate) => allows(candidate, value));
	const wrong = Object.entries(node.parameters).filter(([name, value]) =>
		isWrong(shown(properties, name, filled, node), value),
	);
	const collection = shown(properties, 'options', filled, node)[0]?.options ?? [];
	const inner = collection.flatMap((option) => ('type' in option ? [option] : []));
	const options = asObject(node.parameters.options) ?? {};
	const wrongOptions = Object.entries(options).filter(([name, value]) =>
		isWrong(shown(inner, name, {}, node, filled), value),
	);
	return [...wrong, ...wrongOptions].map(([name, value]) => `${node.name}: ${name} = ${JSON.stringify(value)}`);
}

describe.each(examples)('%s', (_path, example) => {
	const names = example.nodes.map(({ name }) => name);

	test('connects nodes that exist, each with a name and an ID of its own', () => {
		const targets = Object.values(example.connections).flatMap((kinds) =>
			Object.values(kinds).flatMap((outputs) => outputs.flat().map(({ node }) => node)),
		);
		expect([...Object.keys(example.connections), ...targets].filter((name) => !names.includes(name))).toEqual([]);
		expect(new Set(names).size).toBe(names.length);
		expect(new Set(example.nodes.map(({ id }) => id)).size).toBe(names.length);
	});

	test("sets only fields that this package's nodes show, to values that they allow", () => {
		expect(example.nodes.flatMap(wrongParameters)).toEqual([]);
	});

	test('leaves no required field of this package empty', () => {
		const issues = example.nodes.map((node) => {
			const description = descriptions[node.type];
			if (description === undefined) return null;
			const filled = { ...node, parameters: withDefaults(node, description) };
			return NodeHelpers.getNodeParametersIssues(description.properties, filled, description);
		});
		expect(issues.filter((issue) => issue !== null)).toEqual([]);
	});

	test('has one note, whose steps are numbered from 1', () => {
		expect(noteOf(example)).toHaveLength(1);
		const numbers = [...textOf(noteOf(example)[0]).matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
		expect(numbers.length).toBeGreaterThan(2);
		expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
	});

	test('its note names only nodes that are there, and fields that are shown', () => {
		const bold = [...textOf(noteOf(example)[0]).matchAll(/\*\*([^*]+)\*\*/g)].map(([, name]) => String(name));
		const fields = Object.values(descriptions).flatMap(({ properties }) =>
			properties.flatMap(({ displayName, options = [] }) => [
				displayName,
				...options.flatMap((option) => ('displayName' in option ? [option.displayName] : [])),
			]),
		);
		const ownWords = ['production URL', 'definitely did not start the job'];
		expect(bold.filter((name) => ![...names, ...fields, ...ownWords].includes(name))).toEqual([]);
	});

	test('its note is as large as its text', () => {
		for (const note of noteOf(example)) {
			const { width, height } = note.parameters;
			const needed = heightOf(textOf(note), Number(width));
			expect(Number(height)).toBeGreaterThanOrEqual(needed);
			expect(Number(height)).toBeLessThan(needed + 40);
		}
	});

	test('fits into 1100 × 700 with nothing over anything else', () => {
		const boxes = example.nodes.map(boxOf);
		expect(overlaps(boxes)).toEqual([]);
		const width = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
		const height = Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
		expect(width).toBeLessThanOrEqual(1100);
		expect(height).toBeLessThanOrEqual(700);
	});

	test('gives numbers as numbers', () => {
		expect(JSON.stringify(example.nodes).match(/"value":\s*"\d+(\.\d+)?"/g)).toBeNull();
		expect(JSON.stringify(example.nodes).match(/: '\d+'/g)).toBeNull();
	});
});

test('the README lists every example', () => {
	const listed = readDocument('README.md').links.filter((link) => link.startsWith('examples/'));
	expect([...new Set(listed)].sort()).toEqual([...files].sort());
});

describe('the checks of examples', () => {
	const box: Box = { name: 'A', left: 0, top: 0, right: 100, bottom: 100 };

	test('see two nodes over each other, and not two side by side', () => {
		expect(overlaps([box, { ...box, name: 'B', left: 99 }])).toEqual(['A and B']);
		expect(overlaps([box, { ...box, name: 'B', left: 100, right: 200 }])).toEqual([]);
	});

	test.each([
		['a field that does not exist', { prompts: 'steam rises' }],
		['a field that the model does not have', { aspectRatio: '9:16' }],
		['a value outside a list', { duration: 7 }],
		['a model of the other provider', { model: 'kling-video-o1-r2v' }],
		['an option of the other provider', { options: { guidanceScale: 0.5 } }],
	])('see %s', (_what, parameters) => {
		const node: INode = {
			id: '1',
			name: 'Kling',
			type: 'n8n-nodes-kling-video.klingVideo',
			typeVersion: 1,
			position: [0, 0],
			parameters: { operation: 'generate', provider: 'coreToday', ...parameters },
		};
		expect(wrongParameters(node)).toHaveLength(1);
	});
});
