import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asNumber, asObject, present, type JsonObject, type JsonValue } from '../../nodes/core/json';
import { randomUUID } from '../support/node.cts';
import { takeScript, type Emulation } from './emulation';
import { endMs, httpStatusOf, phaseAt, type Job } from './jobs';
import { modelOf } from './models';
import { RateLimits } from './rateLimits';
import { referenceProblem } from './references';
import { runpodBody, submittedBody } from './runpodReplies';
import { problemWith, RUNPOD_SUBMIT } from './schemas';

/** Body limits in bytes; docs/providers.md. */
const BODY_LIMIT = { run: 10_000_000, runsync: 20_000_000 };
/** How long `/runsync` holds, in ms; docs/providers.md. */
const HOLD_MS = { byDefault: 90_000, least: 1000, most: 300_000 };

interface Endpoint {
	Params: { endpointId: string };
}

interface OneJob {
	Params: { endpointId: string; jobId: string };
}

/** A refusal that created nothing, with its whole body. */
class Refusal extends Error {
	constructor(
		readonly statusCode: number,
		readonly body: JsonObject,
		readonly retryAfterSeconds?: number,
	) {
		super(JSON.stringify(body));
	}
}

/** Input that cannot be worked on is reported as a job that failed at once; docs/providers.md. */
function invalid(message: string): Refusal {
	return new Refusal(400, { id: `${randomUUID()}-u1`, status: 'FAILED', error: message });
}

function isOpen({ options, retired }: Emulation, endpointId: string): boolean {
	const isKnown = modelOf('runpod', endpointId) !== undefined || options.otherEndpoints?.includes(endpointId) === true;
	return isKnown && !retired.has(endpointId);
}

function judge(emulation: Emulation, limits: RateLimits, request: FastifyRequest, reply: FastifyReply): void {
	// Every route of this API has the parameter; a hook's request is not typed by the route.
	const { endpointId } = request.params as Endpoint['Params'];
	const { rateLimits = true } = emulation.options;
	// A gone endpoint is said before the key is judged; docs/providers.md.
	if (!isOpen(emulation, endpointId)) throw new Refusal(404, { error: 'endpoint not found' });
	if (request.headers.authorization !== `Bearer ${emulation.keys.runpod}`) {
		throw new Refusal(401, { error: 'unauthorized' });
	}
	const { call } = request.routeOptions.config;
	if (!rateLimits || call === undefined) return;
	const waitSeconds = limits.enter(call, emulation.clock.now());
	if (waitSeconds !== undefined) throw new Refusal(429, { error: 'rate limit exceeded' }, waitSeconds);
	reply.raw.on('close', () => limits.leave(call));
}

async function checkInput(emulation: Emulation, request: FastifyRequest, id: string, input: JsonObject): Promise<void> {
	const model = modelOf('runpod', id);
	// Nothing is known of what another endpoint takes.
	if (model === undefined) return;
	const problem = problemWith(request, model.input, input);
	if (problem !== undefined) throw invalid(problem);
	const wrong = await referenceProblem(emulation, model, input);
	if (wrong !== undefined) throw invalid(wrong.problem);
}

async function accept(emulation: Emulation, request: FastifyRequest, heldBy?: 'runsync'): Promise<Job> {
	const problem = problemWith(request, RUNPOD_SUBMIT, asObject(request.body));
	if (problem !== undefined) throw invalid(problem);
	// The schema above, and every route of this API, are what makes the casts true.
	const { input, webhook, policy = {} } = request.body as { input: JsonObject; webhook?: string; policy?: JsonObject };
	const { endpointId } = request.params as Endpoint['Params'];
	await checkInput(emulation, request, endpointId, input);
	const script = takeScript(emulation, request);
	const extras = present({
		webhookUrl: webhook,
		heldBy,
		executionTimeoutMs: asNumber(policy.executionTimeout),
		lifeMs: asNumber(policy.ttl),
		price: modelOf('runpod', endpointId)?.price(input, script.clipSeconds ?? emulation.clipSeconds),
	});
	const job = emulation.jobs.accept({ provider: 'runpod', model: endpointId, input, script, ...extras });
	request.exchange.record.jobId = job.id;
	emulation.follow(job);
	return job;
}

function holdMs(request: FastifyRequest): number {
	// The query parser gives an object, always.
	const { wait } = request.query as { wait?: unknown };
	if (wait === undefined) return HOLD_MS.byDefault;
	const ms = typeof wait === 'string' && /^\d+$/.test(wait) ? Number(wait) : NaN;
	if (ms >= HOLD_MS.least && ms <= HOLD_MS.most) return ms;
	throw invalid(`wait must be between ${HOLD_MS.least} and ${HOLD_MS.most} ms`);
}

async function runAndHold(emulation: Emulation, request: FastifyRequest): Promise<JsonObject> {
	const waitMs = holdMs(request);
	const job = await accept(emulation, request, 'runsync');
	const untilMs = Math.min(endMs(job), job.acceptedAtMs + waitMs);
	await emulation.clock.sleep(Math.max(0, untilMs - emulation.clock.now()));
	const body: JsonObject = runpodBody(emulation, job);
	return job.script.withoutId === true ? withoutId(body) : body;
}

function withoutId(body: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'id'));
}

function found(emulation: Emulation, { endpointId, jobId }: OneJob['Params']): Job {
	const job = emulation.jobs.onRecord('runpod', jobId, endpointId);
	// The number in `status` is real; docs/providers.md.
	if (job === undefined) throw new Refusal(404, { status: 404, title: 'Not Found', detail: 'job not found' });
	return job;
}

function health(emulation: Emulation, endpointId: string): JsonObject {
	const nowMs = emulation.clock.now();
	const phases = emulation.jobs
		.all()
		.filter(({ model }) => model === endpointId)
		.map((job) => phaseAt(job, nowMs));
	const count = (phase: string): JsonValue => phases.filter((one) => one === phase).length;
	return {
		jobs: {
			completed: count('completed'),
			failed: count('failed'),
			inProgress: count('running'),
			inQueue: count('queued'),
			retried: 0,
		},
		workers: { idle: 1, initializing: 0, ready: 1, running: count('running'), throttled: 0, unhealthy: 0 },
	};
}

function submitRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.post<Endpoint>(
		'/:endpointId/run',
		{ config: { call: 'submit', provider: 'runpod' }, bodyLimit: BODY_LIMIT.run },
		async (request) => {
			const job = await accept(emulation, request);
			return job.script.withoutId === true ? withoutId(submittedBody(job)) : submittedBody(job);
		},
	);
	server.post<Endpoint>(
		'/:endpointId/runsync',
		{ config: { call: 'runsync', provider: 'runpod' }, bodyLimit: BODY_LIMIT.runsync },
		async (request) => await runAndHold(emulation, request),
	);
}

function jobRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.get<OneJob>(
		'/:endpointId/status/:jobId',
		{ config: { call: 'status', provider: 'runpod' } },
		async (request, reply) => {
			const job = found(emulation, request.params);
			return await reply.code(httpStatusOf(job, emulation.clock.now())).send(runpodBody(emulation, job));
		},
	);
	server.post<OneJob>('/:endpointId/cancel/:jobId', { config: { call: 'cancel', provider: 'runpod' } }, (request) => {
		const job = found(emulation, request.params);
		emulation.jobs.cancel(job);
		emulation.follow(job);
		const { id, status = '' } = runpodBody(emulation, job);
		return { id, status: job.script.ignoresCancel === true ? 'CANCELLED' : status };
	});
}

/** Runpod's API as documented, each endpoint under a path of its own, its rate limits included. */
export function runpodRoutes(server: FastifyInstance, emulation: Emulation, limits: RateLimits): void {
	server.addHook('preValidation', async (request, reply) => judge(emulation, limits, request, reply));
	server.setErrorHandler<FastifyError | Refusal>(async (error, _request, reply) => {
		if (!(error instanceof Refusal)) return await reply.code(error.statusCode ?? 500).send({ error: error.message });
		if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', error.retryAfterSeconds);
		return await reply.code(error.statusCode).send(error.body);
	});
	submitRoutes(server, emulation);
	jobRoutes(server, emulation);
	server.get<Endpoint>('/:endpointId/health', { config: { call: 'health', provider: 'runpod' } }, (request) =>
		health(emulation, request.params.endpointId),
	);
}
