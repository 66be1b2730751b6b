import type { FieldReader, Problem } from '../fields';
import type { VideoForm } from '../form';
import type { Call, Reply } from '../calls/http';
import type { Handle, Job, JobOrFailure, ProviderName } from '../job';
import type { JsonObject } from '../json';

/** A picture that is still bytes: it has to be delivered before the job can be submitted. */
export interface Picture {
	/** The key of the provider's input that takes it, e.g. `start_image`. */
	readonly inputKey: string;
	/** The input item's binary field that holds it. */
	readonly field: string;
	/** What the form calls it, e.g. "Start Image". */
	readonly label: string;
	/** The input key takes a list of links, in the order of the pictures. */
	readonly isInList?: true;
}

/** A picture or video that the provider opens by its link. */
export interface Link {
	readonly url: string;
	/** What the form calls it, e.g. "Start Image URL". */
	readonly label: string;
	/** `unknown`: nobody knows which files the model takes there. */
	readonly holds: 'picture' | 'video' | 'unknown';
}

/** A validated request for one video, in the provider's own words. */
export interface VideoRequest {
	readonly provider: ProviderName;
	/** Core.Today's model id, Runpod's endpoint id. */
	readonly model: string;
	/** Merged with `additionalInput` and validated as a whole; without the pictures still to be delivered. */
	readonly input: JsonObject;
	readonly pictures: readonly Picture[];
	/** The links that are in `input`. */
	readonly links: readonly Link[];
	readonly submitWith: 'run' | 'runsync';
	/** The video is to end with a given picture. */
	readonly hasEndImage: boolean;
}

export type ParsedRequest =
	| { readonly kind: 'request'; readonly request: VideoRequest }
	/** The pictures are to be checked all the same: everything is named at once. */
	| { readonly kind: 'problems'; readonly problems: readonly Problem[]; readonly pictures: readonly Picture[] };

export interface Moment {
	/** When the reply was read. */
	readonly nowMs: number;
	/** When this job was first asked for. Absent for a job that is not waited for. */
	readonly firstReadMs?: number;
}

/** When a submit was sent, and when its reply was read: `/runsync` may lie between. */
export interface SubmitMoment {
	readonly sentMs: number;
	readonly nowMs: number;
}

/** What a submit says beside the request. */
export interface SubmitExtras {
	readonly webhookUrl?: string;
	/** How long the answer may be held back, where the API does that. Absent: as long as the API holds it. */
	readonly patienceMs?: number;
}

/** Where an API lets a file be stored, and the link under which its models then find it. */
export interface UploadTarget {
	readonly url: string;
	readonly fields: Readonly<Record<string, string>>;
	readonly fileUrl: string;
}

export interface DataUriLimit {
	readonly characters: number;
	/** What they hold for: every picture by itself, or all of a request together. */
	readonly of: 'picture' | 'request';
	readonly reason: string;
}

/** How an API takes the bytes of a picture. */
export interface ImageDelivery {
	readonly auto: 'upload' | 'dataUri';
	/** The API's own file store, where it has one. Free; may be repeated. */
	readonly upload?: {
		call(file: { readonly fileName: string; readonly mimeType: string }): Call;
		/** Throws `UnexpectedReplyError` if the reply names no target. */
		read(reply: Reply): UploadTarget;
	};
	/** The most characters that pictures may have as data URIs, and why. */
	dataUriLimit(request: VideoRequest): DataUriLimit;
}

/**
 * One API: builds calls as data and reads replies. It never fetches, waits, or sees a secret.
 * The readers take any JSON: they return what they read or throw `UnexpectedReplyError`, nothing else.
 */
export interface Provider {
	readonly name: ProviderName;
	/** For people: "Core.Today". */
	readonly label: string;
	/** For the form's list of providers: what it makes and what that costs, from docs/providers.md. */
	readonly description: string;
	/** The credential type. */
	readonly credential: `${ProviderName}Api`;
	/** The ID of the model that it makes where none is named. */
	readonly defaultModel: string;
	/** The only billable call. It must not be repeated unless it certainly created nothing. */
	startCall(request: VideoRequest, extras: SubmitExtras): Call;
	/** A completed job without its link is a video that is lost: where a link may come later, say that it still runs. */
	readStarted(reply: Reply, request: VideoRequest, moment: SubmitMoment): JobOrFailure;
	/** Whether the form's Endpoint ID names this API's models. */
	readonly takesEndpointId: boolean;
	/** The model part of a job's handle, from what the item or an option names; what it is not is put to `fields`. */
	readModel(named: unknown, fields: FieldReader): string | undefined;
	statusCall(handle: Handle): Call;
	readJob(reply: Reply, handle: Handle, moment: Moment): JobOrFailure;
	cancelCall(handle: Handle): Call;
	/** The job if the answer says clearly what became of it; undefined means: ask for the status. Never throws. */
	readCancelled(reply: Reply, handle: Handle, moment: Moment): Job | undefined;
	/** How the form is read where this provider is the second of a choice. */
	asSecond?(form: VideoForm, first: ProviderName): VideoForm;
	/** Records of jobs are deleted; waiting this long for a callback is safe. Absent: no limit is known. */
	readonly maxCallbackSeconds?: number;
	readonly imageDelivery: ImageDelivery;
	/** Records of jobs are deleted; a pause of this length between two status calls is safe. Absent: no such limit. */
	longestPollPauseMs?(request: VideoRequest): number | undefined;
	/** The job ID that a callback or an unclear answer names, if any. It proves nothing: the status is read before it counts. */
	namedJobId(body: unknown): string | undefined;
}
