import type { Misbehaviour } from '../emulator/index';

/** An API that refuses a call with this HTTP status, in words that stand where both APIs have them. */
export function refusing(status: number, text = 'no'): Misbehaviour {
	return { reply: { status, body: { error: text, detail: text } } };
}

/** The refusal of an account that is empty. */
export const NO_CREDIT = refusing(402, 'no credit');
