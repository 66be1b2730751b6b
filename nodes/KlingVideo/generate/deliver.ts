import { sleepUnlessStopped } from '../../core/clock';
import { UnexpectedReplyError } from '../../core/providers/errors';
import { refusal } from '../../core/failure';
import type { Failure } from '../../core/job';
import { asNumber, asObject, asText, type JsonObject } from '../../core/json';
import { putLink } from '../../core/models/links';
import { urlProblem } from '../../core/url';
import type { UploadTarget } from '../../core/providers/provider';
import { refusalOf } from '../../core/providers/refusal';
import { backoffMs, isPassing, retryAfterMs } from '../../core/calls/retry';
import { dataUriOf, postFile, readPicture } from '../../host/files';
import type { Api } from '../../kling/api';
import type { CheckedPicture } from './pictures';
import type { Session } from '../run/session';

/** The input keys of the delivered pictures, or why one could not be delivered. Nothing is paid for yet. */
export type Delivered =
	| { readonly kind: 'delivered'; readonly input: JsonObject }
	| { readonly kind: 'failed'; readonly failure: Failure; readonly canFallBack: boolean; readonly advice?: string };

const UPLOAD_TRIES = 3;
/** A provider that wants more quiet is asked again after this time all the same. */
const LONGEST_QUIET_MS = 60_000;
/** Nobody documents how long an uploaded file lives; a retry within the hour uses it again. */
const UPLOAD_LIFE_MS = 3600 * 1000;

/** An error that says why a picture did not arrive. */
class DeliveryFault extends Error {
	constructor(
		message: string,
		readonly failure: Failure = refusal(message, 'provider_error', true),
		readonly canFallBack = false,
	) {
		super(message);
	}
}

/** The refusals after which a second provider may be tried, as after a submit; their usual advice fits an upload, too. */
const ACCOUNT_CODES: ReadonlyArray<Failure['code']> = ['unauthorized', 'insufficient_credit', 'rate_limited'];
const ADVICE = 'Run again, or choose another Image Delivery.';

/** Brings an order's pictures to its provider, each distinct picture once per execution. Never throws. */
export async function deliver(
	session: Session,
	itemIndex: number,
	api: Api,
	pictures: readonly CheckedPicture[],
): Promise<Delivered> {
	const input: JsonObject = {};
	for (const checked of pictures) {
		try {
			putLink(input, checked.picture, await linkOf(session, itemIndex, api, checked));
		} catch (error) {
			const fault =
				error instanceof DeliveryFault
					? error
					: new DeliveryFault(error instanceof Error ? error.message : String(error));
			const reason = fault.message.replace(`${api.provider.label}: `, '');
			const message = `The ${checked.picture.label} could not be brought to ${api.provider.label}: ${reason}. No job was submitted`;
			const { failure, canFallBack } = fault;
			const advice = ACCOUNT_CODES.includes(failure.code) ? {} : { advice: ADVICE };
			return { kind: 'failed', failure: { ...failure, message }, canFallBack, ...advice };
		}
	}
	return { kind: 'delivered', input };
}

async function linkOf(session: Session, itemIndex: number, api: Api, checked: CheckedPicture): Promise<string> {
	if (checked.url !== undefined) return checked.url;
	if (checked.delivery === 'upload') return await uploadedLink(session, itemIndex, api, checked);
	return dataUriOf(await bytesOf(session, itemIndex, checked), checked.mimeType);
}

async function bytesOf({ context }: Session, itemIndex: number, { picture }: CheckedPicture): Promise<Uint8Array> {
	const stored = await readPicture(context, itemIndex, picture.field);
	if (stored === undefined) throw new DeliveryFault('it is not in the input item any more');
	return stored.bytes;
}

/** Uploads of one session that are under way, by provider and content. */
const uploading = new WeakMap<Session, Map<string, Promise<string>>>();

async function uploadedLink(session: Session, itemIndex: number, api: Api, checked: CheckedPicture): Promise<string> {
	const key = `${api.provider.name}:${checked.sha256}`;
	const links = uploading.get(session) ?? new Map<string, Promise<string>>();
	uploading.set(session, links);
	const link = links.get(key) ?? rememberedOrUploaded(session, itemIndex, api, checked, key);
	links.set(key, link);
	// A failed upload must not fail the items after it without a try of their own.
	link.catch(() => links.delete(key));
	return await link;
}

async function rememberedOrUploaded(
	session: Session,
	itemIndex: number,
	api: Api,
	checked: CheckedPicture,
	key: string,
): Promise<string> {
	const store: { uploads?: unknown } = session.context.getContext('node');
	const uploads = asObject(store.uploads) ?? {};
	const known = asObject(uploads[key]);
	const knownUrl = asText(known?.url);
	if (knownUrl !== undefined && session.clock.now() - (asNumber(known?.uploadedMs) ?? 0) < UPLOAD_LIFE_MS)
		return knownUrl;
	const url = await upload(session, api, checked, await bytesOf(session, itemIndex, checked));
	store.uploads = { ...asObject(store.uploads), [key]: { url, uploadedMs: session.clock.now() } };
	return url;
}

async function upload(
	session: Session,
	api: Api,
	{ sha256, mimeType }: CheckedPicture,
	bytes: Uint8Array,
): Promise<string> {
	const fileName = `${sha256.slice(0, 16)}.${mimeType === 'image/png' ? 'png' : 'jpg'}`;
	for (let attempt = 1; ; attempt++) {
		const target = await uploadTarget(session, api, { fileName, mimeType });
		const problem = await postFile(session.context, target, { fileName, mimeType, bytes }, session.clock);
		if (problem === undefined) return target.fileUrl;
		if (attempt >= UPLOAD_TRIES || session.stop.requested) throw new DeliveryFault(problem);
		await sleepUnlessStopped(backoffMs(attempt, session.random), session);
	}
}

async function uploadTarget(
	session: Session,
	api: Api,
	file: { fileName: string; mimeType: string },
): Promise<UploadTarget> {
	const { upload: uploads } = api.provider.imageDelivery;
	if (uploads === undefined) throw new DeliveryFault(`${api.provider.label} has no file upload`);
	for (let attempt = 1; ; attempt++) {
		const answer = await api.send(uploads.call(file));
		if (isPassing(answer) && attempt < UPLOAD_TRIES && !session.stop.requested) {
			const askedMs = answer.kind === 'reply' ? retryAfterMs(answer, session.clock.now()) : undefined;
			await sleepUnlessStopped(Math.min(askedMs ?? backoffMs(attempt, session.random), LONGEST_QUIET_MS), session);
			continue;
		}
		if (answer.kind === 'fault') throw new DeliveryFault(answer.message, undefined, answer.reach === 'notConnected');
		const refused = refusalOf(answer, api.provider.label);
		if (refused !== undefined) throw new DeliveryFault(refused.message, refused, ACCOUNT_CODES.includes(refused.code));
		const target = uploads.read(answer);
		const problem = urlProblem(target.url, { providerIsLocal: api.isLocal });
		if (problem === undefined) return target;
		throw new UnexpectedReplyError(`its upload link ${problem}`, answer.status);
	}
}
