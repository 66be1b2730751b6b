import multipart from '@fastify/multipart';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { present } from '../../nodes/core/json';
import { realClock } from '../support/node.cts';
import { controlRoutes, type Control } from './control';
import { coreTodayRoutes } from './coreToday';
import { coreTodayStatus } from './coreTodayReplies';
import { coreTodayUploadRoutes, storageRoutes } from './coreTodayUploads';
import type { Emulation } from './emulation';
import type { Emulator } from './index';
import { JobBook, viewOf } from './jobs';
import { clipRoute, videoRoutes } from './media';
import { recordAndMisbehave } from './misbehave';
import { pictureHostRoutes, PICTURE_HOSTS_PATH } from './pictureHosts';
import { pictureRoutes } from './pictures';
import { RateLimits } from './rateLimits';
import { RuleBook } from './rules';
import { runpodRoutes } from './runpod';
import { runpodBody } from './runpodReplies';
import type { EmulatorOptions, Strike } from './types';
import { CLIP_PATH } from './video';
import { Webhooks } from './webhooks';

/** Fixed, so that they can stand in a demo's credentials, and telling, so that a leak is seen. */
const KEYS = { coreToday: 'cdt_emulator_key_0123456789', runpod: 'rpa_emulator_key_0123456789' };
const BODY_LIMIT = 20_000_000;
const DEFAULT_CLIP_SECONDS = 5;

function createEmulation(options: EmulatorOptions, follow: Emulation['follow']): Emulation {
	const clock = options.clock ?? realClock;
	return {
		clock,
		options,
		keys: KEYS,
		jobs: new JobBook(clock, options),
		rules: new RuleBook(),
		scripts: new RuleBook(),
		requests: [],
		deliveries: [],
		announcedUploads: new Map(),
		uploaded: new Map(),
		follow,
		retired: new Set(options.retiredEndpoints),
		clipSeconds: options.clipSeconds ?? DEFAULT_CLIP_SECONDS,
		startedAtMs: clock.now(),
		submitCount: 0,
		origin: '',
	};
}

function reset(emulation: Emulation): void {
	const { jobs, rules, scripts, requests, deliveries, announcedUploads, uploaded, retired, options } = emulation;
	for (const part of [jobs, rules, scripts, announcedUploads, uploaded]) part.clear();
	requests.length = 0;
	deliveries.length = 0;
	emulation.submitCount = 0;
	emulation.clipSeconds = options.clipSeconds ?? DEFAULT_CLIP_SECONDS;
	retired.clear();
	for (const endpointId of options.retiredEndpoints ?? []) retired.add(endpointId);
	emulation.startedAtMs = emulation.clock.now();
}

function createServer(): FastifyInstance {
	return fastify({
		bodyLimit: BODY_LIMIT,
		forceCloseConnections: true,
		// The documents' schemas as they are: nothing is converted, filled in or dropped.
		ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, verbose: true } },
	});
}

async function register(server: FastifyInstance, emulation: Emulation, limits: RateLimits): Promise<void> {
	recordAndMisbehave(server, emulation);
	// Both APIs take JSON, and forms where documented.
	server.removeContentTypeParser('text/plain');
	await server.register(multipart);
	server.setErrorHandler<FastifyError>(async (error, _request, reply) => {
		return await reply
			.code(error.statusCode ?? 500)
			.type('text/plain')
			.send(error.message);
	});
	server.setNotFoundHandler(async (_request, reply) => await reply.code(404).type('text/plain').send('Not Found'));
	pictureRoutes(server, emulation);
	pictureHostRoutes(server, emulation);
	clipRoute(server);
	videoRoutes(server, emulation);
	storageRoutes(server, emulation);
	await server.register(
		async (scope) => {
			coreTodayRoutes(scope, emulation);
			coreTodayUploadRoutes(scope, emulation);
		},
		{ prefix: '/core-today/v1' },
	);
	await server.register(async (scope) => runpodRoutes(scope, emulation, limits), { prefix: '/runpod/v2' });
}

/** What was done by the rules and scripts that were given, and to which calls. */
function strikesOf({ rules, scripts }: Emulation): Strike[] {
	return [...rules.taken, ...scripts.taken].map(({ occasion: { provider, call, jobNumber }, then }) =>
		present({ what: then, provider, call, jobNumber }),
	);
}

/** Builds and starts the server; see `startEmulator`. */
export async function startServer(options: EmulatorOptions): Promise<Emulator> {
	const webhooks = new Webhooks(() => emulation, { coreToday: coreTodayStatus, runpod: runpodBody });
	const emulation = createEmulation(options, webhooks.follow);
	const limits = new RateLimits();
	const server = createServer();
	await register(server, emulation, limits);
	const control: Control = {
		jobs: () => emulation.jobs.all().map((job) => viewOf(job, emulation.clock.now(), emulation.origin)),
		requests: () => [...emulation.requests],
		deliveries: () => [...emulation.deliveries],
		misbehave: (rule) => emulation.rules.add(rule.when, rule.do),
		retire: (endpointId) => void emulation.retired.add(endpointId),
		clipLength: (seconds) => {
			emulation.clipSeconds = seconds;
		},
		script: (script) => emulation.scripts.add(script.when, script.job),
		reset: () => {
			reset(emulation);
			limits.clear();
		},
	};
	controlRoutes(server, control);
	const url = await server.listen({ host: '127.0.0.1', port: options.port ?? 0 });
	emulation.origin = url;
	return {
		...control,
		strikes: () => strikesOf(emulation),
		url,
		coreTodayUrl: `${url}/core-today/v1`,
		runpodUrl: `${url}/runpod/v2`,
		imageUrl: `${url}/images/image.png`,
		clipUrl: url + CLIP_PATH,
		pictureUrl: (name) => `${url}${PICTURE_HOSTS_PATH}/${name}`,
		keys: KEYS,
		stop: async () => {
			await webhooks.stop();
			await server.close();
		},
	};
}
