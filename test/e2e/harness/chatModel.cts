import fastify from 'fastify';
import type { ScenarioContext } from './scenario.cts';

/** What the model says in one turn: a call of a tool, or its answer. */
export type Turn = { tool: string; arguments: object } | { text: string };

interface ChatRequest {
	stream?: boolean;
	messages: Array<{ role: string; content: unknown }>;
	tools?: Array<{ function: { name: string; description: string; parameters: unknown } }>;
}

export interface ChatModel {
	/** The `url` of an openAiApi credential. */
	readonly url: string;
	/** What the agent sent, turn by turn. */
	readonly requests: ChatRequest[];
}

function messageOf(turn: Turn): object {
	if ('text' in turn) return { role: 'assistant', content: turn.text };
	const call = { name: turn.tool, arguments: JSON.stringify(turn.arguments) };
	const toolCalls = [{ index: 0, id: `call_${crypto.randomUUID()}`, type: 'function', function: call }];
	return { role: 'assistant', content: null, tool_calls: toolCalls };
}

/**
 * Stands in for the language model behind n8n's OpenAI Chat Model node (chat completions, streamed or not): it says
 * the turns it was given, one by one, whatever it is asked. A request after the last turn is refused.
 */
export async function startChatModel({ afterwards }: ScenarioContext, turns: Turn[]): Promise<ChatModel> {
	const requests: ChatRequest[] = [];
	const server = fastify({ forceCloseConnections: true });
	server.post<{ Body: ChatRequest }>('/v1/chat/completions', async ({ body }, reply) => {
		const turn = turns[requests.length];
		requests.push(body);
		if (!turn) return await reply.code(400).send({ error: { message: 'the script has no turn left' } });
		const message = messageOf(turn);
		const finish = 'text' in turn ? 'stop' : 'tool_calls';
		const head = { id: 'chatcmpl-1', created: 0, model: 'scripted' };
		if (!body.stream) {
			const choices = [{ index: 0, message, finish_reason: finish }];
			const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
			return { ...head, object: 'chat.completion', choices, usage };
		}
		const chunks = [
			{ index: 0, delta: message, finish_reason: null },
			{ index: 0, delta: {}, finish_reason: finish },
		].map((choice) => JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [choice] }));
		const events = [...chunks, '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
		return await reply.type('text/event-stream').send(events);
	});
	const origin = await server.listen({ host: '127.0.0.1', port: 0 });
	afterwards(async () => await server.close());
	return { url: `${origin}/v1`, requests };
}
