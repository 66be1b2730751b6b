import { createHash } from 'node:crypto';
import multipart from '@fastify/multipart';
import fastify from 'fastify';
import type { ScenarioContext } from './scenario.cts';

type Context = Pick<ScenarioContext, 'afterwards'>;

export interface Telegram {
	/** The `baseUrl` and `accessToken` of a telegramApi credential. */
	readonly url: string;
	readonly token: string;
	/** The videos that the bot sent. */
	readonly videos: Array<{ chatId: string; sha256: string }>;
	/** The texts that the bot sent. */
	readonly texts: string[];
	/** Whether n8n has said where it wants to be called. */
	isListening(): boolean;
	/** Brings the bot a message, as Telegram calls a webhook. */
	receive(message: object): Promise<void>;
}

/** Stands in for Telegram's bot API; every file that it has is `photo`. */
export async function startTelegram({ afterwards }: Context, photo: Buffer): Promise<Telegram> {
	const token = '123456:emulated-bot-token';
	const videos: Telegram['videos'] = [];
	const texts: string[] = [];
	let webhook: { url: string; secret_token: string } | undefined;
	const server = fastify({ forceCloseConnections: true });
	await server.register(multipart);
	const bot = `/bot${token.replace(':', '::')}`;
	server.post(`${bot}/getWebhookInfo`, () => ({ ok: true, result: { url: '' } }));
	server.post(`${bot}/deleteWebhook`, () => ({ ok: true, result: true }));
	server.post<{ Body: { url: string; secret_token: string } }>(`${bot}/setWebhook`, ({ body }) => {
		webhook = body;
		return { ok: true, result: true };
	});
	server.get(`${bot}/getFile`, () => ({ ok: true, result: { file_path: 'photos/file_1.png' } }));
	server.get(`/file${bot}/photos/file_1.png`, (_request, reply) => reply.type('image/png').send(photo));
	server.post<{ Body: { text: string } }>(`${bot}/sendMessage`, ({ body }) => {
		texts.push(body.text);
		return { ok: true, result: { message_id: 3 } };
	});
	server.post(`${bot}/sendVideo`, async (request) => {
		const sent = { chatId: '', sha256: '' };
		for await (const part of request.parts()) {
			if (part.type === 'field' && part.fieldname === 'chat_id') sent.chatId = String(part.value);
			if (part.type === 'file')
				sent.sha256 = createHash('sha256')
					.update(await part.toBuffer())
					.digest('hex');
		}
		videos.push(sent);
		return { ok: true, result: { message_id: 2 } };
	});
	const url = await server.listen({ host: '127.0.0.1', port: 0 });
	afterwards(async () => await server.close());
	return {
		url,
		token,
		videos,
		texts,
		isListening: () => webhook !== undefined,
		receive: async (message) => {
			if (webhook === undefined) throw new Error('n8n has set no webhook');
			const headers = {
				'content-type': 'application/json',
				'x-telegram-bot-api-secret-token': webhook.secret_token,
			};
			const reply = await fetch(webhook.url, { method: 'POST', headers, body: JSON.stringify({ message }) });
			if (!reply.ok) throw new Error(`n8n answered ${reply.status} to Telegram`);
		},
	};
}

interface Edit {
	readonly timeline: {
		readonly tracks: Array<{ readonly clips: Array<{ readonly asset: { readonly src: string } }> }>;
	};
	readonly output: { readonly format: string };
}

export interface RenderService {
	/** What a user puts into Settings as `renderUrl`. */
	readonly url: string;
	readonly key: string;
	/** What was asked for: the format and the links of the clips, in order. */
	readonly renders: Array<{ format: string; clips: string[] }>;
}

/** Stands in for Shotstack: a render is ready at the second look, a picture at `imageUrl` or a film at `filmUrl`. */
export async function startRenderService(
	{ afterwards }: Context,
	{ imageUrl, filmUrl }: { imageUrl: string; filmUrl: string },
): Promise<RenderService> {
	const key = 'emulated-render-key';
	const renders: RenderService['renders'] = [];
	const looks: number[] = [];
	const server = fastify({ forceCloseConnections: true });
	server.addHook('onRequest', async ({ headers }, reply) => {
		if (headers['x-api-key'] !== key) return await reply.code(403).send({ message: 'Forbidden' });
	});
	server.post<{ Body: Edit }>('/edit/stage/render', async ({ body }, reply) => {
		const clips = body.timeline.tracks.flatMap((track) => track.clips.map(({ asset }) => asset.src));
		renders.push({ format: body.output.format, clips });
		const response = { message: 'Render Successfully Queued', id: String(renders.length) };
		return await reply.code(201).send({ success: true, message: 'Created', response });
	});
	server.get<{ Params: { id: string } }>('/edit/stage/render/:id', async ({ params }, reply) => {
		const number = Number(params.id);
		const render = renders[number - 1];
		if (render === undefined) return await reply.code(404).send({ success: false, message: 'Not Found' });
		looks[number] = (looks[number] ?? 0) + 1;
		const isReady = (looks[number] ?? 0) > 1;
		const url = render.format === 'mp4' ? filmUrl : imageUrl;
		const response = isReady ? { id: params.id, status: 'done', url } : { id: params.id, status: 'rendering' };
		return { success: true, message: 'OK', response };
	});
	const origin = await server.listen({ host: '127.0.0.1', port: 0 });
	afterwards(async () => await server.close());
	return { url: `${origin}/edit/stage`, key, renders };
}
