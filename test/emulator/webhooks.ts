import { Agent, request as httpRequest } from 'undici';
import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject, JsonValue } from '../../nodes/core/json';
import { elapsedMs, type Emulation } from './emulation';
import { habits } from './habits';
import { endMs, phaseAt, type Job } from './jobs';

const BETWEEN_TRIES_MS = 10_000;
const TIMEOUT_MS = 10_000;

/** What the provider would say of the job now. */
export type JobBody = (emulation: Emulation, job: Job) => JsonObject;

/** Tells each job's webhook of its end, in the background, by the emulator's clock. */
export class Webhooks {
	private readonly agent = new Agent({ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
	private stopped = false;

	constructor(
		private readonly emulation: () => Emulation,
		private readonly bodies: Readonly<Record<ProviderName, JobBody>>,
	) {}

	/** Watches for the job's end as it is known now; to be called again when a cancel brings the end forward. */
	readonly follow = (job: Job): void => {
		const { webhookUrl, cancelledAtMs, script } = job;
		if (webhookUrl === undefined) return;
		if (Number.isFinite(endMs(job))) void this.tellAtEnd(job, webhookUrl);
		if (script.earlyWebhookMs !== undefined && cancelledAtMs === undefined) {
			void this.tellEarly(job, webhookUrl, script.earlyWebhookMs);
		}
	};

	async stop(): Promise<void> {
		this.stopped = true;
		await this.agent.destroy();
	}

	private async tellAtEnd(job: Job, url: string): Promise<void> {
		const { clock, rules } = this.emulation();
		const expectedEndMs = endMs(job);
		// A timer may fire a millisecond early, when the job has not ended yet.
		while (clock.now() < expectedEndMs) await clock.sleep(expectedEndMs - clock.now());
		// Cancelled meanwhile (then another watch tells of it), or forgotten by a reset.
		if (endMs(job) !== expectedEndMs || !this.knows(job) || !this.wants(job)) return;
		const atMs = elapsedMs(this.emulation());
		const rule = rules.take({ provider: job.provider, call: 'webhook', jobNumber: job.number, atMs }) ?? {};
		if (rule.delayMs !== undefined) await clock.sleep(rule.delayMs);
		const { drop = false, times = 1, body } = rule.webhook ?? {};
		if (drop) return;
		const truth = this.bodies[job.provider](this.emulation(), job);
		await Promise.all(Array.from({ length: times }, async () => await this.deliver(job, url, body ?? truth)));
	}

	private async tellEarly(job: Job, url: string, afterMs: number): Promise<void> {
		await this.emulation().clock.sleep(afterMs);
		await this.deliver(job, url, this.bodies[job.provider](this.emulation(), job));
	}

	/** Not after a reset. */
	private knows(job: Job): boolean {
		return this.emulation().jobs.find(job.id) === job;
	}

	private wants(job: Job): boolean {
		const phase = phaseAt(job, this.emulation().clock.now());
		return habits[job.provider].tells(phase, job.webhookEvents);
	}

	private async deliver(job: Job, url: string, body: JsonValue): Promise<void> {
		for (let attempt = 1; attempt <= habits[job.provider].webhookTries && !this.stopped; attempt += 1) {
			if (attempt > 1) await this.emulation().clock.sleep(BETWEEN_TRIES_MS);
			if (this.stopped || !this.knows(job)) return;
			const atMs = this.emulation().clock.now();
			const status = await this.post(url, body);
			const answered = status === undefined ? {} : { status };
			this.emulation().deliveries.push({ atMs, jobId: job.id, url, attempt, body, ...answered });
			if (status === 200) return;
		}
	}

	private async post(url: string, body: JsonValue): Promise<number | undefined> {
		try {
			const reply = await httpRequest(url, {
				dispatcher: this.agent,
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(body),
			});
			await reply.body.dump();
			return reply.statusCode;
		} catch {
			return undefined;
		}
	}
}
