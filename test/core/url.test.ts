import fc from 'fast-check';
import { isLoopbackHost, isPrivateHost, urlProblem } from '../../nodes/core/url';

const hostOf = (host: string) => new URL(`http://${host}/`).hostname;
const forPublic = (value: unknown) => urlProblem(value, { providerIsLocal: false });
const forLocal = (value: unknown) => urlProblem(value, { providerIsLocal: true });

const LOOPBACK = [
	'localhost',
	'LOCALHOST',
	'localhost.',
	'n8n.localhost',
	'127.0.0.1',
	'127.0.0.1.',
	'127.255.255.254',
	'127.1',
	'0x7f.1',
	'0x7f000001',
	'017700000001',
	'2130706433',
	'１２７.0.0.1',
	'[::1]',
	'[0:0:0:0:0:0:0:1]',
	'[::ffff:127.0.0.1]',
	'[::ffff:7f00:1]',
];

const PRIVATE = [
	'0.0.0.0',
	'0',
	'0.1.2.3',
	'10.0.0.1',
	'0xa.0.0.1',
	'012.0.0.1',
	'167772161',
	'100.64.0.1',
	'100.100.100.200',
	'100.127.255.255',
	'168.63.129.16',
	'169.254.169.254',
	'0xa9fea9fe',
	'2852039166',
	'172.16.0.1',
	'172.31.255.255',
	'192.0.0.1',
	'192.0.2.7',
	'192.168.1.1',
	'192.168.257',
	'198.18.0.1',
	'198.19.255.255',
	'198.51.100.7',
	'203.0.113.7',
	'224.0.0.1',
	'239.255.255.250',
	'240.0.0.1',
	'255.255.255.255',
	'[::]',
	'[::2]',
	'[::ffff:10.0.0.1]',
	'[::ffff:169.254.169.254]',
	'[64:ff9b::10.0.0.1]',
	'[64:ff9b::127.0.0.1]',
	'[64:ff9b::a9fe:a9fe]',
	'[64:ff9b:1::8.8.8.8]',
	'[2002:a00:1::1]',
	'[2002:7f00:1::]',
	'[2001:db8::1]',
	'[3fff:fff::1]',
	'[2001:0:1::1]',
	'[fc00::1]',
	'[fd00:ec2::254]',
	'[fdff::1]',
	'[fe80::1]',
	'[febf::1]',
	'[fec0::1]',
	'[ff02::1]',
	'[100::1]',
	'n8n',
	'printer.local',
	'nas.LAN',
	'nas.lan.',
	'a.b.internal',
	'metadata.google.internal',
	'router.home.arpa',
	'host.docker.internal',
	'wiki.corp',
	'wiki.intranet',
	'n8n.test',
	'nowhere.invalid',
	'minio.storage.svc',
	'local',
	'internal',
];

const PUBLIC = [
	'example.com',
	'EXAMPLE.com.',
	'localhost.example.com',
	'local.example.com',
	'mylocalhost.com',
	'notlocal.com',
	'xn--bcher-kva.example.com',
	'bücher.example.com',
	'10.example.com',
	'svc.example.com',
	'1.1.1.1',
	'8.8.8.8',
	'9.255.255.255',
	'11.0.0.0',
	'100.63.255.255',
	'100.128.0.0',
	'126.255.255.255',
	'128.0.0.1',
	'168.63.129.17',
	'169.253.0.1',
	'169.255.0.1',
	'172.15.255.255',
	'172.32.0.0',
	'191.255.0.1',
	'192.0.1.1',
	'192.0.3.1',
	'192.167.0.1',
	'192.169.0.1',
	'198.17.0.1',
	'198.20.0.1',
	'223.255.255.255',
	'[2606:4700:4700::1111]',
	'[2001:4860:4860::8888]',
	'[2001:db9::1]',
	'[3fff:1000::1]',
	'[::ffff:8.8.8.8]',
	'[64:ff9b::8.8.8.8]',
	'[2002:808:808::1]',
];

describe('the form check of URLs', () => {
	test.each(LOOPBACK)('%s is this machine, however it is written', (host) => {
		expect(isLoopbackHost(hostOf(host))).toBe(true);
		expect(isPrivateHost(hostOf(host))).toBe(true);
	});

	test.each(PRIVATE)('%s is refused for a public provider and open to one on this machine', (host) => {
		expect(isLoopbackHost(hostOf(host))).toBe(false);
		expect(forPublic(`https://${host}/a.png`)).toContain(hostOf(host));
		expect(forLocal(`https://${host}/a.png`)).toBeUndefined();
	});

	test.each(PUBLIC)('%s is open to every provider', (host) => {
		expect(isLoopbackHost(hostOf(host))).toBe(false);
		expect(forPublic(`https://${host}/a.png`)).toBeUndefined();
		expect(forLocal(`http://${host}:8080/a.png?signature=x#y`)).toBeUndefined();
	});

	test('an emulator on this machine may be given its own pictures', () => {
		expect(forLocal('http://127.0.0.1:4000/a.png')).toBeUndefined();
		const problem = forPublic('http://127.0.0.1:4000/a.png');
		expect(problem).toMatch(/127\.0\.0\.1.*only your own machine.*public on the internet/);
	});

	test.each([
		[undefined, /is empty/],
		[null, /is empty/],
		['', /is empty/],
		['  \n', /is empty/],
		[7, /is empty/],
		[{ url: 'https://example.com' }, /is empty/],
		['example.com/a.png', /begin with https:/],
		['/a.png', /begin with https:/],
		['//example.com/a.png', /begin with https:/],
		['https:example.com/a.png', /begin with https:/],
		['https:/example.com/a.png', /begin with https:/],
		['ftp://example.com/a.png', /begin with https:/],
		['file:///etc/passwd', /begin with https:/],
		['s3://bucket/a.png', /begin with https:/],
		['javascript:alert(1)', /begin with https:/],
		['C:\\pictures\\a.png', /begin with https:/],
		['data:image/png;base64,iVBORw0KGgo', /data URI.*Give a link/],
		['=https://example.com/{{ $json.name }}', /switch the field to Expression/i],
		['https://example.com/my picture.png', /space.*%20/],
		['https://example.com/a\n.png', /line break/],
		['https://example.com\\@127.0.0.1/', /backslash/],
		['https://', /cannot be read/],
		['https://?a=b', /cannot be read/],
		['https://example.com:99999/', /cannot be read/],
		['https://256.1.1.1/', /cannot be read/],
		['https://[::1/', /cannot be read/],
		['https://user@example.com/', /user name or password/],
		['https://user:secret@example.com/', /user name or password/],
		['https://:secret@example.com/', /user name or password/],
	])('%j is refused for every provider, with what to do', (value, message) => {
		for (const problem of [forPublic(value), forLocal(value)]) {
			expect(problem).toMatch(message);
			expect(problem).toMatch(/[.] [A-Z].*[.]$/);
		}
	});

	test('the link of a sample is open to a dry run, and a real run is told where it comes from', () => {
		const sample = 'https://dry-run.invalid/dry-run-1.mp4';
		expect(urlProblem(sample, { providerIsLocal: false, isDryRun: true })).toBeUndefined();
		expect(forPublic(sample)).toBe(
			"is the link of a dry run's sample video, which no provider can open. Turn Dry Run off in the node that gave it.",
		);
		expect(urlProblem('https://nowhere.invalid/', { providerIsLocal: false, isDryRun: true })).toContain(
			'nowhere.invalid',
		);
	});

	test('blanks around a URL do no harm', () => {
		expect(forPublic(' https://example.com/a.png\n')).toBeUndefined();
	});

	test('no message repeats a password, a path or a signature', () => {
		const urls = ['https://u:secret@n8n/secret', 'http://n8n/secret?secret', 'ftp://n8n/secret', 'http://a b/secret'];
		for (const url of urls) {
			expect(forPublic(url)).toEqual(expect.not.stringContaining('secret'));
		}
	});

	test('anything else than a URL gets a message, never an exception', () => {
		const anything = fc.oneof(
			fc.anything(),
			fc.string(),
			fc.webUrl(),
			fc.string().map((rest) => `http://${rest}`),
		);
		fc.assert(
			fc.property(anything, (value) => {
				expect(['string', 'undefined']).toContain(typeof forPublic(value));
			}),
			{ numRuns: 5000 },
		);
	});

	test('every IPv4 address is treated alike, bare and inside IPv6', () => {
		fc.assert(
			fc.property(fc.ipV4(), (address) => {
				const expected = isPrivateHost(hostOf(address));
				expect(isPrivateHost(hostOf(`[::ffff:${address}]`))).toBe(expected);
				expect(isPrivateHost(hostOf(`[64:ff9b::${address}]`))).toBe(expected);
			}),
			{ numRuns: 5000 },
		);
	});
});
