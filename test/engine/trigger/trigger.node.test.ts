import { KlingVideoTrigger } from '../../../nodes/KlingVideoTrigger/KlingVideoTrigger.node';

test('n8n finds nothing to register at a provider, and nothing to remove', async () => {
	const { checkExists, create, delete: remove } = new KlingVideoTrigger().webhookMethods.default;
	expect([await checkExists(), await create(), await remove()]).toEqual([true, true, true]);
});

test('a call that names no job is answered by the node as n8n makes it', async () => {
	const answers: unknown[] = [];
	const json = (code: number) => (body: unknown) => answers.push([code, body]);
	// Of n8n's context, what is asked for before a job is known.
	const context = {
		getNodeParameter: () => 'runpod',
		getBodyData: () => ({}),
		getResponseObject: () => ({ headersSent: false, status: (code: number) => ({ json: json(code) }) }),
	};
	expect(await new KlingVideoTrigger().webhook.call(context as never)).toEqual({ noWebhookResponse: true });
	expect(answers).toEqual([[400, { message: 'The body names no job' }]]);
});
