import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asObject, present, type JsonObject } from '../../nodes/core/json';
import { coreTodayBody, coreTodayStatus } from './coreTodayReplies';
import { takeScript, type Emulation } from './emulation';
import { hasEndedAt, httpStatusOf, type Job } from './jobs';
import { modelOf, type Model } from './models';
import { referenceProblem, referencesIn } from './references';
import { CORE_TODAY_CREATE, problemWith } from './schemas';

/** Replicate, which is behind Core.Today, takes data URIs under 1 MB; docs/providers.md. */
const DATA_URI_LIMIT = 1_000_000;

/** A refusal that created nothing. How Core.Today words its errors is unknown; `detail` is one of the forms to expect. */
export class Refusal extends Error {
	constructor(
		readonly statusCode: number,
		message: string,
	) {
		super(message);
	}
}

async function checkInput(
	emulation: Emulation,
	request: FastifyRequest,
	model: Model,
	input: JsonObject,
): Promise<void> {
	const problem = problemWith(request, model.input, input);
	if (problem !== undefined) throw new Refusal(422, problem);
	for (const [field, reference] of referencesIn(input, model.pictureKeys)) {
		const isLong = reference.startsWith('data:') && reference.length >= DATA_URI_LIMIT;
		if (isLong) throw new Refusal(422, `field "${field}": data URI is not under 1 MB`);
	}
	const wrong = await referenceProblem(emulation, model, input);
	if (wrong !== undefined) throw new Refusal(422, `field "${wrong.field}": ${wrong.problem}`);
}

/**
 * The one way to a job at Core.Today: checks the whole body, then accepts it.
 * @throws Refusal: 404 for an unknown model, 422 for anything else that is wrong; nothing was created then.
 */
export async function createPrediction(emulation: Emulation, request: FastifyRequest, body: unknown): Promise<Job> {
	const problem = problemWith(request, CORE_TODAY_CREATE, body);
	if (problem !== undefined) throw new Refusal(422, problem);
	// The schema above is what makes the cast true.
	const created = body as { model: string; input: JsonObject; webhook?: string; webhook_events?: string[] };
	const { model, input, webhook, webhook_events } = created;
	const known = modelOf('coreToday', model);
	const isOther = emulation.options.otherModels?.includes(model) === true;
	if (known === undefined && !isOther) throw new Refusal(404, `Model '${model}' not found`);
	if (known !== undefined) await checkInput(emulation, request, known, input);
	const script = takeScript(emulation, request);
	const price = known?.price(input, script.clipSeconds ?? emulation.clipSeconds);
	const extras = present({ webhookUrl: webhook, webhookEvents: webhook_events, price });
	const job = emulation.jobs.accept({ provider: 'coreToday', model, input, script, ...extras });
	request.exchange.record.jobId = job.id;
	emulation.follow(job);
	return job;
}

/** What a submit is answered with. */
export function createdBody(emulation: Emulation, job: Job): JsonObject {
	const body = coreTodayBody(emulation, job);
	if (job.script.withoutId !== true) return body;
	return Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'id' && key !== 'job_id'));
}

function authenticate(emulation: Emulation, request: FastifyRequest): void {
	const { authorization, 'x-api-key': apiKey } = request.headers;
	const { coreToday } = emulation.keys;
	if (apiKey === undefined && authorization === undefined) throw new Refusal(401, 'API key is missing');
	if ((apiKey ?? authorization) !== (apiKey === undefined ? `Bearer ${coreToday}` : coreToday)) {
		throw new Refusal(401, 'Invalid API key');
	}
}

function found(emulation: Emulation, jobId: string): Job {
	const job = emulation.jobs.onRecord('coreToday', jobId);
	if (job === undefined) throw new Refusal(404, 'Prediction not found');
	return job;
}

async function cancel(emulation: Emulation, job: Job, reply: FastifyReply): Promise<FastifyReply> {
	if (hasEndedAt(job, emulation.clock.now())) throw new Refusal(400, 'Prediction has already ended');
	emulation.jobs.cancel(job);
	emulation.follow(job);
	if (job.script.cancelReply !== 'json') return await reply.code(204).send();
	return await reply.send(coreTodayBody(emulation, job));
}

/** Core.Today's API as documented, without its file uploads. */
export function coreTodayRoutes(server: FastifyInstance, emulation: Emulation): void {
	server.addHook('preValidation', async (request) => authenticate(emulation, request));
	server.setErrorHandler<FastifyError>(async (error, _request, reply) => {
		return await reply.code(error.statusCode ?? 500).send({ detail: error.message });
	});
	server.setNotFoundHandler(async (_request, reply) => await reply.code(404).send({ detail: 'Not Found' }));
	server.get('/templates', { config: { call: 'templates', provider: 'coreToday' } }, () => ({
		success: true,
		templates: [],
		total: 0,
	}));
	server.post('/predictions', { config: { call: 'submit', provider: 'coreToday' } }, async (request) =>
		createdBody(emulation, await createPrediction(emulation, request, asObject(request.body))),
	);
	server.get<{ Params: { jobId: string } }>(
		'/predictions/:jobId',
		{ config: { call: 'status', provider: 'coreToday' } },
		async (request, reply) => {
			const job = found(emulation, request.params.jobId);
			return await reply.code(httpStatusOf(job, emulation.clock.now())).send(coreTodayStatus(emulation, job));
		},
	);
	server.delete<{ Params: { jobId: string } }>(
		'/predictions/:jobId',
		{ config: { call: 'cancel', provider: 'coreToday' } },
		async (request, reply) => await cancel(emulation, found(emulation, request.params.jobId), reply),
	);
}
