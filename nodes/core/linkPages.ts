/** What a link is to open for the provider. */
export type Held = 'picture' | 'video';

/** A service whose links to share a file open a page that shows it. */
interface PageLinks {
	/** For people. */
	readonly name: string;
	readonly host: RegExp;
	/** Path and query of a page; the file itself has another form. */
	readonly page: RegExp;
	/** What in the query makes the same link give the file. */
	readonly unless?: RegExp;
	/** What to do, a sentence. */
	readonly advice: Readonly<Record<Held, string>>;
}

/** For a video, which the form takes as a link only. */
export const PUT_CLIP_ELSEWHERE = 'Put the clip where a public link leads to the file itself.';

const asBinary = (picture: string): PageLinks['advice'] => ({ picture, video: PUT_CLIP_ELSEWHERE });
const byNode = (node: string) => asBinary(`Download the file with n8n's ${node} node and give it as Binary.`);
const BY_BINARY = asBinary(
	'Download the file in a step before and give it as Binary, or give the link of the file itself.',
);
const byLink = (advice: string): PageLinks['advice'] => ({ picture: advice, video: advice });

/**
 * Only forms that give a page to everybody: what may be the file (Drive `uc?export=`, Dropbox `raw=1`, Box
 * `/shared/static/`) is not in here.
 */
const PAGE_LINKS: readonly PageLinks[] = [
	{
		name: 'Google Drive',
		host: /^(drive|docs)\.google\.com$/,
		page: /^\/(a\/[^/]+\/)?(file\/(u\/\d+\/)?d\/|open\?(.*&)?id=|drive\/(u\/\d+\/)?folders\/)/,
		advice: byNode('Google Drive'),
	},
	{
		name: 'Google Docs',
		host: /^docs\.google\.com$/,
		page: /^\/(document|spreadsheets|presentation|drawings)\/(u\/\d+\/)?d\/[^/]+\/(edit|view|preview)\b/,
		advice: BY_BINARY,
	},
	{
		name: 'Google Photos',
		host: /^photos\.(app\.goo\.gl|google\.com)$/,
		page: /^\/./,
		advice: asBinary('Download the picture in a step before and give it as Binary.'),
	},
	{
		name: 'Dropbox',
		host: /^(www\.)?dropbox\.com$/,
		page: /[?&]dl=0(&|$)/,
		unless: /[?&]raw=1(&|$)/,
		advice: byLink('Replace dl=0 by dl=1 in the link.'),
	},
	{
		name: 'OneDrive',
		host: /^(1drv\.ms|onedrive\.live\.com)$/,
		page: /^\/(?!download\b)./,
		unless: /[?&]download=1(&|$)/,
		advice: byNode('Microsoft OneDrive'),
	},
	{
		name: 'SharePoint or OneDrive',
		host: /\.sharepoint\.com$/,
		page: /^\/:[a-z]:\//,
		unless: /[?&]download=1(&|$)/,
		advice: byNode('Microsoft OneDrive or SharePoint'),
	},
	{
		name: 'iCloud',
		host: /^((www|share|photos)\.)?icloud\.com$/,
		page: /^\/(iclouddrive|photos|sharedalbum|attachment)\b/,
		advice: BY_BINARY,
	},
	{
		name: 'GitHub',
		host: /^(www\.)?github\.com$/,
		page: /^\/[^/]+\/[^/]+\/blob\//,
		unless: /[?&]raw=(true|1)(&|$)/,
		advice: byLink('Add ?raw=true to the link.'),
	},
	{ name: 'GitLab', host: /^gitlab\.com$/, page: /\/-\/blob\//, advice: byLink('Write /-/raw/ in place of /-/blob/.') },
	{
		name: 'Box',
		host: /^([\w-]+\.)?(app|account)\.box\.com$/,
		page: /^\/(s|file|folder)\//,
		advice: byNode('Box'),
	},
	{
		name: 'Wikimedia',
		host: /^(commons\.wikimedia|[\w-]+(\.m)?\.wikipedia)\.org$/,
		page: /^\/wiki\/(File|Datei|Fichier|Archivo):/i,
		advice: byLink('Give the link of the file itself, which begins with https://upload.wikimedia.org/.'),
	},
];

/** What is wrong with a link that opens a page around the file, by its form, with the way out; undefined for any other. */
export function pageLinkProblem({ hostname, pathname, search }: URL, holds: Held): string | undefined {
	const asked = `${pathname}${search}`;
	const found = PAGE_LINKS.find(
		({ host, page, unless }) => host.test(hostname) && page.test(asked) && unless?.test(search) !== true,
	);
	if (found === undefined) return undefined;
	return `is ${found.name}'s link to a page that shows the file, not to the file itself. ${found.advice[holds]}`;
}
