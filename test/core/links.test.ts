import fc from 'fast-check';
import { endedLinkProblem, withoutSignature } from '../../nodes/core/linkEnds';
import { readLink, type ReadLink } from '../../nodes/core/links';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
/** A link as it is read from the form and judged again when it is used. */
const readAs = (holds: 'picture' | 'video', value: unknown): ReadLink => {
	const link = readLink(value, { providerIsLocal: false, holds });
	const problem = 'url' in link ? endedLinkProblem({ url: link.url, holds }, NOW_MS) : undefined;
	return problem === undefined ? link : { problem };
};
const read = (value: unknown): ReadLink => readAs('picture', value);
const problemOf = (value: unknown): string => {
	const link = read(value);
	return 'problem' in link ? link.problem : `no problem: ${link.url}`;
};

const TOKEN = '7123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345';

/** Links as people have them, and what becomes of each: it passes as it is, or what is said. */
const KINDS: ReadonlyArray<[link: string, problem?: RegExp]> = [
	['https://drive.google.com/file/d/1AbC_d-E/view?usp=sharing', /Google Drive's link to a page.*Google Drive node/],
	['https://drive.google.com/file/d/1AbC_d-E', /Google Drive's link to a page/],
	['https://drive.google.com/open?id=1AbC', /Google Drive's link to a page/],
	['https://drive.google.com/open?usp=drive_copy&id=1AbC', /Google Drive's link to a page/],
	['https://drive.google.com/uc?export=download&id=1AbC'],
	['https://drive.google.com/thumbnail?id=1AbC&sz=w2000'],
	['https://drive.usercontent.google.com/download?id=1AbC&export=download'],
	['https://lh3.googleusercontent.com/d/1AbC=w1000'],
	['https://photos.app.goo.gl/abcDEF123', /Google Photos's link to a page/],
	['https://photos.google.com/share/AF1Q?key=x', /Google Photos's link to a page/],
	['https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=x&dl=0', /Dropbox's link to a page.*dl=1/],
	['https://www.dropbox.com/s/abc/cat.png?dl=0', /Dropbox's link to a page/],
	['https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=x&dl=1'],
	['https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=x&raw=1'],
	['https://www.dropbox.com/scl/fi/abc/cat.png?rlkey=x&raw=1&dl=0'],
	['https://dl.dropboxusercontent.com/s/abc/cat.png'],
	['https://1drv.ms/i/s!AbC?e=x', /OneDrive's link to a page/],
	['https://onedrive.live.com/?cid=A&id=B', /OneDrive's link to a page/],
	['https://onedrive.live.com/download?cid=A&resid=B&authkey=C'],
	['https://contoso-my.sharepoint.com/:i:/g/personal/a_b/EaBc?e=x', /OneDrive's link to a page/],
	['https://contoso-my.sharepoint.com/:i:/g/personal/a_b/EaBc?e=x&download=1'],
	['https://www.icloud.com/iclouddrive/0aBc#cat', /iCloud's link to a page/],
	['https://share.icloud.com/photos/0aBc', /iCloud's link to a page/],
	['https://cvws.icloud-content.com/B/abc/cat.jpg?o=x&v=1'],
	['https://github.com/me/repo/blob/main/cat.png', /GitHub's link to a page.*raw=true/],
	['https://github.com/me/repo/blob/main/cat.png?raw=true'],
	['https://github.com/me/repo/raw/main/cat.png'],
	['https://raw.githubusercontent.com/me/repo/main/blob/cat.png'],
	['https://gitlab.com/me/repo/-/blob/main/cat.png', /GitLab's link to a page/],
	['https://gitlab.com/me/repo/-/raw/main/cat.png'],
	['https://app.box.com/s/abc123', /Box's link to a page/],
	['https://app.box.com/shared/static/abc123.png'],
	['https://commons.wikimedia.org/wiki/File:Cat.jpg', /Wikimedia's link to a page.*upload\.wikimedia\.org/],
	['https://upload.wikimedia.org/wikipedia/commons/a/a1/Cat.jpg'],
	[`https://api.telegram.org/file/bot${TOKEN}/photos/file_1.jpg`, /token of your Telegram bot.*Binary/],
	[`https://bot-api.example.com/file/bot${TOKEN.replace(':', '%3A')}/photos/file_1.jpg`, /token of your Telegram bot/],
	[`https://api.telegram.org/bot${TOKEN}/getFile?file_id=1`, /token of your Telegram bot/],
	[`https://example.com/telegram/file/bot${TOKEN}/photos/file_1.jpg`, /token of your Telegram bot/],
	[
		`https://images.weserv.nl/?url=https://api.telegram.org/file/bot${TOKEN}/stickers/a.webp&output=jpg`,
		/token of your Telegram bot/,
	],
	[
		`https://res.cloudinary.com/demo/image/fetch/f_jpg/https://api.telegram.org/file/bot${TOKEN}/a.webp`,
		/token of your Telegram bot/,
	],
	[
		`https://images.weserv.nl/?url=${encodeURIComponent(`https://api.telegram.org/file/bot${TOKEN}/a.webp`)}`,
		/token of your Telegram bot/,
	],
	[
		`https://example.com/?go=${encodeURIComponent(`https://images.weserv.nl/?url=${encodeURIComponent(`https://api.telegram.org/file/bot${TOKEN}/a.webp`)}`)}`,
		/token of your Telegram bot/,
	],
	[`https://api.telegram.org/file/%62ot${TOKEN}/photos/file_1.jpg`, /token of your Telegram bot/],
	['https://example.com/file/bottle:1/cat.png'],
	['https://example.com/file/bot123:short/cat.png'],
	['https://images.weserv.nl/?url=https%3A%2F%2Fexample.com%2Fbot123%3Ashort%2Fcat.png&output=jpg'],
	['https://example.com/bot123:short/cat.png'],
	['https://firebasestorage.googleapis.com/v0/b/x/o/cat.png?alt=media&token=abc-def'],
	['https://abc.supabase.co/storage/v1/object/sign/x/cat.png?token=eyJh.eyJi.c'],
	['https://account.blob.core.windows.net/x/cat.png?sig=abc%3D'],
	['https://example.com/cat.png?expires=1'],
	['https://images.example.com/cat.png?Expires=1&Signature=abc'],
	['https://cdn.discordapp.com/attachments/1/2/cat.png'],
	['https://files.example.com/a/{b}/c|d^e/"f"/[g].png'],
	['https://example.com/a%20b.png?x=%7B%7D&y=a+b'],
];

const refusedKinds = KINDS.flatMap(([link, problem]) => (problem === undefined ? [] : [[link, problem] as const]));

test.each(KINDS.filter(([, problem]) => problem === undefined))('%s passes as it is', (...[link]) => {
	expect(read(link)).toEqual({ url: link });
});

test.each(refusedKinds)('%s is refused with the way out', (link, problem) => {
	expect(problemOf(link)).toMatch(problem);
});

test.each([
	...refusedKinds.map(([link]) => link),
	'https://b.s3.amazonaws.com/a.mp4?AWSAccessKeyId=A&Expires=1704067200&Signature=abc',
	'data:video/mp4;base64,AAAA',
])('%s, where a video has to be, gets no advice for pictures', (link) => {
	const clip = readAs('video', link);
	expect(clip).toEqual({ problem: expect.not.stringMatching(/Binary|picture|binary|n8n's .* node/) });
	expect(clip).toEqual({ problem: expect.stringMatching(/[.,] [A-Z].*[.]$/) });
});

test('a data URI is to become a link, or the picture a file', () => {
	expect(problemOf('data:image/png;base64,iVBORw0KGgo')).toBe(
		'is a data URI. Give a link, or give the picture as Binary.',
	);
});

test('what is refused by its form is refused for an emulator, too, and never repeats more than the host', () => {
	for (const [link, problem] of refusedKinds) {
		expect(readLink(link, { providerIsLocal: true, holds: 'picture' })).toEqual({
			problem: expect.stringMatching(problem),
		});
		expect(problemOf(link)).not.toMatch(/1AbC|0aBc|AAF-|rlkey|EaBc|7123456789/);
		expect(problemOf(link)).toMatch(/[.] [A-Z].*[.]$|[.] Add \?raw=true to the link\.$/);
	}
});

describe('a link as people have it', () => {
	test.each([
		['https://example.com/фото.png', 'https://example.com/%D1%84%D0%BE%D1%82%D0%BE.png'],
		['https://example.com/a.png?name=café&b=%20', 'https://example.com/a.png?name=caf%C3%A9&b=%20'],
		['https://bücher.example.com/ü.png', 'https://xn--bcher-kva.example.com/%C3%BC.png'],
		['https://bücher.example.com:8443/a.png', 'https://xn--bcher-kva.example.com:8443/a.png'],
		[
			'https://example.com/Screenshot\u202f10.00\u00a0AM.png',
			'https://example.com/Screenshot%E2%80%AF10.00%C2%A0AM.png',
		],
		['https://example.com/😀.png', 'https://example.com/%F0%9F%98%80.png'],
		['https://example.com/\ud83d.png', 'https://example.com/.png'],
		['https://example.com/a.png\u200b', 'https://example.com/a.png'],
		['\ufeff\u200e https://example.com/a.png\u2060\u00ad\n', 'https://example.com/a.png'],
		['\0https://example.com/a.png\x7f', 'https://example.com/a.png'],
		['HTTPS://Example.com/A.png?X-Amz=%2f+~', 'HTTPS://Example.com/A.png?X-Amz=%2f+~'],
	])('%j goes as %s', (link, url) => {
		expect(read(link)).toEqual({ url });
	});

	test.each([
		['https://example.com/a.png?w=1&amp;h=2', /has &amp; in it.*Replace each &amp; by &/],
		['https://example.com/a.png?w=1&AMP;h=2', /has &amp; in it/],
		[[{ url: 'https://example.com/a.png' }], /is a list.*…\[0\]\.url/],
		['[{"id":"att1","url":"https://example.com/a.png"}]', /is a list.*…\[0\]\.url.*JSON text/],
		[['https://example.com/a.png'], /is a list.*…\[0\] in/],
		[[{ signedUrl: 'https://example.com/a.png' }], /…\[0\]\.signedUrl/],
		[[], /is an empty list/],
		['[]', /is an empty list/],
		[{ url: 'https://example.com/a.png' }, /is an object.*….url/],
		['{"link":"https://example.com/a.png"}', /is an object.*….link/],
		['https://example.com/a b.png', /space.*%20/],
		['', /is empty/],
		['\u200b', /is empty/],
		[undefined, /is empty/],
		['https://n8n/ü.png', /is on the host n8n/],
	])('%j is refused, with what to do', (value, message) => {
		expect(problemOf(value)).toMatch(message);
	});

	test.each(['https://example.com/a&amp;b.png', 'https://example.com/a.png#x?a=1&amp;b=2'])('%s passes', (url) => {
		expect(read(url)).toEqual({ url });
	});

	test('printable ASCII goes byte for byte, and anything else becomes printable ASCII', () => {
		const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
		fc.assert(
			fc.property(visible, (path) => {
				const link = read(`https://example.com/a/${path}`);
				if ('url' in link) expect(link.url).toBe(`https://example.com/a/${path}`);
			}),
		);
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (path) => {
				const link = read(`https://example.com/a/${path}`);
				if ('url' in link) expect(link.url).toMatch(/^[!-~]+$/);
			}),
		);
	});

	test('reading a link again changes nothing, and no value throws', () => {
		fc.assert(
			fc.property(fc.oneof(fc.anything(), fc.string(), fc.webUrl({ withQueryParameters: true })), (value) => {
				const link = read(value);
				if ('url' in link) expect(read(link.url)).toEqual(link);
			}),
			{ numRuns: 3_000 },
		);
	});
});

describe('a signed link whose time is over', () => {
	const amz = (date: string, seconds: number, rest = '&X-Amz-Signature=abc') =>
		`https://b.s3.amazonaws.com/a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=${date}&X-Amz-Expires=${seconds}${rest}`;
	const seconds = (iso: string) => Date.parse(iso) / 1000;
	const hex = (iso: string) => seconds(iso).toString(16);
	const cdn = 'https://cdn.discordapp.com/attachments/1/2/a.png';

	test.each([
		[amz('20240726T124412Z', 300), '2024-07-26 12:49'],
		[amz('20260101T113959Z', 300), '2026-01-01 11:44'],
		[amz('20240726T124412Z', 300).replaceAll('X-Amz', 'X-Goog'), '2024-07-26 12:49'],
		['https://d1.cloudfront.net/a.png?Expires=1704067200&Signature=abc~&Key-Pair-Id=K1', '2024-01-01 00:00'],
		['https://b.s3.amazonaws.com/a.png?AWSAccessKeyId=A&Expires=1704067200&Signature=abc', '2024-01-01 00:00'],
		['https://storage.googleapis.com/b/a.png?GoogleAccessId=a&Expires=1704067200&Signature=b', '2024-01-01 00:00'],
		[
			'https://a.blob.core.windows.net/b/a.png?sv=2022-11-02&se=2024-07-26T12%3A44%3A12Z&sr=b&sp=r&sig=x',
			'2024-07-26 12:44',
		],
		['https://a.blob.core.windows.net/b/a.png?sv=2022-11-02&se=2024-07-26T12:44Z&sr=b&sp=r&sig=x', '2024-07-26 12:44'],
		[`${cdn}?ex=${hex('2024-07-26T12:44:00Z')}&is=66a2a0c0&hm=${'ab'.repeat(32)}&`, '2024-07-26 12:44'],
	])('%s is refused, with when it ended', (link, ended) => {
		expect(problemOf(link)).toBe(
			`is a link whose time was over on ${ended} UTC. Make a new link, or give the file as Binary.`,
		);
		expect(readLink(link, { providerIsLocal: false, holds: 'picture' })).toEqual({ url: link });
	});

	test.each([
		['still good', amz('20260101T115900Z', 300)],
		['over for less than a quarter of an hour', amz('20260101T114100Z', 300)],
		['without its signature', amz('20240726T124412Z', 300, '')],
		['with a date that is none', amz('20240726', 300)],
		['with no number of seconds', amz('20240726T124412Z', NaN)],
		['with two times', amz('20240726T124412Z', 300, '&X-Amz-Signature=a&X-Amz-Expires=604800000')],
		['with half a set of Azure', 'https://a.blob.core.windows.net/b/a.png?se=2024-07-26T12:44:12Z&sig=x'],
		['of Azure with a day', 'https://a.blob.core.windows.net/b/a.png?sv=2022-11-02&se=2026-01-01&sp=r&sig=x'],
		['with half a set of CloudFront', 'https://d1.cloudfront.net/a.png?Expires=1704067200&Key-Pair-Id=K1'],
		['with half a set of Discord', `${cdn}?ex=66a39b2c`],
		['of Discord at another host', `https://example.com/a.png?ex=66a39b2c&is=66a2a0c0&hm=${'ab'.repeat(32)}`],
		['with a bare time', 'https://example.com/a.png?expires=1704067200'],
		['with parts that cannot be decoded', 'https://example.com/a.png?X-Amz-Date=%zz&X-Amz-Signature=%&X-Amz-Expires'],
	])('one %s passes', (_name, link) => {
		expect(read(link)).toEqual({ url: link });
	});
});

describe('a link that is signed anew', () => {
	const azure = 'https://a.blob.core.windows.net/b/a.png?sv=2022-11-02';
	const discord = 'https://cdn.discordapp.com/attachments/1/2/a.png';

	test.each([
		[
			'https://b.s3.amazonaws.com/a.png?versionId=7&X-Amz-Date=20990101T000000Z&X-Amz-Expires=300&X-Amz-Signature=abc',
			'https://b.s3.amazonaws.com/a.png?versionId=7&X-Amz-Date=20990102T000000Z&X-Amz-Expires=900&X-Amz-Signature=def',
		],
		[
			'https://storage.googleapis.com/b/a.png?X-Goog-Date=20990101T000000Z&X-Goog-Expires=300&X-Goog-Signature=a',
			'https://storage.googleapis.com/b/a.png?X-Goog-Date=20990101T000100Z&X-Goog-Expires=300&X-Goog-Signature=b',
		],
		[
			'https://d1.cloudfront.net/a.png?Expires=4070908800&Signature=abc~&Key-Pair-Id=K1',
			'https://d1.cloudfront.net/a.png?Expires=4070908900&Signature=def~&Key-Pair-Id=K1',
		],
		[`${azure}&se=2099-07-26T12%3A44%3A12Z&sr=b&sp=r&sig=x`, `${azure}&se=2099-07-26T12%3A45%3A12Z&sr=b&sp=r&sig=y`],
		[`${discord}?ex=f2a39b2c&is=66a2a0c0&hm=abab`, `${discord}?ex=f2a39b2d&is=66a2a0c1&hm=cdcd`],
	])('leads to the same file: %s', (link, anew) => {
		expect(withoutSignature(anew)).toBe(withoutSignature(link));
	});

	test.each([
		[
			'of another version',
			'https://b.s3.amazonaws.com/a.png?X-Amz-Date=20990101T000000Z&X-Amz-Expires=300&X-Amz-Signature=abc',
			'versionId=8',
		],
		['of another size', `${discord}?ex=f2a39b2c&is=66a2a0c0&hm=abab`, 'width=300'],
	])('leads to another file where it is one %s', (_name, link, more) => {
		expect(withoutSignature(`${link}&${more}`)).not.toBe(withoutSignature(link));
	});

	test.each(['https://example.com/a.png?token=abc', 'https://example.com/a.png?expires=4070908800&signature=abc'])(
		'is not known where the parameters are no whole set of a storage: %s',
		(link) => expect(withoutSignature(link)).toBe(link),
	);
});
