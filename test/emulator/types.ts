import type { Clock } from '../../nodes/core/clock';
import type { ProviderName } from '../../nodes/core/job';
import type { JsonObject, JsonValue } from '../../nodes/core/json';

/** What a request to the emulator is for; `webhook` is the one the emulator itself sends. */
export type CallName =
	| 'submit'
	| 'runsync'
	| 'status'
	| 'cancel'
	| 'health'
	| 'templates'
	| 'uploadUrl'
	| 'uploadForm'
	| 'uploadAndCreate'
	| 'video'
	| 'image'
	| 'clip'
	| 'webhook';

/**
 * Which requests a rule or script applies to; every given key has to fit. A rule counts the requests that reach it:
 * the first rule that applies to a request takes it, and later rules never see that request.
 */
export interface When {
	readonly provider?: ProviderName;
	readonly call?: CallName | readonly CallName[];
	/** 1-based. For calls about a job its number in accepted order; for submits the number of the submit, refused ones counted. */
	readonly jobNumber?: number;
	/** Lets this many fitting requests pass first. */
	readonly skip?: number;
	/** Of the fitting requests after `skip`, only every nth. */
	readonly everyNth?: number;
	/** Ends the rule after it applied this often. */
	readonly first?: number;
	/** Milliseconds since the emulator started (or was reset), by its clock. */
	readonly fromMs?: number;
	readonly untilMs?: number;
	/** 0 to 1, drawn from a generator of this rule's own, seeded with `seed` (default 1). */
	readonly probability?: number;
	readonly seed?: number;
}

/** How a webhook is delivered instead of once, at once and truly. Only for `call: 'webhook'`. */
export interface WebhookMisbehaviour {
	readonly drop?: boolean;
	/** Sent in parallel, this often. */
	readonly times?: number;
	/** Sent instead of the job. */
	readonly body?: JsonValue;
}

/** What goes wrong. Keys may be combined where that makes sense, e.g. `delayMs` with `reply`. */
export interface Misbehaviour {
	/** By the emulator's clock, before anything is handled. */
	readonly delayMs?: number;
	/** Sent instead of handling the request: no job is created. */
	readonly reply?: {
		readonly status: number;
		readonly headers?: Readonly<Record<string, string>>;
		/** Text is sent as it is, anything else as JSON. */
		readonly body?: JsonValue;
		readonly contentType?: string;
	};
	/** Sent instead of handling the request. */
	readonly redirect?: { readonly to: string; readonly status?: 301 | 302 | 303 | 307 | 308 };
	/** `before` the request is handled; `after` it (a job was created) but before any reply; `during` the reply. */
	readonly cut?: 'before' | 'during' | 'after';
	/** Where `cut: 'during'` cuts the body; default half of it. */
	readonly cutAtByte?: number;
	/** Never answers, the connection stays open; `after`: handled first (a job was created). */
	readonly hang?: 'before' | 'after';
	readonly slow?: { readonly bytesPerSecond: number };
	/** The reply's body goes on for ever. */
	readonly endless?: boolean;
	/** The true reply after this many bytes of white space. */
	readonly oversized?: { readonly bytes: number };
	/** Half of the reply's body, as if it were all. */
	readonly truncated?: boolean;
	readonly webhook?: WebhookMisbehaviour;
}

export interface Rule {
	readonly when?: When;
	readonly do: Misbehaviour;
}

/** One time that a rule or a script applied. */
export interface Strike {
	readonly what: Misbehaviour | JobScript;
	/** Absent where it is known neither from the path nor from a job. */
	readonly provider?: ProviderName;
	readonly call?: CallName;
	/** As `When` has it. */
	readonly jobNumber?: number;
}

export type Ending = 'completed' | 'failed' | 'cancelled' | 'timedOut' | 'never';
/** Where a job is, in the emulator's own words. */
export type Phase = 'queued' | 'running' | Exclude<Ending, 'never'>;
export type Dialect = 'quickstart' | 'reference';
export type OutputShape =
	| 'video_url'
	| 'result'
	| 'url'
	| 'string'
	| 'array'
	| 'public_url'
	| 'none'
	/** Runpod: for ever `IN_PROGRESS`, with `output: {status: 'error', error}`. */
	| 'errorInOutput'
	/** Completed, with the job's `error` and without a link: in `output` at Runpod, beside `result: null` at Core.Today. */
	| 'completedWithError';

/** How a job goes. Times are milliseconds of the emulator's clock, counted from the submit unless said otherwise. */
export interface JobScript {
	readonly queueMs?: number;
	readonly runMs?: number;
	readonly endsAs?: Ending;
	/** The reply's `error` of a failed job, and of one that is completed with an error inside. */
	readonly error?: JsonValue;
	/** HTTP status under which a failed job is reported; default 200. */
	readonly errorHttpStatus?: number;
	/** Other words for the phases in `status`. */
	readonly statusWords?: Readonly<Partial<Record<Phase, string>>>;
	/** In the third quarter of its run the job says that it is queued again. */
	readonly backwards?: boolean;
	/** Its record is not found at first. */
	readonly invisibleMs?: number;
	/** Its record is not found from then on. */
	readonly vanishAfterMs?: number;
	readonly outputShape?: OutputShape;
	/** Core.Today's dialect for this job. */
	readonly dialect?: Dialect;
	/** The submit's reply names no id, yet the job exists and is paid for. */
	readonly withoutId?: boolean;
	/** Status replies and callbacks carry the whole input of the submit; default what the options say. */
	readonly repeatsInput?: boolean;
	readonly videoBytes?: number;
	/** The video's content type; default `video/mp4`. */
	readonly videoType?: string;
	/** The HTTP status of the whole video; default 200. */
	readonly videoStatus?: 200 | 203 | 206;
	/** The video's link answers 403 from this long after the job's end. */
	readonly videoExpiresMs?: number;
	/** What a cancel answers at Core.Today: 204 and nothing, or 200 and the job; default `empty`. */
	readonly cancelReply?: 'empty' | 'json';
	/** A cancel is answered as usual and changes nothing. */
	readonly ignoresCancel?: boolean;
	/** Its webhook is called this long after the submit too, whatever its state. */
	readonly earlyWebhookMs?: number;
	/** How long the emulator takes the job's clip to be, where the price goes by it; default what `clipLength` says. */
	readonly clipSeconds?: number;
	/** Added to `created_at`: the provider's clock is wrong. */
	readonly clockSkewMs?: number;
}

export interface Script {
	readonly when?: When;
	readonly job: JobScript;
}

export interface JobTimes {
	readonly queueMs: number;
	readonly runMs: number;
}

/** What a job costs by its model's document; a base price where no more is documented. */
export interface Price {
	readonly amount: number;
	readonly unit: 'USD' | 'credits';
}

/** A job that was accepted, which is to say paid for. */
export interface EmulatedJob extends JobTimes {
	/** 1-based, in accepted order. */
	readonly number: number;
	readonly provider: ProviderName;
	readonly id: string;
	/** Core.Today's model, Runpod's endpoint id. */
	readonly model: string;
	readonly input: JsonObject;
	readonly webhookUrl?: string;
	readonly acceptedAtMs: number;
	readonly endsAs: Ending;
	/** Absent where no document says what the model costs. */
	readonly price?: Price;
	readonly phase: Phase;
	readonly cancelledAtMs?: number;
	/** Absent while it has not ended. */
	readonly finishedAtMs?: number;
	readonly videoUrl: string;
	readonly videoBytes: number;
	/** Of the whole file at `videoUrl`, in hex. */
	readonly videoSha256: string;
}

export interface RecordedRequest {
	readonly atMs: number;
	readonly provider?: ProviderName;
	/** Absent for a path that does not exist. */
	readonly call?: CallName;
	readonly method: string;
	readonly path: string;
	readonly query: Readonly<Record<string, unknown>>;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	/** Parsed JSON; of a multipart form its text fields, and `{filename, bytes}` for each file. */
	body?: unknown;
	/** The job it is about, or the one it created. */
	jobId?: string;
	/** Absent where no answer was given. */
	answeredStatus?: number;
}

/** One try to deliver a webhook. */
export interface WebhookDelivery {
	readonly atMs: number;
	readonly jobId: string;
	readonly url: string;
	readonly attempt: number;
	readonly body: JsonValue;
	/** Absent where it could not be delivered. */
	readonly status?: number;
}

export interface Keys {
	readonly coreToday: string;
	readonly runpod: string;
}

/** What is known of a job when its times are chosen. */
export type NewJob = Pick<EmulatedJob, 'number' | 'provider' | 'model' | 'input'>;

export interface EmulatorOptions {
	/** Default: any free one. */
	readonly port?: number;
	/** Default: real time. */
	readonly clock?: Clock;
	readonly jobTimes?: JobTimes | ((job: NewJob) => JobTimes);
	readonly coreTodayDialect?: Dialect;
	/** The size of every video that its job's script does not set. */
	readonly videoBytes?: number;
	/** Whether status replies and callbacks carry the whole input of the submit; default false. */
	readonly repeatsInput?: boolean;
	/** How long every clip is taken to be that the emulator is given a link of; default 5. */
	readonly clipSeconds?: number;
	/** How long the link of an uploaded file works; default an hour, as in the documents' sample. */
	readonly uploadLinkSeconds?: number;
	/** Runpod endpoints that are gone from the start. */
	readonly retiredEndpoints?: readonly string[];
	/** More Core.Today models and Runpod endpoints, whose input is not validated. */
	readonly otherModels?: readonly string[];
	readonly otherEndpoints?: readonly string[];
	/** Whether Runpod's documented rate limits hold; default true. */
	readonly rateLimits?: boolean;
}
