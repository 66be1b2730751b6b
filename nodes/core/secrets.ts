import { PUT_CLIP_ELSEWHERE, type Held } from './linkPages';

/** Telegram's links have the bot's token in them: at its own host, at any Bot API server, inside a converter's link. */
const BOT_TOKEN = /\/bot\d+:[\w-]{30,}/i;
/** A percent-encoded character of ASCII. A link inside a link may have its percent signs encoded, too, again and again. */
const PERCENT_ENCODED = /%(?:25)*([0-7][0-9a-f])/gi;

/** Whether a text, a link or any other, has the token of a Telegram bot in it. */
export function hasBotToken(text: string): boolean {
	return BOT_TOKEN.test(text.replace(PERCENT_ENCODED, (_all, code) => String.fromCharCode(parseInt(code, 16))));
}

/** What is wrong with a text that is to go to a provider and has a secret in it; undefined if none is seen. */
export function secretProblem(text: string, holds: Held = 'picture'): string | undefined {
	if (!hasBotToken(text)) return undefined;
	const byNode = "Let n8n's Telegram node download the file, and give it as Binary.";
	const advice = holds === 'video' ? PUT_CLIP_ELSEWHERE : byNode;
	return `has the token of your Telegram bot in it, which the provider would see. ${advice}`;
}
