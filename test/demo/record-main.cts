// npm run record: one paid job at the real API, whose replies become fixtures.
import { providers } from '../../nodes/core/providers';
import { models } from '../../nodes/core/models';
import { argv, askUser, parseArgs } from '../support/node.cts';
import { credentialOf } from '../support/credentials';
import { keyNameOf, keyOf, modelById, requestOf } from './models.ts';
import { record } from './record.ts';

const PAUSE_MS = 5_000;
const say = (line: string): void => console.log(line);

async function main(): Promise<number> {
	const {
		model: id = '',
		image,
		video,
		prompt,
		yes,
	} = parseArgs({
		args: argv,
		options: {
			model: { type: 'string' },
			image: { type: 'string' },
			video: { type: 'string' },
			prompt: { type: 'string' },
			yes: { type: 'boolean' },
		},
	}).values;
	const model = modelById(id);
	if (model === undefined) {
		say(`--model has to be ${models.map((each) => each.id).join(' or ')}.`);
		return 2;
	}
	const apiKey = keyOf(model);
	if (apiKey === undefined) {
		say(`Put your key into the environment as ${keyNameOf(model.provider)}.`);
		return 2;
	}
	const request = requestOf(model, { image, video, prompt });
	if (typeof request === 'string') {
		say(`${request}\nGive --image and --video as public links where the model needs them.`);
		return 2;
	}
	const credential = providers.find(({ name }) => name === model.provider)?.credential;
	const baseUrl = credential && credentialOf(credential).properties.find(({ name }) => name === 'baseUrl')?.default;
	const agrees = async (): Promise<boolean> =>
		yes === true || /^y(es)?$/i.test((await askUser('Go on? [y/N] ')).trim());
	return await record({ model, request, apiKey, baseUrl: String(baseUrl), pauseMs: PAUSE_MS, say, agrees });
}

void main()
	.catch((error: unknown) => {
		// Without its request, which has the key in it.
		say(`✗ ${error instanceof Error ? error.message : String(error)}`);
		return 1;
	})
	.then((exitCode) => process.exit(exitCode));
