import { startServer } from './server';
import type { EmulatedJob, EmulatorOptions, Keys, RecordedRequest, Rule, Script, WebhookDelivery } from './types';

export type * from './types';

/** Both APIs, running on this machine. */
export interface Emulator {
	/** `http://127.0.0.1:<port>` */
	readonly url: string;
	/** The `baseUrl` of each credential. */
	readonly coreTodayUrl: string;
	readonly runpodUrl: string;
	/** A picture that both APIs take. */
	readonly imageUrl: string;
	readonly keys: Keys;
	/** Every accepted, which is to say paid, job in order. */
	jobs(): readonly EmulatedJob[];
	/** Everything that was received, refused requests too. */
	requests(): readonly RecordedRequest[];
	/** Every try to deliver a webhook. */
	deliveries(): readonly WebhookDelivery[];
	misbehave(rule: Rule): void;
	script(script: Script): void;
	/** As after the start: no jobs, no rules, and its time begins again. */
	reset(): void;
	stop(): Promise<void>;
}

/** Starts both APIs as one HTTP server on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	return await startServer(options);
}
