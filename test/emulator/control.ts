import type { FastifyInstance } from 'fastify';
import { asNumber, asObject, asText } from '../../nodes/core/json';
import type { Emulator } from './index';
import type { Rule, Script } from './types';

/** What the outside may ask and tell a running emulator. */
export type Control = Pick<
	Emulator,
	'jobs' | 'requests' | 'deliveries' | 'misbehave' | 'script' | 'retire' | 'clipLength' | 'reset'
>;

/** The emulator's own handle over HTTP, for tests that run it in another process. Needs no key. */
export function controlRoutes(server: FastifyInstance, emulator: Control): void {
	server.get('/_control/jobs', () => emulator.jobs());
	server.get('/_control/requests', () => emulator.requests());
	server.get('/_control/deliveries', () => emulator.deliveries());
	server.post('/_control/misbehave', async (request, reply) => {
		if (asObject(asObject(request.body)?.do) === undefined) return await reply.code(400).send({ error: 'no "do"' });
		// A test wrote it; TypeScript checks it at the sender.
		emulator.misbehave(request.body as Rule);
		return await reply.code(204).send();
	});
	server.post('/_control/script', async (request, reply) => {
		if (asObject(asObject(request.body)?.job) === undefined) return await reply.code(400).send({ error: 'no "job"' });
		// As above.
		emulator.script(request.body as Script);
		return await reply.code(204).send();
	});
	server.post('/_control/retire', async (request, reply) => {
		const endpointId = asText(asObject(request.body)?.endpointId);
		if (endpointId === undefined) return await reply.code(400).send({ error: 'no "endpointId"' });
		emulator.retire(endpointId);
		return await reply.code(204).send();
	});
	server.post('/_control/clipLength', async (request, reply) => {
		const seconds = asNumber(asObject(request.body)?.seconds);
		if (seconds === undefined) return await reply.code(400).send({ error: 'no "seconds"' });
		emulator.clipLength(seconds);
		return await reply.code(204).send();
	});
	server.post('/_control/reset', async (_request, reply) => {
		emulator.reset();
		return await reply.code(204).send();
	});
}
