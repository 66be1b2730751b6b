import pLimit from 'p-limit';
import { refusal } from '../../core/failure';
import type { Problem } from '../../core/fields';
import { itemsText } from '../../core/items';
import { endedLinkProblem } from '../../core/linkEnds';
import { judgeLink, type LinkVerdict } from '../../core/media/linkedPicture';
import type { Link } from '../../core/providers/provider';
import { lookAtLink } from '../../host/linkCheck';
import { refusedRun } from '../run/errors';
import { noteInvalid, type InvalidItem, type Items } from '../run/items';
import type { Run } from '../run/run';
import { refuseNew, type GenerateItem, type PreparedRequest } from './check';

const LOOKS_AT_ONCE = 8;
const LOOK_MS = 10_000;
/** Links that were not looked at by then go to the provider as they are. */
const ALL_LOOKS_MS = 60_000;

/** A look would use the file up: these services delete it after one download, or can be told to. */
const DELETES_AFTER_DOWNLOAD = /(^|\.)(file\.io|bashupload\.com|transfer\.sh|oshi\.at|temp\.sh|keep\.sh|ki\.tc)$/;

/**
 * Judges the links of the items that are to be submitted anew: by the time that a signed link names and, where Check Picture
 * Links is on, by what their servers answer. An item whose job exists is never refused for its links. Gives what is left
 * to do, as `checkItems` does; with On Error "Stop" nothing new is submitted if one of the links is bad.
 */
export async function checkLinks(run: Run, items: Items<GenerateItem>): Promise<Items<GenerateItem>> {
	const fresh = items.toDo.filter(({ known }) => known.kind === 'maySubmit');
	const verdictOf = lookAtAll(run, fresh);
	const checked = await Promise.all(
		fresh.map(async (item): Promise<InvalidItem> => {
			const { itemIndex } = item;
			const looked = item.looksAtLinks ? await Promise.all(picturesOf(item).map(verdictOf)) : [];
			return { itemIndex, problems: [...endedProblems(run, item), ...looked.flat()] };
		}),
	);
	const invalid = checked.filter(({ problems }) => problems.length > 0);
	return invalid.length === 0 ? items : refuse(run, items, invalid);
}

/** The signed links of an item whose time is over: known without a look, and again right before the submit. */
export function endedProblems({ clock }: Run, item: GenerateItem): Problem[] {
	const problems = linksOf(item).map((link) => ({
		field: link.label,
		message: endedLinkProblem(link, clock.now()),
	}));
	return problems.flatMap(({ field, message }) => (message === undefined ? [] : [{ field, message }]));
}

/** An item's links, each once, though it may go to two providers. */
function linksOf({ first, second }: GenerateItem): Array<Link & { readonly mayBeLocal: boolean }> {
	const requests = [first, second].filter((request): request is PreparedRequest => request !== undefined);
	const links = requests.flatMap(({ api, request }) =>
		request.links.map((link) => ({ ...link, mayBeLocal: api.isLocal })),
	);
	return links.filter(({ url, label }, at) => links.findIndex((one) => one.url === url && one.label === label) === at);
}

const picturesOf = (item: GenerateItem) => linksOf(item).filter(({ holds }) => holds === 'picture');

type PictureLink = ReturnType<typeof linksOf>[number];

/** Gives the problem of each link, however many items have it: it is opened once. */
function lookAtAll(run: Run, fresh: readonly GenerateItem[]): (link: PictureLink) => Promise<Problem[]> {
	const limit = pLimit(LOOKS_AT_ONCE);
	const endMs = run.clock.now() + ALL_LOOKS_MS;
	const verdicts = new Map<string, Promise<LinkVerdict>>();
	// All looks are begun before the first is awaited.
	for (const link of fresh.filter(({ looksAtLinks }) => looksAtLinks).flatMap(picturesOf)) {
		if (!verdicts.has(link.url))
			verdicts.set(
				link.url,
				limit(async () => await look(run, link, endMs)),
			);
	}
	return async ({ url, label }) => {
		const verdict = await verdicts.get(url);
		if (verdict?.kind !== 'refused') return [];
		const { hostname } = new URL(url);
		const hint = `(n8n asked the server ${hostname}. To send the link anyway, add the option Check Picture Links and turn it off.)`;
		return [{ field: label, message: `${verdict.problem} ${hint}` }];
	};
}

/** Looks at one link; a server that refuses n8n is asked once more as a browser asks. */
async function look(run: Run, link: PictureLink, endMs: number): Promise<LinkVerdict> {
	const { context } = run;
	const { hostname } = new URL(link.url);
	const verdict = DELETES_AFTER_DOWNLOAD.test(hostname)
		? ({ kind: 'unknown', reason: 'it may delete the file after one download' } as const)
		: await ask(run, link, endMs, false);
	const settled = verdict.kind === 'askAsBrowser' ? await ask(run, link, endMs, true) : verdict;
	if (settled.kind === 'unknown') {
		const line = `${link.label}: the picture on ${hostname} could not be checked (${settled.reason}); it is sent as it is`;
		context.logger.info(line);
	}
	return settled;
}

async function ask(
	{ context, clock, stop }: Run,
	{ url, mayBeLocal }: PictureLink,
	endMs: number,
	asBrowser: boolean,
): Promise<LinkVerdict> {
	const timeoutMs = Math.min(LOOK_MS, endMs - clock.now());
	if (stop.requested || timeoutMs <= 0) return { kind: 'unknown', reason: 'there was no time left' };
	const answer = await lookAtLink(context, { url, mayBeLocal, asBrowser, timeoutMs }, clock, stop);
	return 'reason' in answer ? { kind: 'unknown', reason: answer.reason } : judgeLink(answer, asBrowser);
}

/** With On Error "Stop" one bad link keeps the whole run from submitting anything new. */
function refuse(run: Run, items: Items<GenerateItem>, invalid: readonly InvalidItem[]): Items<GenerateItem> {
	if (run.context.continueOnFail()) return noteInvalid(run, items, invalid);
	const wrong = itemsText(invalid.map(({ itemIndex }) => itemIndex));
	const problem = refusal(`A link does not work (${wrong})`, 'invalid_input', true);
	return noteInvalid(run, refuseNew(run, items, problem, refusedRun(run, invalid)), invalid);
}
