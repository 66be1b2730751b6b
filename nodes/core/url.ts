/**
 * Names that stand for the own machine or network, with everything below them: RFC 6761 (localhost, test), RFC 6762
 * (local; in appendix G intranet, private, corp, home, lan), RFC 8375 (home.arpa), ICANN's reserved internal.
 */
const LOCAL_NAMES = /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|test)$/;

/**
 * IPv4 that nobody reaches over the internet, as address and prefix length: IANA's special-purpose registry (RFC 6890),
 * multicast and reserved space, and Azure's metadata host, which is public only by its number.
 */
const CLOSED_IPV4: ReadonlyArray<readonly [string, number]> = [
	['0.0.0.0', 8],
	['10.0.0.0', 8],
	['100.64.0.0', 10],
	['127.0.0.0', 8],
	['168.63.129.16', 32],
	['169.254.0.0', 16],
	['172.16.0.0', 12],
	['192.0.0.0', 24],
	['192.0.2.0', 24],
	['192.168.0.0', 16],
	['198.18.0.0', 15],
	['198.51.100.0', 24],
	['203.0.113.0', 24],
	['224.0.0.0', 3],
];

/** The number a dotted IPv4 address stands for, or undefined for anything else. */
function readIpv4(host: string): number | undefined {
	if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined;
	return host.split('.').reduce((number, part) => number * 0x100 + Number(part), 0);
}

function isClosedIpv4(address: number): boolean {
	return CLOSED_IPV4.some(([network, prefix]) => {
		const size = 2 ** (32 - prefix);
		return Math.floor(address / size) === Math.floor((readIpv4(network) ?? 0) / size);
	});
}

/** The eight numbers of an IPv6 address as `URL` writes it (in brackets, in hexadecimal), or undefined. */
function readIpv6(host: string): number[] | undefined {
	if (!host.startsWith('[')) return undefined;
	const [head = [], tail = []] = host
		.slice(1, -1)
		.split('::')
		.map((half) => half.split(':').filter((group) => group !== ''))
		.map((groups) => groups.map((group) => Number.parseInt(group, 16)));
	return [...head, ...Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

/** The IPv4 address in two of an IPv6 address's eight numbers. */
function pair(groups: readonly number[], at: number): number {
	return groups[at] * 0x10000 + groups[at + 1];
}

/** Whether it is an IPv4 address written as IPv6 (RFC 4291, 2.5.5.2): the last pair is that address. */
function isMapped(groups: readonly number[]): boolean {
	return groups.slice(0, 6).join() === '0,0,0,0,0,65535';
}

/** The IPv4 address that packets to this IPv6 one end at: mapped, by NAT64 (RFC 6052) or by 6to4 (RFC 3056). */
function embeddedIpv4(groups: readonly number[]): number | undefined {
	const isNat64 = groups.slice(0, 6).join() === [0x64, 0xff9b, 0, 0, 0, 0].join();
	if (isMapped(groups) || isNat64) return pair(groups, 6);
	return groups[0] === 0x2002 ? pair(groups, 1) : undefined;
}

/** Outside global unicast (2000::/3), or one of its parts for documentation (RFC 3849, 9637) and Teredo (RFC 4380). */
function isClosedIpv6(groups: readonly number[]): boolean {
	const [first, second] = groups;
	if (first < 0x2000 || first > 0x3fff) return true;
	return (first === 0x2001 && (second === 0xdb8 || second === 0)) || (first === 0x3fff && second < 0x1000);
}

/**
 * Whether a host is this very machine.
 * @param hostname as `URL#hostname` gives it: lower case, IPv4 in dotted decimals, IPv6 in brackets
 */
export function isLoopbackHost(hostname: string): boolean {
	const host = hostname.replace(/\.$/, '');
	const ipv6 = readIpv6(host);
	if (ipv6?.join() === '0,0,0,0,0,0,0,1') return true;
	const ipv4 = ipv6 && isMapped(ipv6) ? pair(ipv6, 6) : readIpv4(host);
	return ipv4 === undefined ? /(^|\.)localhost$/.test(host) : Math.floor(ipv4 / 2 ** 24) === 127;
}

/**
 * Whether a host cannot be reached over the internet, as far as its name or number tells: loopback, private,
 * link-local, shared, reserved, documentation and multicast addresses, names without a dot, and local domains.
 * No name is looked up, so a public name with a private address passes.
 * @param hostname as `URL#hostname` gives it: lower case, IPv4 in dotted decimals, IPv6 in brackets
 */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.replace(/\.$/, '');
	const ipv6 = readIpv6(host);
	const ipv4 = ipv6 ? embeddedIpv4(ipv6) : readIpv4(host);
	if (ipv4 !== undefined) return isClosedIpv4(ipv4);
	if (ipv6) return isClosedIpv6(ipv6);
	return !host.includes('.') || LOCAL_NAMES.test(host);
}

function parse(text: string): URL | undefined {
	try {
		return new URL(text);
	} catch {
		return undefined;
	}
}

/** What is wrong with the way the text is written, before it is read as a URL. */
function writingProblem(text: string): string | undefined {
	if (text.includes('{{')) return 'still has {{ }} in it. Switch the field to Expression, so that n8n fills it in.';
	if (/^data:/i.test(text)) return 'is a data URI. Give a link, or take the picture from an input data field.';
	if (!/^https?:\/\//i.test(text)) return 'has to begin with https:// or http://. Give the whole address.';
	if (/[\s\\]/.test(text)) return 'has a space, a line break or a backslash in it. Write a space as %20.';
	return undefined;
}

/**
 * Checks a URL that a provider is to open (a picture, a callback) by its form only; nothing is fetched. The text is
 * taken without blanks around it. A message never repeats more of it than the host, as links may carry signatures.
 * @param rules.providerIsLocal the credential's base URL is a loopback host (an emulator): it may open private hosts
 * @returns the problem and what to do, for people, to be read after the field's name; undefined if there is none
 */
export function urlProblem(value: unknown, rules: { providerIsLocal: boolean }): string | undefined {
	if (typeof value !== 'string' || value.trim() === '') return 'is empty. Give an https:// or http:// address.';
	const text = value.trim();
	const writing = writingProblem(text);
	if (writing) return writing;
	const url = parse(text);
	if (!url) return 'cannot be read as a URL. Check its host and port.';
	if (url.username !== '' || url.password !== '') {
		return 'has a user name or password in it, which the provider would see. Give a link without them.';
	}
	if (rules.providerIsLocal || !isPrivateHost(url.hostname)) return undefined;
	return (
		`is on the host ${url.hostname}, which only your own machine or network can reach, not the provider. ` +
		'Use an address that is public on the internet.'
	);
}
