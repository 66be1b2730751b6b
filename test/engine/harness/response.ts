/** What a webhook's caller gets. */
export interface WebhookResponse {
	readonly status: number;
	readonly body: unknown;
	readonly headers: Readonly<Record<string, string>>;
}

/** The part of Express' response that nodes use, kept instead of sent. The first answer counts, as on a socket. */
export class RecordedResponse {
	statusCode = 200;
	headersSent = false;
	/** Settles with the first answer. */
	readonly sent: Promise<WebhookResponse>;
	private readonly headers: Record<string, string> = {};
	private settle: (response: WebhookResponse) => void = () => undefined;
	private fail: (reason: Error) => void = () => undefined;

	constructor() {
		this.sent = new Promise((resolve, reject) => {
			this.settle = resolve;
			this.fail = reject;
		});
		// Whoever awaits it still gets the rejection; a call that nobody awaits must not end the process.
		this.sent.catch(() => undefined);
	}

	status(code: number): this {
		this.statusCode = code;
		return this;
	}

	setHeader(name: string, value: string): this {
		this.headers[name.toLowerCase()] = value;
		return this;
	}

	set(name: string, value: string): this {
		return this.setHeader(name, value);
	}

	header(name: string, value: string): this {
		return this.setHeader(name, value);
	}

	writeHead(code: number): this {
		return this.status(code);
	}

	json(body: unknown): this {
		return this.end(body);
	}

	send(body?: unknown): this {
		return this.end(body);
	}

	sendStatus(code: number): this {
		return this.status(code).end();
	}

	end(body?: unknown): this {
		this.headersSent = true;
		this.settle({ status: this.statusCode, body, headers: this.headers });
		return this;
	}

	/** n8n's own answer: it has none left to give if the node has answered. */
	answer(code: number, body: unknown): void {
		if (!this.headersSent) this.status(code).end(body);
	}

	/** The call is over; whoever waits for an answer that nobody gave is told. */
	close(): void {
		this.fail(new Error('Neither the node nor n8n answered this webhook call'));
	}
}
