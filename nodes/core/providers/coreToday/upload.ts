import type { Call, Reply } from '../../calls/http';
import { asObject } from '../../json';
import { firstUrl, objectOf, unexpectedReply } from '../reply';
import type { UploadTarget } from '../provider';
import { LABEL } from './reply';

const UPLOAD_URL_TIMEOUT_MS = 30_000;

/** Asks for a place to store a file (docs/providers.md#coretoday-files). */
export function uploadCall({ fileName, mimeType }: { readonly fileName: string; readonly mimeType: string }): Call {
	return {
		method: 'POST',
		path: '/files/upload-url',
		body: { filename: fileName, metadata: { content_type: mimeType } },
		timeoutMs: UPLOAD_URL_TIMEOUT_MS,
	};
}

/** See `ImageDelivery.upload`. */
export function readUpload(reply: Reply): UploadTarget {
	if (reply.status >= 400) throw unexpectedReply(reply, LABEL, 'a place for the picture');
	const body = objectOf(reply, LABEL);
	const url = firstUrl(body.upload_url, []);
	const fileUrl = firstUrl(body.file_url, []);
	const fields = Object.entries(asObject(body.upload_fields) ?? {});
	const areTexts = fields.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
	if (url === undefined || fileUrl === undefined || !areTexts)
		throw unexpectedReply(reply, LABEL, 'a place for the picture');
	return { url, fileUrl, fields: Object.fromEntries(fields.map(([name, value]) => [name, String(value)])) };
}
