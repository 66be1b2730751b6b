import type { IBinaryData } from 'n8n-workflow';
import { attemptOf, isTransient, retry } from '../../core/calls/retry';
import type { SubmitFailure } from '../../core/calls/submit';
import { refusal } from '../../core/failure';
import type { FieldReader } from '../../core/fields';
import type { Failure } from '../../core/job';
import { asNumber, asObject, asText, present, type JsonObject } from '../../core/json';
import { linkEndMs } from '../../core/linkEnds';
import { putLink } from '../../core/models/form';
import { checkImage } from '../../core/media/image';
import type { Picture, Provider, UploadTarget, VideoRequest } from '../../core/providers/provider';
import { refusalOf } from '../../core/providers/reply';
import { foreignUrlProblem, urlProblem } from '../../core/url';
import { dataUriOf, pictureFileName, postFile, readPicture, type FileToSend } from '../../host/files';
import type { Api } from '../../kling/api';
import { reasonOf } from '../run/items';
import type { Run } from '../run/run';
import type { GenerateItem, PreparedRequest } from './check';
import { openLink, signedLink } from './signedPictures';

/** `linkOrDataUri`: a link that keeps the request small enough to come back in a callback, or else inside it. */
type Delivery = 'upload' | 'dataUri' | 'signedUrl' | 'linkOrDataUri';
const DELIVERY_CHOICES = ['auto', 'upload', 'dataUri', 'signedUrl'] as const;

/**
 * A request of up to this size may come back whole in the callback: a proxy before n8n takes 1 MB where nobody has set
 * it otherwise, and what the provider adds needs room, too.
 */
const MAX_REPEATED_BYTES = 700_000;

/** A picture that was checked, and how it will reach the provider. Its bytes are read again when it goes. */
export interface PreparedPicture {
	readonly picture: Picture;
	readonly sha256: string;
	readonly bytes: number;
	readonly mimeType: string;
	readonly delivery: Delivery;
}

/** What the bytes of a picture say. They are not kept: a batch may hold hundreds of pictures. */
interface PictureFacts {
	readonly binary: IBinaryData;
	readonly sha256: string;
	readonly bytes: number;
	/** Absent if it is no JPEG or PNG. */
	readonly mimeType?: string;
	readonly problems: readonly string[];
}

/** The picture in a binary field of one item; undefined if the item has none there. */
export type PictureReader = (field: string) => Promise<PictureFacts | undefined>;

/** Reads each picture of an item once, though it may go to two providers or stand in two fields of the form. */
export function createPictureReader({ context }: Run, itemIndex: number): PictureReader {
	const known = new Map<string, Promise<PictureFacts | undefined>>();
	async function read(field: string): Promise<PictureFacts | undefined> {
		const stored = await readPicture(context, itemIndex, field);
		if (stored === undefined) return undefined;
		const { facts, problems } = checkImage(stored.bytes);
		const { binary, sha256 } = stored;
		return { binary, sha256, bytes: stored.bytes.length, problems, ...present({ mimeType: facts?.mimeType }) };
	}
	return async (field) => {
		const picture = known.get(field) ?? read(field);
		known.set(field, picture);
		return await picture;
	};
}

/** Where an item's pictures are to go. */
interface Destination {
	readonly provider: Provider;
	readonly providerIsLocal: boolean;
	/** The provider is the second of a choice, so it may take a picture in another way than the first. */
	readonly isSecond: boolean;
	/** What Image Delivery says. */
	readonly choice: unknown;
	/** The provider calls a paused execution back, and may repeat the request then. */
	readonly callsBack: boolean;
}

/** Checks an item's pictures by their bytes and names all that is wrong with them. Sends nothing. */
export async function preparePictures(
	run: Run,
	destination: Destination,
	/** Without the request, whose form has problems of its own, the room inside it is not judged. */
	{ request, pictures }: { readonly request: VideoRequest | undefined; readonly pictures: readonly Picture[] },
	read: PictureReader,
	fields: FieldReader,
): Promise<PreparedPicture[]> {
	const prepared: PreparedPicture[] = [];
	for (const picture of pictures) {
		const name = nameOf(picture);
		const facts = await read(picture.field);
		if (facts === undefined) {
			fields.refuse(
				name,
				'is missing: the input item has no binary data there. Check the field name and the previous node.',
			);
			continue;
		}
		for (const problem of facts.problems) fields.refuse(name, problem);
		const delivery = deliveryTo(destination, fields);
		const { sha256, bytes, mimeType } = facts;
		if (mimeType === undefined || delivery === undefined) continue;
		if (delivery === 'signedUrl' && !canBeLinked(run, facts.binary, destination, fields)) continue;
		prepared.push({ picture, sha256, bytes, mimeType, delivery });
	}
	if (request !== undefined) refuseTooLarge(destination, request, prepared, fields);
	return isTooLargeToRepeat(destination, request, prepared) ? prepared.map(byLinkIfPossible) : prepared;
}

const nameOf = ({ label, field }: Picture): string => `${label} in field "${field}"`;

/** Only what Auto chose: whoever chose Data URI gets it. */
function isTooLargeToRepeat(
	{ callsBack, choice }: Destination,
	request: VideoRequest | undefined,
	pictures: readonly PreparedPicture[],
): boolean {
	if (!callsBack || choice === 'dataUri' || request === undefined) return false;
	return requestBytes(request, pictures) > MAX_REPEATED_BYTES;
}

/** The size of the whole request with these pictures inside it. */
function requestBytes({ input }: VideoRequest, pictures: readonly PreparedPicture[]): number {
	const inside = pictures.filter(({ delivery }) => delivery !== 'upload' && delivery !== 'signedUrl');
	return Buffer.byteLength(JSON.stringify(input)) + charactersOf(inside);
}

function byLinkIfPossible(prepared: PreparedPicture): PreparedPicture {
	return prepared.delivery === 'dataUri' ? { ...prepared, delivery: 'linkOrDataUri' } : prepared;
}

/** How much pictures take as data URIs. */
function charactersOf(pictures: readonly PreparedPicture[]): number {
	const each = pictures.map(
		({ bytes, mimeType }) => dataUriOf(new Uint8Array(), mimeType).length + Math.ceil(bytes / 3) * 4,
	);
	return each.reduce((sum, one) => sum + one, 0);
}

function deliveryTo({ provider, isSecond, choice }: Destination, fields: FieldReader): Delivery | undefined {
	const chosen = fields.choice('Image Delivery', choice, DELIVERY_CHOICES);
	const { auto, upload } = provider.imageDelivery;
	if (chosen === 'dataUri' || chosen === 'signedUrl') return chosen;
	if (chosen !== 'upload') return auto;
	if (upload !== undefined) return 'upload';
	if (isSecond) return auto;
	const problem = `cannot be Upload: ${provider.label} has no file upload. Choose Auto, Data URI or Signed URL.`;
	return fields.refuse('Image Delivery', problem);
}

/** Names the largest of the pictures that are too much for the inside of a request. */
function refuseTooLarge(
	{ provider }: Destination,
	request: VideoRequest,
	prepared: readonly PreparedPicture[],
	fields: FieldReader,
): void {
	const { characters, of, reason } = provider.imageDelivery.dataUriLimit(request);
	const inside = prepared.filter(({ delivery }) => delivery === 'dataUri');
	const groups = of === 'picture' ? inside.map((one) => [one]) : [inside];
	const shown = (number: number) => number.toLocaleString('en-US');
	for (const together of groups) {
		const needed = charactersOf(together);
		const [largest] = [...together].sort((one, other) => other.bytes - one.bytes);
		if (largest === undefined || needed <= characters) continue;
		const all = together.length === 1 ? '' : ` All pictures together take ${shown(needed)}.`;
		const measured = `takes ${shown(charactersOf([largest]))} characters inside the request; ${reason}, which leaves ${shown(characters)}.${all}`;
		fields.refuse(nameOf(largest.picture), `${measured} Make the picture smaller, or choose another Image Delivery.`);
	}
}

/** Whether this n8n can give out links to its files. What is signed here is only looked at: what is sent is a copy's. */
function canBeLinked(
	{ context }: Run,
	binary: IBinaryData,
	{ providerIsLocal }: Destination,
	fields: FieldReader,
): boolean {
	try {
		const problem = urlProblem(context.helpers.createBinarySignedUrl(binary), { providerIsLocal });
		if (problem === undefined) return true;
		fields.refuse(
			'Image Delivery',
			`cannot be Signed URL: the link to this n8n ${problem} Set n8n's WEBHOOK_URL to its public address, or choose Auto.`,
		);
	} catch {
		fields.refuse(
			'Image Delivery',
			'cannot be Signed URL: this n8n keeps binary data in memory, where nothing can be linked. Choose Auto.',
		);
	}
	return false;
}

const UPLOAD_TRIES = 3;
/** An uploaded picture is counted on no longer than the sample link works (docs/providers.md#coretoday-files). */
const UPLOAD_LIFE_MS = 3600 * 1000;
/** A link goes to another job only while it works for this much longer, as a provider may fetch it late. */
const TIME_TO_FETCH_MS = 20 * 60_000;

/** The refusals after which a second provider may be tried, as after a submit; their usual advice fits an upload, too. */
const ACCOUNT_CODES: ReadonlyArray<Failure['code']> = ['unauthorized', 'insufficient_credit', 'rate_limited'];
const ADVICE = 'Run again, or choose another Image Delivery.';

/**
 * Brings an item's pictures to its provider, each distinct picture once while its link has time left. Gives the input keys
 * with their links, or why a picture did not arrive: nothing is paid for then. Never throws.
 */
export async function deliverPictures(
	run: Run,
	item: GenerateItem,
	to: PreparedRequest,
): Promise<{ readonly kind: 'delivered'; readonly input: JsonObject } | SubmitFailure> {
	const input: JsonObject = {};
	const inside: PreparedPicture[] = [];
	for (const prepared of to.pictures) {
		const link = await linkOf(run, item, to, prepared).catch((error: unknown) => failed(reasonOf(error)));
		if (typeof link !== 'string') return withPicture(link, prepared.picture, to.api.provider);
		if (prepared.delivery === 'linkOrDataUri' && link.startsWith('data:')) inside.push(prepared);
		putLink(input, prepared.picture, link);
	}
	if (inside.length > 0) warnOfProxy(run, item, to, inside);
	return { kind: 'delivered', input };
}

function warnOfProxy(
	{ context }: Run,
	{ itemIndex }: GenerateItem,
	{ api, request }: PreparedRequest,
	inside: readonly PreparedPicture[],
): void {
	const megabytes = (requestBytes(request, inside) / 1_000_000).toFixed(1);
	const { label } = api.provider;
	context.logger.warn(
		`Item ${itemIndex}: the request to ${label} has ${megabytes} MB, as the picture is inside it, and ${label} may repeat it in its callback. A proxy before n8n that takes less (1 MB at nginx, client_max_body_size) refuses such a callback, and the execution goes on only at its Timeout. Raise that limit for /webhook-waiting/, or let the proxy pass /rest/binary-data/signed.`,
	);
}

function failed(
	message: string,
	failure = refusal(message, 'provider_error', true),
	mayFallBack = false,
): SubmitFailure {
	return { kind: 'failed', failure, mayFallBack };
}

/** The failure in a sentence that names the picture, with the advice that fits an upload. */
function withPicture({ failure, mayFallBack }: SubmitFailure, { label }: Picture, provider: Provider): SubmitFailure {
	const reason = failure.message.replace(`${provider.label}: `, '');
	const message = `The ${label} could not be sent to ${provider.label}: ${reason}. No job was submitted`;
	const advice = ACCOUNT_CODES.includes(failure.code) ? undefined : ADVICE;
	return { kind: 'failed', failure: { ...failure, message }, mayFallBack, ...present({ advice }) };
}

async function linkOf(
	run: Run,
	item: GenerateItem,
	{ api, callbackUrl }: PreparedRequest,
	prepared: PreparedPicture,
): Promise<string | SubmitFailure> {
	const { delivery, picture, mimeType } = prepared;
	if (delivery === 'upload') return await uploadOnce(run, item.itemIndex, api, prepared);
	if (delivery === 'signedUrl') return (await signedLink(run, item, prepared)) ?? failed(GONE);
	const link = delivery === 'linkOrDataUri' ? await openLink(run, item, prepared, callbackUrl) : undefined;
	if (link !== undefined) return link;
	const stored = await readPicture(run.context, item.itemIndex, picture.field);
	return stored === undefined ? failed(GONE) : dataUriOf(stored.bytes, mimeType);
}

const GONE = 'it is not in the input item any more';

/** The link of an uploaded picture: equal pictures are uploaded together, and later jobs and tries find the link again. */
async function uploadOnce(
	run: Run,
	itemIndex: number,
	api: Api,
	prepared: PreparedPicture,
): Promise<string | SubmitFailure> {
	const key = `${api.provider.name}:${prepared.sha256}`;
	const known = rememberedLink(run, key);
	if (known !== undefined) return known;
	const uploading =
		run.uploads.get(key) ??
		uploadAndRemember(run, itemIndex, api, prepared, key).finally(() => run.uploads.delete(key));
	run.uploads.set(key, uploading);
	return await uploading;
}

/** What the tries and turns of an execution have uploaded. */
type UploadStore = { uploads?: unknown };

/** The link of a picture that was uploaded in this execution, if the provider has time enough to fetch it. */
function rememberedLink({ context, clock }: Run, key: string): string | undefined {
	const store: UploadStore = context.getContext('node');
	const known = asObject(asObject(store.uploads)?.[key]);
	const leftMs = (asNumber(known?.endsMs) ?? 0) - clock.now();
	return leftMs < TIME_TO_FETCH_MS ? undefined : asText(known?.url);
}

async function uploadAndRemember(
	run: Run,
	itemIndex: number,
	api: Api,
	prepared: PreparedPicture,
	key: string,
): Promise<string | SubmitFailure> {
	const stored = await readPicture(run.context, itemIndex, prepared.picture.field);
	if (stored === undefined) return failed(GONE);
	const { mimeType } = prepared;
	const link = await upload(run, api, { fileName: pictureFileName(prepared), mimeType, bytes: stored.bytes });
	if (typeof link === 'string') {
		const endsMs = Math.min(run.clock.now() + UPLOAD_LIFE_MS, linkEndMs(link) ?? Infinity);
		const store: UploadStore = run.context.getContext('node');
		store.uploads = { ...asObject(store.uploads), [key]: { url: link, endsMs } };
	}
	return link;
}

/** Uploads a file. Each try asks for a new place, as a place may take a file only once. */
async function upload(run: Run, api: Api, file: FileToSend): Promise<string | SubmitFailure> {
	return await retry<string | SubmitFailure>(
		async () => {
			const target = await uploadTarget(run, api, file);
			if ('kind' in target) return { kind: 'done', value: target };
			const problem = await postFile(run.context, target, file, run.clock);
			if (problem === undefined) return { kind: 'done', value: target.fileUrl };
			return { kind: 'again', otherwise: failed(problem) };
		},
		{ tries: UPLOAD_TRIES },
		run,
	);
}

/** A place for a file at the provider's storage. */
async function uploadTarget(run: Run, api: Api, file: FileToSend): Promise<UploadTarget | SubmitFailure> {
	const { upload: uploads } = api.provider.imageDelivery;
	if (uploads === undefined) return failed(`${api.provider.label} has no file upload`);
	const answer = await retry(
		async () => attemptOf(await api.send(uploads.call(file)), isTransient, run.clock.now()),
		{ tries: UPLOAD_TRIES },
		run,
	);
	if (answer.kind === 'fault') return failed(answer.message, undefined, answer.reach === 'notConnected');
	const refused = refusalOf(answer, api.provider.label);
	if (refused !== undefined) return failed(refused.message, refused, ACCOUNT_CODES.includes(refused.code));
	const target = uploads.read(answer);
	const problem = foreignUrlProblem(target.url, { providerIsLocal: api.isLocal });
	return problem === undefined ? target : failed(`its upload link ${problem}`);
}
