import { randomUUID } from 'node:crypto';
import { at } from '../../support/defined';

/** n8n refused a REST call. */
export class RestError extends Error {
	constructor(
		readonly httpStatus: number,
		call: string,
		body: string,
	) {
		super(`${call} was answered with ${httpStatus}: ${body.slice(0, 1000)}`);
	}
}

/** The account every server is set up with. Good for a throw-away n8n on this machine's loopback only. */
export const owner = { email: 'owner@example.com', firstName: 'Ada', lastName: 'Owner', password: 'Loopback-0nly' };

/** What the editor's browser is to n8n: a cookie and a browser id. */
export class Session {
	private cookie = '';
	private readonly browserId = randomUUID();

	constructor(private readonly url: string) {}

	/** Makes the first user of a new n8n, and with that logs in. */
	async setUpOwner(): Promise<void> {
		await this.rest('POST', '/owner/setup', owner);
	}

	/** Gets a page or file below n8n's URL; the reply as it is. */
	async get(path: string): Promise<Response> {
		return await this.send('GET', path);
	}

	private async send(method: string, path: string, body?: unknown): Promise<Response> {
		const reply = await fetch(`${this.url}${path}`, {
			method,
			headers: {
				// n8n closes idle connections, and a call into one that is just being closed fails.
				connection: 'close',
				'browser-id': this.browserId,
				...(this.cookie && { cookie: this.cookie }),
				...(body !== undefined && { 'content-type': 'application/json' }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const given = reply.headers.getSetCookie().find((cookie) => cookie.startsWith('n8n-auth='));
		if (given) this.cookie = at(given.split(';', 1), 0);
		return reply;
	}

	/** Calls n8n's REST API as the editor does. Returns the `data` of the reply; throws RestError on any but 2xx. */
	async rest<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
		const reply = await this.send(method, `/rest${path}`, body);
		const text = await reply.text();
		if (!reply.ok) throw new RestError(reply.status, `${method} /rest${path}`, text);
		const parsed = text === '' ? {} : JSON.parse(text);
		// The caller names the shape: this is n8n's private API, which has no published types.
		return parsed.data as T;
	}
}
