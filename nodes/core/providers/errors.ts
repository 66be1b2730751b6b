/**
 * An API answered something that no document describes: no job id, no status, no JSON, a redirect, a server fault.
 * `message` says what came, for people, with no secret in it.
 */
export class UnexpectedReplyError extends Error {
	readonly name = 'UnexpectedReplyError';

	constructor(
		message: string,
		readonly httpStatus: number,
	) {
		super(message);
	}
}
