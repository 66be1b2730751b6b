import type { FastifyRequest } from 'fastify';

export type Schema = Readonly<Record<string, unknown>>;

/** What validation says of one value; the part of ajv's error object (with `verbose`) that is read here. */
interface SchemaError {
	readonly instancePath: string;
	readonly keyword: string;
	readonly schemaPath: string;
	readonly params: Readonly<Record<string, unknown>>;
	readonly message?: string;
	readonly data?: unknown;
}

const WEB_ADDRESS = { type: 'string', pattern: '^https?://' };

/** The reference of Core.Today, Create Prediction; see docs/providers.md for the optional fields. */
export const CORE_TODAY_CREATE: Schema = {
	type: 'object',
	required: ['model', 'input'],
	additionalProperties: false,
	properties: {
		model: { type: 'string', minLength: 1 },
		input: { type: 'object' },
		webhook: WEB_ADDRESS,
		webhook_events: { type: 'array', items: { enum: ['completed', 'failed'] } },
		is_public: { type: 'boolean' },
		output_folder: { type: 'string' },
	},
};

export const CORE_TODAY_UPLOAD_URL: Schema = {
	type: 'object',
	required: ['filename'],
	additionalProperties: false,
	properties: {
		filename: { type: 'string', pattern: '^[^/\\\\]+$', maxLength: 255 },
		folder: { type: 'string', pattern: '^[A-Za-z0-9_-]+$' },
		metadata: { type: 'object' },
	},
};

/** Runpod's reference, `/run`: `policy` has milliseconds, 5 s and 10 s to 7 days; docs/providers.md. */
export const RUNPOD_SUBMIT: Schema = {
	type: 'object',
	required: ['input'],
	additionalProperties: false,
	properties: {
		input: { type: 'object' },
		webhook: WEB_ADDRESS,
		policy: {
			type: 'object',
			additionalProperties: false,
			properties: {
				executionTimeout: { type: 'integer', minimum: 5000, maximum: 604_800_000 },
				ttl: { type: 'integer', minimum: 10_000, maximum: 604_800_000 },
			},
		},
	},
};

function described(value: unknown): string {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'array';
	if (typeof value === 'string')
		return value.length > 80 ? `string of ${value.length} characters` : `string "${value}"`;
	return typeof value === 'object' ? 'object' : `${typeof value} ${String(value)}`;
}

/** In the words of the one validation message that is known; docs/providers.md. */
function worded({ instancePath, keyword, schemaPath, params, message, data }: SchemaError): string {
	const field = instancePath.slice(1).replaceAll('/', '.');
	const inner = (name: unknown): string => (field === '' ? String(name) : `${field}.${String(name)}`);
	if (schemaPath.includes('/then/')) return 'field "end_image" is supported in mode "pro" only';
	if (keyword === 'required') return `field "${inner(params.missingProperty)}" is required`;
	if (keyword === 'additionalProperties') return `field "${inner(params.additionalProperty)}" is not known`;
	if (keyword === 'enum' && Array.isArray(params.allowedValues)) {
		return `field "${field}" must be one of [${params.allowedValues.join(', ')}], got ${described(data)}`;
	}
	return `${field === '' ? 'body' : `field "${field}"`} ${message ?? 'is invalid'}, got ${described(data)}`;
}

/** Why the value does not fit the schema, by the server's own validator; undefined if it fits. */
export function problemWith(request: FastifyRequest, schema: Schema, value: unknown): string | undefined {
	const validate = request.compileValidationSchema(schema);
	if (validate(value)) return undefined;
	// Fastify types the errors by what all validators give; this server's is ajv with `verbose`, which adds `data`.
	const errors = (validate.errors ?? []) as readonly SchemaError[];
	// An `if` error only says that its `then` failed, which is the one before it.
	const error = errors.find(({ keyword }) => keyword !== 'if');
	return error === undefined ? 'body is invalid' : worded(error);
}
