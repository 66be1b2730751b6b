import type { IBinaryData } from 'n8n-workflow';
import type { FieldReader } from '../../core/fields';
import { checkImage } from '../../core/media/image';
import { urlProblem } from '../../core/url';
import type { Picture, Provider, VideoRequest } from '../../core/providers/provider';
import { dataUriOf, readPicture, type StoredPicture } from '../../host/files';
import type { Session } from '../run/session';
import { optionsAt } from '../../host/context';

type Delivery = 'upload' | 'dataUri' | 'signedUrl';
const DELIVERY_WISHES = ['auto', 'upload', 'dataUri', 'signedUrl'] as const;

/** A picture that was checked, and how it will reach the provider. Its bytes are read again when it goes. */
export interface CheckedPicture {
	readonly picture: Picture;
	readonly sha256: string;
	readonly mimeType: string;
	readonly delivery: Delivery;
	/** Only for `signedUrl`. */
	readonly url?: string;
}

/** The pictures of one item for one provider. */
export interface PictureCheck {
	readonly provider: Provider;
	readonly providerIsLocal: boolean;
	/** The provider is the second of a choice: it may take the picture another way. */
	readonly isSecond: boolean;
	/** Absent if the form has problems of its own; the room inside the request is then not judged. */
	readonly request: VideoRequest | undefined;
	readonly wanted: readonly Picture[];
}

/** Reads and checks pictures by their bytes and names all that is wrong with them. Sends nothing. */
export async function checkPictures(
	session: Session,
	itemIndex: number,
	check: PictureCheck,
	fields: FieldReader,
): Promise<CheckedPicture[]> {
	const pictures: CheckedPicture[] = [];
	for (const picture of check.wanted) {
		const checked = await checkPicture(session, itemIndex, picture, check, fields);
		if (checked !== undefined) pictures.push(checked);
	}
	return pictures;
}

async function checkPicture(
	session: Session,
	itemIndex: number,
	picture: Picture,
	check: PictureCheck,
	fields: FieldReader,
): Promise<CheckedPicture | undefined> {
	const { provider, isSecond } = check;
	const name = `${picture.label} in field "${picture.field}"`;
	const stored = await readPicture(session.context, itemIndex, picture.field);
	if (stored === undefined) {
		return fields.refuse(
			name,
			'is missing: the input item has no binary data there. Check the field name and the previous node.',
		);
	}
	const { facts, problems } = checkImage(stored.bytes);
	for (const problem of problems) fields.refuse(name, problem);
	const wish = fields.choice('Image Delivery', optionsAt(session.context, itemIndex).imageDelivery, DELIVERY_WISHES);
	const delivery = deliveryOf(wish, provider, isSecond);
	if (facts === undefined) return undefined;
	if (delivery === undefined) {
		return fields.refuse(
			'Image Delivery',
			`cannot be Upload: ${provider.label} has no file upload. Choose Auto, Data URI or Signed URL.`,
		);
	}
	const checked = { picture, sha256: stored.sha256, mimeType: facts.mimeType, delivery };
	if (delivery === 'dataUri') return fitsAsDataUri(check, stored, facts.mimeType, name, fields) ? checked : undefined;
	if (delivery === 'upload') return checked;
	const url = signedUrlOf(session, stored.binary, check, fields);
	return url === undefined ? undefined : { ...checked, url };
}

function deliveryOf(
	wish: (typeof DELIVERY_WISHES)[number] | undefined,
	{ imageDelivery }: Provider,
	isSecond: boolean,
): Delivery | undefined {
	if (wish === 'dataUri' || wish === 'signedUrl') return wish;
	if (wish !== 'upload') return imageDelivery.auto;
	return imageDelivery.upload === undefined ? (isSecond ? imageDelivery.auto : undefined) : 'upload';
}

function fitsAsDataUri(
	{ provider, request }: PictureCheck,
	{ bytes }: StoredPicture,
	mimeType: string,
	name: string,
	fields: FieldReader,
): boolean {
	if (request === undefined) return true;
	const { characters, reason } = provider.imageDelivery.dataUriLimit(request);
	const needed = dataUriOf(new Uint8Array(), mimeType).length + Math.ceil(bytes.length / 3) * 4;
	if (needed <= characters) return true;
	const measured = `takes ${needed.toLocaleString('en-US')} characters inside the request; ${reason}, which leaves ${Math.floor(characters).toLocaleString('en-US')}.`;
	fields.refuse(name, `${measured} Make the picture smaller, or choose another Image Delivery.`);
	return false;
}

function signedUrlOf(
	{ context }: Session,
	binary: IBinaryData,
	{ providerIsLocal }: PictureCheck,
	fields: FieldReader,
): string | undefined {
	try {
		const url = context.helpers.createBinarySignedUrl(binary, '1 day');
		const problem = urlProblem(url, { providerIsLocal });
		if (problem === undefined) return url;
		return fields.refuse(
			'Image Delivery',
			`cannot be Signed URL: the link to this n8n ${problem} Set n8n's WEBHOOK_URL to its public address, or choose Auto.`,
		);
	} catch {
		return fields.refuse(
			'Image Delivery',
			'cannot be Signed URL: this n8n keeps binary data in memory, where nothing can be linked. Choose Auto.',
		);
	}
}
