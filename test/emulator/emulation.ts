import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../nodes/core/clock';
import type { ProviderName } from '../../nodes/core/job';
import { present, type JsonObject } from '../../nodes/core/json';
import type { Job, JobBook } from './jobs';
import type { RuleBook } from './rules';
import type {
	CallName,
	EmulatorOptions,
	JobScript,
	Keys,
	Misbehaviour,
	RecordedRequest,
	WebhookDelivery,
} from './types';

/** A picture that was sent to the emulator. */
export interface UploadedPicture {
	readonly bytes: Buffer;
	readonly contentType: string;
}

/** An upload that was announced and may be used once. */
export interface AnnouncedUpload {
	readonly fields: Readonly<Record<string, string>>;
	readonly objectKey: string;
}

/** Everything one running emulator knows. */
export interface Emulation {
	readonly clock: Clock;
	readonly options: EmulatorOptions;
	readonly keys: Keys;
	readonly jobs: JobBook;
	readonly rules: RuleBook<Misbehaviour>;
	readonly scripts: RuleBook<JobScript>;
	readonly requests: RecordedRequest[];
	readonly deliveries: WebhookDelivery[];
	readonly announcedUploads: Map<string, AnnouncedUpload>;
	/** By path, e.g. `/uploaded/folder/name.png`. */
	readonly uploaded: Map<string, UploadedPicture>;
	/** Tells the webhooks that a job has a new end to watch for. */
	readonly follow: (job: Job) => void;
	/** Runpod endpoints that are gone. */
	readonly retired: Set<string>;
	/** How long every clip is taken to be whose job's script says nothing of it. */
	clipSeconds: number;
	startedAtMs: number;
	submitCount: number;
	/** `http://127.0.0.1:<port>`, once it listens. */
	origin: string;
}

declare module 'fastify' {
	interface FastifyContextConfig {
		call?: CallName;
		provider?: ProviderName;
	}
	interface FastifyRequest {
		/** What the emulator notes of this request; set before any other hook runs. */
		exchange: { readonly record: RecordedRequest; readonly jobNumber?: number; misbehaviour: Misbehaviour };
	}
}

/** Milliseconds since the emulator started or was reset. */
export function elapsedMs({ clock, startedAtMs }: Emulation): number {
	return clock.now() - startedAtMs;
}

/** The script for the job that this submit is about to create. */
export function takeScript(emulation: Emulation, request: FastifyRequest): JobScript {
	const { record, jobNumber } = request.exchange;
	const { provider, call } = record;
	const occasion = present({ provider, call, jobNumber, atMs: elapsedMs(emulation) });
	return emulation.scripts.take(occasion) ?? {};
}

/** What a status reply or a callback repeats of the submit. */
export function repeatedInput({ options }: Emulation, { script, input }: Job): JsonObject {
	return (script.repeatsInput ?? options.repeatsInput) === true ? { input } : {};
}
