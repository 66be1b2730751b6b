import type { INodeProperties } from 'n8n-workflow';
import { KlingVideo } from '../../nodes/KlingVideo/KlingVideo.node';
import { KlingVideoTrigger } from '../../nodes/KlingVideoTrigger/KlingVideoTrigger.node';
import { models } from '../../nodes/core/models';
import type { Model } from '../../nodes/core/models/model';
import { estimateCost } from '../../nodes/core/models/price';
import { providers } from '../../nodes/core/providers';
import type { VideoRequest } from '../../nodes/core/providers/provider';
import { credentials } from '../support/credentials';
import { filesBelow, read, readDocument } from './documents';

const readme = readDocument('README.md');
const { description } = new KlingVideo();
const trigger = new KlingVideoTrigger().description;

/** Bold words of the README that are n8n's own. */
const N8N_LABELS = ['Settings', 'Community Nodes', 'Install'];

/** A property, its options and theirs. */
function parts(property: INodeProperties): Array<{ name: string; displayName: string; default?: unknown }> {
	const inner = (property.options ?? []).flatMap((option) => {
		if ('displayName' in option && 'type' in option) return parts(option);
		return [{ name: option.name, displayName: 'displayName' in option ? option.displayName : option.name }];
	});
	return [property, ...inner];
}

const rowsUnder = (...headings: string[]) =>
	readme.rows.filter(({ heading }) => headings.includes(heading)).map(({ cells }) => cells);
const plain = (markdown = '') => markdown.replace(/^\*\*(.*)\*\*$/, '$1').replace(/^`(.*)`$/, '$1');

test('every label in bold is one that the user sees', () => {
	const properties = [description, trigger, ...credentials].flatMap((each) => each.properties);
	const labels = [...properties.flatMap(parts), ...credentials].map(({ displayName }) => displayName);
	expect(readme.bold.length).toBeGreaterThan(20);
	expect(readme.bold.filter((label) => ![...labels, ...N8N_LABELS].includes(label))).toEqual([]);
});

test("Generate's options are all there, with the defaults they have", () => {
	const collection = description.properties.find(
		({ name, displayOptions }) => name === 'options' && displayOptions?.show?.operation?.includes('generate'),
	);
	const options = (collection?.options ?? []).flatMap((option) => ('type' in option ? [option] : []));
	const defaultOf = ({ name, default: value }: INodeProperties) => {
		// A sum that is to be typed in.
		if (['fallbackMaxCost', 'maxCost'].includes(name)) return 'not set';
		return value === '' ? 'empty' : String(value);
	};
	const actual = options.map((option) => [option.displayName, defaultOf(option)]);
	expect(rowsUnder('Options of Generate').map(([label, value]) => [plain(label), plain(value)])).toEqual(actual);
});

test('every operation is there', () => {
	const operation = description.properties.find(({ name }) => name === 'operation');
	const names = (operation?.options ?? []).map((option) => option.name).sort();
	expect(
		rowsUnder('Kling Video')
			.map(([label]) => plain(label))
			.sort(),
	).toEqual(names);
});

describe('the price', () => {
	function price({ provider, id }: Model, seconds: number): string {
		const input = { duration: seconds };
		const request: VideoRequest = {
			provider,
			model: id,
			input,
			pictures: [],
			links: [],
			submitWith: 'run',
			hasEndImage: false,
		};
		const cost = estimateCost(request);
		if (cost === undefined) return 'not known';
		const { amount, unit } = cost.least;
		if (cost.most === undefined) return `at least ${amount} ${unit}`;
		return cost.most === amount ? `${amount} ${unit}` : `${amount} to ${cost.most} ${unit}, by the clip`;
	}

	test.each(models.map((model) => [model.label, model] as const))('of %s is that of the node', (label, model) => {
		const provider = providers.find(({ name }) => name === model.provider)?.label;
		const name = `**${label}** at ${provider}, \`${model.id}\``;
		const row = rowsUnder('Which provider and model').find(([first]) => first === name);
		expect(row?.slice(2)).toEqual([price(model, 5), price(model, 10)]);
	});

	test('stands there for every model and no other', () => {
		expect(rowsUnder('Which provider and model')).toHaveLength(models.length);
	});
});

const MESSAGE_GROUPS = [
	'Keys',
	'Fields',
	'Pictures and links',
	'Limits of a run',
	'While submitting',
	'While waiting and downloading',
];

test('every message under Troubleshooting is one that the node gives', () => {
	const source = [...filesBelow('nodes'), ...filesBelow('credentials')].map(read).join('\n');
	const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
	// A message stands on one line of the source, with something put in at each "…".
	const isGiven = (message: string) => new RegExp(message.split('…').map(escaped).join('.*')).test(source);
	const rows = rowsUnder(...MESSAGE_GROUPS);
	const messages = rows.map(([message]) => plain(message));
	expect(messages.length).toBeGreaterThan(40);
	expect(messages.filter((message) => !isGiven(message))).toEqual([]);
});

test('how often it asks for the status is what the poller does', () => {
	const source = read('nodes/core/calls/poll.ts');
	const numberOf = (name: string): number => {
		const [, number = '', divisor = '1'] = new RegExp(`const ${name} = ([\\d_.]+)(?: / (\\d+))?;`).exec(source) ?? [];
		return Number(number.replaceAll('_', '')) / Number(divisor);
	};
	const [shortest, longest] = [numberOf('SHORTEST_PAUSE_MS') / 1000, numberOf('LONGEST_PAUSE_MS') / 60_000];
	expect([numberOf('PAUSE_PER_AGE'), longest]).toEqual([0.01, 1]);
	const sentence = `a hundredth of the time that the job has been running: at least ${shortest} seconds, at most a minute, give or take ${numberOf('PAUSE_JITTER') * 100} %`;
	expect(readme.text.replace(/\s+/g, ' ')).toContain(sentence);
	const decision = `its age ÷ ${1 / numberOf('PAUSE_PER_AGE')}, at least ${shortest} s and at most ${longest * 60} s, ± ${numberOf('PAUSE_JITTER') * 100} %`;
	expect(readDocument('docs/decisions/02-one-poller.md').text.replace(/\s+/g, ' ')).toContain(decision);
});

test('it was checked on the n8n versions that the end-to-end tests run', () => {
	const versions = [...read('scripts/hosts.mjs').matchAll(/^\t'(\d+\.\d+\.\d+)'/gm)].map(([, version]) => version);
	expect(versions).toHaveLength(2);
	for (const version of versions) expect(readme.text).toContain(`n8n ${version} with Node.js`);
});

test('the newest version of the changelog is that of the package', () => {
	const { version }: { version: string } = JSON.parse(read('package.json'));
	const [newest] = [...read('CHANGELOG.md').matchAll(/^## \[(\d[^\]]*)\]/gm)].map(([, name]) => name);
	expect(newest).toBe(version);
});
