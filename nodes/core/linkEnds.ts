import type { Link } from './providers/provider';

/** The clocks of n8n and of the storage may differ: within this a link may still work. */
const MARGIN_MS = 15 * 60_000;

type Parameters = ReadonlyMap<string, string>;

/** How one storage signs its links. */
interface Signature {
	/** The parameters that are other ones whenever the link of the same file is signed. */
	readonly names: RegExp;
	/** When the link stops working, in milliseconds; NaN or undefined where the storage's whole set of parameters is not there. */
	readonly endOf: (parameters: Parameters, hostname: string) => number | undefined;
}

/** A bare `expires=` means nothing: many services write there what they like. */
const SIGNATURES: readonly Signature[] = [
	{ names: /^x-amz-/i, endOf: (parameters) => signedEnd(parameters, 'x-amz') },
	{ names: /^x-goog-/i, endOf: (parameters) => signedEnd(parameters, 'x-goog') },
	// CloudFront; S3's and Google's older signature.
	{
		names: /^(expires|signature|key-pair-id|awsaccesskeyid|googleaccessid)$/i,
		endOf: (parameters) => {
			const owner = ['key-pair-id', 'awsaccesskeyid', 'googleaccessid'].some((name) => parameters.has(name));
			return owner && parameters.has('signature') ? secondsOf(parameters.get('expires')) * 1000 : undefined;
		},
	},
	// Azure's shared access signature.
	{
		names: /^(st|se|skt|ske|sig)$/i,
		endOf: (parameters) => {
			const isWhole = ['sv', 'sig', 'se'].every((name) => parameters.has(name));
			return isWhole ? azureTime(parameters.get('se') ?? '') : undefined;
		},
	},
	{
		names: /^(ex|is|hm)$/i,
		endOf: (parameters, hostname) => {
			const isDiscord = /^(cdn|media)\.discordapp\.(com|net)$/.test(hostname);
			const isWhole = ['is', 'hm'].every((name) => /^[0-9a-f]+$/i.test(parameters.get(name) ?? ''));
			const end = parameters.get('ex') ?? '';
			return isDiscord && isWhole && /^[0-9a-f]{8}$/i.test(end) ? parseInt(end, 16) * 1000 : undefined;
		},
	},
];

/** The fourth signature of S3, which Google's has the form of: a start and how many seconds from it. */
function signedEnd(parameters: Parameters, prefix: string): number | undefined {
	if (!parameters.has(`${prefix}-signature`)) return undefined;
	const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(parameters.get(`${prefix}-date`) ?? '');
	if (date === null) return undefined;
	const [year = 0, month = 0, ...rest] = date.slice(1).map(Number);
	const startMs = Date.UTC(year, month - 1, ...rest);
	return startMs + secondsOf(parameters.get(`${prefix}-expires`)) * 1000;
}

function secondsOf(text: string | undefined): number {
	return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : NaN;
}

/** A time in UTC with or without its seconds; a bare day ends with the day, whatever the storage makes of it. */
function azureTime(text: string): number {
	if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(`${text}T23:59:59Z`);
	return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(text) ? Date.parse(text) : NaN;
}

/** The query's parameters, names in small letters; what comes twice counts as absent, as nobody knows which one holds. */
function parametersOf({ searchParams }: URL): Parameters {
	const parameters = new Map<string, string>();
	const repeated = new Set<string>();
	for (const [name, value] of searchParams) {
		const key = name.toLowerCase();
		if (parameters.has(key)) repeated.add(key);
		parameters.set(key, value);
	}
	for (const key of repeated) parameters.delete(key);
	return parameters;
}

/** When a signed link stops working, in milliseconds; undefined where it does not say so in a form that is known. */
export function linkEndMs(url: string): number | undefined {
	const ends = signaturesIn(new URL(url)).map(({ endMs }) => endMs);
	return ends.length === 0 ? undefined : Math.max(...ends);
}

/** The signatures that are whole in a link, and when each ends. */
function signaturesIn(link: URL): ReadonlyArray<{ readonly names: RegExp; readonly endMs: number }> {
	const parameters = parametersOf(link);
	return SIGNATURES.map(({ names, endOf }) => ({ names, endMs: endOf(parameters, link.hostname) ?? NaN })).filter(
		({ endMs }) => Math.abs(endMs) < 8e15,
	);
}

/** A text for comparing links: that of the link itself, or what is left of it without the signature of its storage. */
export function withoutSignature(url: string): string {
	const link = new URL(url);
	const signatures = signaturesIn(link);
	if (signatures.length === 0) return url;
	const others = [...link.searchParams].filter(([name]) => !signatures.some(({ names }) => names.test(name)));
	return JSON.stringify([url.split('?')[0], others]);
}

/** What is wrong with a signed link that has been over for a quarter of an hour or more; undefined for any other. */
export function endedLinkProblem({ url, holds }: Pick<Link, 'url' | 'holds'>, nowMs: number): string | undefined {
	const endMs = linkEndMs(url);
	if (endMs === undefined || nowMs - endMs < MARGIN_MS) return undefined;
	const ended = new Date(endMs).toISOString().slice(0, 16).replace('T', ' ');
	const otherwise = holds === 'video' ? 'put the clip where a public link leads to it' : 'give the file as Binary';
	return `is a link whose time was over on ${ended} UTC. Make a new link, or ${otherwise}.`;
}
