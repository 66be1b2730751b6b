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

export class CoreTodayApi implements ICredentialType {
	name = 'coreTodayApi';

	displayName = 'Core.Today API';

	icon: Icon = { light: 'file:../icons/coreToday.svg', dark: 'file:../icons/coreToday.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-kling-video/n8n-nodes-kling-video#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			placeholder: 'e.g. cdt_…',
			description:
				'Make a key at <a href="https://console.core.today" target="_blank">console.core.today</a> under API Keys. It begins with cdt_ and is shown only once.',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'https://api.core.today/v1',
			placeholder: 'e.g. https://api.core.today/v1',
			description: 'Leave https://api.core.today/v1 here, unless you use a gateway of your own',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { 'X-API-Key': `={{ ${CLEAN_KEY} }}` } },
	};

	// The only documented free call that needs a key.
	test: ICredentialTestRequest = {
		request: { baseURL: SAFE_BASE_URL, url: '/templates', method: 'GET', disableFollowRedirect: true },
		rules: [401, 403].map((value) => ({
			type: 'responseCode',
			properties: {
				value,
				message:
					'Core.Today does not accept this API key. Make a new key at console.core.today, API Keys, and paste the whole of it here.',
			},
		})),
	};
}
