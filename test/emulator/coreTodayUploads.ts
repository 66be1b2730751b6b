import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asObject, asText, isJson, type JsonObject } from '../../nodes/core/json';
import { createHash, randomUUID } from '../support/node.cts';
import { createdBody, createPrediction, Refusal } from './coreToday';
import type { Emulation } from './emulation';
import { PICTURE_MAX_BYTES, pictureProblem, uploadedLink } from './pictures';
import { CORE_TODAY_UPLOAD_URL, problemWith } from './schemas';

interface UploadedFile {
	readonly filename: string;
	readonly contentType: string;
	readonly bytes: Buffer;
}

interface Form {
	readonly fields: Readonly<Record<string, string>>;
	readonly files: Readonly<Record<string, UploadedFile>>;
}

/** Reads the whole form and notes it. As with S3, a file has to come after all text fields. */
async function readForm(request: FastifyRequest): Promise<Form> {
	if (!request.isMultipart()) throw new Refusal(415, 'multipart/form-data is required');
	const fields: Record<string, string> = {};
	const files: Record<string, UploadedFile> = {};
	for await (const part of request.parts({ limits: { fileSize: PICTURE_MAX_BYTES } })) {
		if (part.type === 'file') {
			const { filename, mimetype: contentType } = part;
			files[part.fieldname] = { filename, contentType, bytes: await part.toBuffer() };
		} else {
			if (Object.keys(files).length > 0) throw new Refusal(400, `field "${part.fieldname}" comes after a file`);
			fields[part.fieldname] = String(part.value);
		}
	}
	const noted = Object.entries(files).map(([key, { filename, bytes }]) => [key, { filename, bytes: bytes.length }]);
	request.exchange.record.body = { ...fields, ...Object.fromEntries(noted) };
	return { fields, files };
}

function jsonObject(text: string | undefined): JsonObject {
	try {
		const value: unknown = JSON.parse(text ?? '');
		// isJson has looked at all of it; asObject at its shape.
		if (isJson(value) && asObject(value) !== undefined) return value as JsonObject;
	} catch {
		// Falls through to the same refusal.
	}
	throw new Refusal(422, 'field "input" must be a JSON object');
}

/** Gives the link of the file. */
function keep(emulation: Emulation, objectKey: string, { bytes, contentType }: UploadedFile): string {
	const link = uploadedLink(emulation, objectKey);
	emulation.uploaded.set(new URL(link).pathname, { bytes, contentType });
	return link;
}

async function uploadAndCreate(emulation: Emulation, request: FastifyRequest): Promise<JsonObject> {
	const { fields, files } = await readForm(request);
	const { model, input: inputText, ...others } = fields;
	const [unknown] = Object.keys(others);
	if (unknown !== undefined) throw new Refusal(422, `field "${unknown}" is not known`);
	const input = jsonObject(inputText);
	for (const [name, file] of Object.entries(files)) {
		const key = /^file:(.+)$/.exec(name)?.[1];
		if (key === undefined) throw new Refusal(422, `file "${name}" is not named file:<input key>`);
		const problem = pictureProblem(file.bytes);
		if (problem !== undefined) throw new Refusal(422, `file "${name}": ${problem}`);
		input[key] = keep(emulation, `predictions/${randomUUID()}-${file.filename}`, file);
	}
	return createdBody(emulation, await createPrediction(emulation, request, { model: model ?? null, input }));
}

/** The two ways to hand over a picture with the API key. */
export function coreTodayUploadRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.post(
		'/predictions/upload',
		{ config: { call: 'uploadAndCreate', provider: 'coreToday' } },
		async (request) => await uploadAndCreate(emulation, request),
	);
	server.post('/files/upload-url', { config: { call: 'uploadUrl', provider: 'coreToday' } }, (request) => {
		const problem = problemWith(request, CORE_TODAY_UPLOAD_URL, asObject(request.body));
		if (problem !== undefined) throw new Refusal(422, problem);
		// The schema above is what makes the cast true.
		const { filename, folder = 'uploads' } = request.body as { filename: string; folder?: string };
		const token = randomUUID();
		const objectKey = `${folder}/${token}-${filename}`;
		const fields = { key: objectKey, policy: createHash('sha256').update(objectKey).digest('base64') };
		emulation.announcedUploads.set(token, { fields, objectKey });
		return {
			upload_url: `${emulation.origin}/upload/${token}`,
			upload_fields: fields,
			file_url: uploadedLink(emulation, objectKey),
			object_key: objectKey,
			folder,
		};
	});
}

/** The storage behind `upload_url`: another party, which must never see an API key. */
export function storageRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.post<{ Params: { token: string } }>(
		'/upload/:token',
		{ config: { call: 'uploadForm', provider: 'coreToday' } },
		async (request, reply) => {
			const { authorization, 'x-api-key': apiKey } = request.headers;
			if (authorization !== undefined || apiKey !== undefined) throw new Refusal(400, 'An API key was sent to storage');
			const announced = emulation.announcedUploads.get(request.params.token);
			if (announced === undefined) throw new Refusal(403, 'Access denied');
			const { fields, files } = await readForm(request);
			const expected = Object.entries(announced.fields);
			const isSame =
				expected.length === Object.keys(fields).length && expected.every(([key, value]) => fields[key] === value);
			if (!isSame) throw new Refusal(403, 'The form does not match the signed fields');
			const { file, ...others } = files;
			if (file === undefined || asText(Object.keys(others)[0]))
				throw new Refusal(400, 'Exactly one file, named "file", is required');
			const problem = pictureProblem(file.bytes);
			if (problem !== undefined) throw new Refusal(400, problem);
			emulation.announcedUploads.delete(request.params.token);
			keep(emulation, announced.objectKey, file);
			return await reply.code(204).send();
		},
	);
}
