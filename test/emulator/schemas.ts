import type { FastifyRequest } from 'fastify';

type Schema = Readonly<Record<string, unknown>>;

/** What validation says of one value; the part of ajv's error object (with `verbose`) that is read here. */
interface SchemaError {
	readonly instancePath: string;
	readonly keyword: string;
	readonly schemaPath: string;
	readonly params: Readonly<Record<string, unknown>>;
	readonly message?: string;
	readonly data?: unknown;
}

/** Kling's own limits, which hold at both providers: docs/providers.md#kling-limits. */
const PROMPT = { type: 'string', minLength: 1, maxLength: 2500 };
const NEGATIVE_PROMPT = { type: 'string', maxLength: 2500 };
const DURATION = { enum: [5, 10] };
const PICTURE = { type: 'string', pattern: '^(https?://|data:image/(png|jpe?g);base64,)' };
const WEB_ADDRESS = { type: 'string', pattern: '^https?://' };

/** The documented input of the model: docs/providers.md#coretoday-kling-v21. */
export const CORE_TODAY_INPUT: Schema = {
	type: 'object',
	required: ['prompt', 'start_image'],
	additionalProperties: false,
	properties: {
		prompt: PROMPT,
		start_image: PICTURE,
		mode: { enum: ['standard', 'pro'] },
		duration: DURATION,
		end_image: PICTURE,
		negative_prompt: NEGATIVE_PROMPT,
	},
	if: { required: ['end_image'] },
	then: { required: ['mode'], properties: { mode: { const: 'pro' } } },
};

/** What creating a job takes, the optional fields included: docs/providers.md#coretoday-calls. */
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

/** Stricter than documented about names, on purpose: docs/providers.md#coretoday-files. */
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

/** The documented input of the endpoint: docs/providers.md#runpod-kling-v21-i2v-pro. */
export const RUNPOD_INPUT: Schema = {
	type: 'object',
	required: ['prompt', 'image'],
	additionalProperties: false,
	properties: {
		prompt: PROMPT,
		image: PICTURE,
		negative_prompt: NEGATIVE_PROMPT,
		guidance_scale: { type: 'number', minimum: 0, maximum: 1 },
		duration: DURATION,
		enable_safety_checker: { type: 'boolean' },
	},
};

/** What a submit takes; the times of `policy` are milliseconds: docs/providers.md#runpod-calls. */
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

/** Worded like the one refusal that a user has reported: docs/providers.md#runpod-failures. */
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
