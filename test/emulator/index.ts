import type { PictureHostName } from './pictureHosts';
import { startServer } from './server';
import type {
	EmulatedJob,
	EmulatorOptions,
	Keys,
	RecordedRequest,
	Rule,
	Script,
	Strike,
	WebhookDelivery,
} from './types';

export type { PictureHostName } from './pictureHosts';
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
	/** A clip that the models with a `video` take. */
	readonly clipUrl: string;
	readonly keys: Keys;
	/** Where a picture is that a look at its link has to judge; see `PICTURE_HOSTS`. */
	pictureUrl(name: PictureHostName): string;
	/** Every accepted, which is to say paid, job in order. */
	jobs(): readonly EmulatedJob[];
	/** Everything that was received, refused requests too. */
	requests(): readonly RecordedRequest[];
	/** Every try to deliver a webhook. */
	deliveries(): readonly WebhookDelivery[];
	/** Every time a rule applied, and after these every time a script did. */
	strikes(): readonly Strike[];
	misbehave(rule: Rule): void;
	/** From now on Runpod answers that this endpoint is not found, whatever is asked of it. */
	retire(endpointId: string): void;
	/** From now on every clip is taken to be this long. */
	clipLength(seconds: number): void;
	script(script: Script): void;
	/** As after the start: no jobs, no rules, nothing retired but what the options say, and its time begins again. */
	reset(): void;
	stop(): Promise<void>;
}

/** Starts both APIs as one HTTP server on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	return await startServer(options);
}
