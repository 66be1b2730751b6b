import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

/**
 * The test may not send the key unprotected either: plain http is for this machine only, as in the nodes. Blanks and
 * control characters go first: a link is read without them, so they would hide what it begins with.
 */
const SAFE_BASE_URL = `={{ $credentials.baseUrl.replace(/[\\0- ]/g, '').trim().replace(/^http:(?!\\/\\/(localhost|127\\.[\\d.]+|\\[::1])(:\\d+)?(\\/|$))/i, 'https:') }}`;

/** The key without quotes, blanks and a "Bearer" around it, as the nodes read it, too (`nodes/core/key.ts`). */
const AROUND_KEY = '[\\s\\0-\\x1f\\u200b-\\u200f\\u2060\\ufeff"\'`\\u2018-\\u201d]+';
const TRIM = `replace(/^${AROUND_KEY}|${AROUND_KEY}$/g, '')`;
const CLEAN_KEY = `$credentials.apiKey.${TRIM}.replace(/^bearer\\s+/i, '').${TRIM}`;

export class RunpodApi implements ICredentialType {
	name = 'runpodApi';

	displayName = 'Runpod API';

	icon: Icon = { light: 'file:../icons/runpod.svg', dark: 'file:../icons/runpod.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-kling-video/n8n-nodes-kling-video#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'e.g. rpa_…',
			description:
				'Make a key at <a href="https://console.runpod.io" target="_blank">console.runpod.io</a> under Settings, API Keys, with write access to Serverless endpoints. It begins with rpa_ and is shown only once.',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.runpod.ai/v2',
			placeholder: 'e.g. https://api.runpod.ai/v2',
			description: 'Leave https://api.runpod.ai/v2 here, unless you use a gateway of your own',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: `=Bearer {{ ${CLEAN_KEY} }}` } },
	};

	// Free. 401 is a wrong key; 404 says that the endpoint is gone, and the key was not checked. It is O1's endpoint, as
	// that of v2.1 was reported gone (docs/providers.md#runpod-retired-endpoint).
	test: ICredentialTestRequest = {
		request: {
			baseURL: SAFE_BASE_URL,
			url: '/kling-video-o1-r2v/health',
			method: 'GET',
			disableFollowRedirect: true,
		},
		rules: [
			...[401, 403].map((value) => ({
				type: 'responseCode' as const,
				properties: {
					value,
					message:
						'Runpod does not accept this API key. Make a new key at console.runpod.io, Settings, API Keys, and paste the whole of it here.',
				},
			})),
			{
				type: 'responseCode',
				properties: {
					value: 404,
					message:
						'Runpod no longer has the endpoint kling-video-o1-r2v, so the key could not be checked. Save it all the same, and choose a Model other than Kling O1 in the node.',
				},
			},
		],
	};
}
