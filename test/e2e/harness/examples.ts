import { asObject } from '../../../nodes/core/json';
import { credentialNames } from '../../support/apis';
import type { CredentialReference } from './host.cts';
import type { WorkflowDefinition } from './workflow.ts';
import { join, readFileSync, readdirSync, repositoryFolder } from '../../support/node.cts';

const folder = join(repositoryFolder, 'examples');

/** The example workflows' names: their files without `.json`. */
export const exampleNames = readdirSync(folder)
	.filter((file) => file.endsWith('.json'))
	.map((file) => file.replace(/\.json$/, ''));

/** What a user fills in: credentials by type, the Settings node's values by name, and the link of a picture. */
export interface Surroundings {
	readonly credentials: Readonly<Record<string, CredentialReference>>;
	readonly settings?: Readonly<Record<string, string | number>>;
	readonly pictureUrl: string;
}

const CREDENTIALS_OF_N8N: Readonly<Record<string, string>> = {
	'@n8n/n8n-nodes-langchain.lmChatOpenAi': 'openAiApi',
	'n8n-nodes-base.telegram': 'telegramApi',
	'n8n-nodes-base.telegramTrigger': 'telegramApi',
};

/** The credential types that a node in an example has. */
function credentialTypesOf({ type, parameters }: WorkflowDefinition['nodes'][number]): readonly string[] {
	if (type.startsWith('n8n-nodes-kling-video.')) return credentialNames;
	if (typeof parameters.genericAuthType === 'string') return [parameters.genericAuthType];
	const ofN8n = CREDENTIALS_OF_N8N[type];
	return ofN8n === undefined ? [] : [ofN8n];
}

function fillIn(
	parameters: WorkflowDefinition['nodes'][number]['parameters'],
	settings: Readonly<Record<string, string | number>>,
): void {
	const { assignments } = asObject(parameters.assignments) ?? {};
	for (const assignment of Array.isArray(assignments) ? assignments : []) {
		const value = settings[String(asObject(assignment)?.name)];
		if (value !== undefined) Object.assign(assignment, { value });
	}
}

/** An example as a user has it after choosing credentials and filling in its settings; nothing else is changed. */
export function readExample(
	name: string,
	{ credentials, settings = {}, pictureUrl }: Surroundings,
): WorkflowDefinition {
	const text = readFileSync(join(folder, `${name}.json`), 'utf8').replace(
		/https:\/\/example\.com\/\w+\.png/g,
		pictureUrl,
	);
	const definition: WorkflowDefinition = JSON.parse(text);
	for (const node of definition.nodes) {
		if (node.name === 'Settings') fillIn(node.parameters, settings);
		const chosen = Object.entries(credentials).filter(([type]) => credentialTypesOf(node).includes(type));
		if (chosen.length > 0) node.credentials = Object.fromEntries(chosen);
	}
	return definition;
}
