import { itemsOf } from '../harness/index';
import { thrown } from '../results';
import { createStage, type Stage } from '../stage';

let stage: Stage;
beforeAll(async () => (stage = await createStage()));
afterEach(() => stage.reset());
afterAll(async () => await stage.close());

const fromItem = { prompt: '={{ $json.prompt }}', duration: '={{ $json.seconds }}' };

test('a problem that many items have is one line, and the data of the error names it for each', async () => {
	const rows = itemsOf(...Array.from({ length: 14 }, () => ({ prompt: '', seconds: 5 })));
	const execution = await stage.run(fromItem, rows);
	expect(thrown(execution)).toMatchObject({
		message: '14 of 14 items have wrong or missing values. Nothing was sent.',
		description: '1st–14th items: Prompt is empty. Fill it in.',
	});
	expect(execution.error()?.context.data).toEqual({
		items: rows.map((_, item) => ({ item, problems: ['Prompt is empty. Fill it in.'] })),
	});
});

test('one wrong item of several is named in the message, which alone stands in the pop-up', async () => {
	const rows = itemsOf({ prompt: 'good', seconds: 5 }, { prompt: '', seconds: 5 });
	expect(thrown(await stage.run(fromItem, rows))).toMatchObject({
		message: '2nd item: Prompt is empty. Fill it in.',
		description: 'Nothing was sent.',
	});
	const [, wrong] = rows;
	const alone = thrown(await stage.run(fromItem, wrong === undefined ? [] : [wrong]));
	expect(alone.message).toBe('Prompt is empty. Fill it in.');
});

test('what is wrong with no item in particular is the message itself', async () => {
	const rows = itemsOf({ prompt: 'good', seconds: 5 }, { prompt: 'good', seconds: 10 });
	const flow = stage.workflow({ ...fromItem, provider: 'runpod' }, { credentials: [] });
	expect(thrown(await stage.engine.run(flow, { items: rows }))).toMatchObject({
		message: 'No Runpod credential is selected. Choose one at the top of the node.',
		description: 'Nothing was sent.',
	});
});

test('a key that is refused for all items is named once, with what to do and without a word on retries', async () => {
	const rows = itemsOf({ prompt: 'good', seconds: 5 }, { prompt: 'good', seconds: 10 });
	stage.emulator.misbehave({
		when: { call: 'submit' },
		do: { reply: { status: 401, body: { detail: 'Invalid API key' } } },
	});
	expect(thrown(await stage.run({ ...fromItem, provider: 'coreToday' }, rows))).toMatchObject({
		message: '2 of 2 videos were not made and are not charged (1st and 2nd items).',
		description:
			"1st and 2nd items: Core.Today: Invalid API key<br>\n1st and 2nd items: Open this node's Core.Today credential and check that the API key is complete, valid and allowed to use this model.",
	});
});

test('what does not fit on a screen is left to the data of the error', async () => {
	const rows = itemsOf(...Array.from({ length: 20 }, (_, index) => ({ prompt: 'good', seconds: 20 + index })));
	const execution = await stage.run(fromItem, rows);
	const lines = thrown(execution).description.split('<br>\n');
	expect(lines).toHaveLength(12);
	expect(lines[0]).toBe('1st item: Duration has to be 5 or 10, but is 20.');
	expect(lines[11]).toBe('… and 9 more lines: see Error details for all items.');
	expect(execution.error()?.context.data).toEqual({
		items: rows.map((_, item) => ({ item, problems: [`Duration has to be 5 or 10, but is ${20 + item}.`] })),
	});
});

test('what an error quotes is shown as it is: n8n reads a description as HTML', async () => {
	const rows = itemsOf({ prompt: 'good', seconds: '<b>`ten`</b>' }, { prompt: '', seconds: 5 });
	const { description } = thrown(await stage.run(fromItem, rows));
	expect(description.split('<br>\n')).toEqual([
		'1st item: Duration has to be 5 or 10, but is "bten/b".',
		'2nd item: Prompt is empty. Fill it in.',
	]);
});
