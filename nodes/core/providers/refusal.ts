import { classifyFailure, errorText, refusal } from '../failure';
import type { Reply } from '../calls/http';
import type { Failure } from '../job';
import { refusalText, unexpectedReply } from './replyText';

/**
 * The clear refusal that an HTTP status is, at either API; undefined for 404, which each reads itself, and for a 2xx.
 * 3xx, 408, 425 and 5xx say nothing clear and throw `UnexpectedReplyError`.
 */
export function refusalOf(reply: Reply, label: string): Failure | undefined {
	const { status } = reply;
	const text = refusalText(reply, label);
	if (status === 401 || status === 403) return refusal(text, 'unauthorized', false);
	if (status === 402) return refusal(text, 'insufficient_credit', true);
	if (status === 429) return refusal(text, 'rate_limited', true);
	if (status < 300 || status === 404) return undefined;
	if (status < 400 || status >= 500 || status === 408 || status === 425) throw unexpectedReply(reply, label);
	const { code, retryable } = classifyFailure(errorText(reply.body));
	return code === 'provider_error' ? refusal(text, 'invalid_input', false) : refusal(text, code, retryable);
}
