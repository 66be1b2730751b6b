import ipaddr from 'ipaddr.js';
import { UNFILLED } from './fields';

/**
 * Names that stand for the own machine or network or for nothing, with everything below them: RFC 6761 (localhost, test,
 * invalid), RFC 6762 (local; in appendix G intranet, private, corp, home, lan), RFC 8375 (home.arpa), ICANN's reserved
 * internal, and svc, which is inside a Kubernetes cluster.
 */
const LOCAL_NAMES =
	/(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|test|invalid|svc)$/;

/** The host of what a dry run gives in place of a video. */
export const DRY_RUN_HOST = 'dry-run.invalid';

/** Azure's metadata host: public only by its number. */
const AZURE_METADATA_HOST = '168.63.129.16';

/** All that is routed on the internet, but for the special ranges inside it (RFC 4291, 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Packets to these end at the IPv4 address that stands at this byte of them: NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const LEADS_TO_IPV4 = [
	{ range: ipaddr.IPv6.parseCIDR('64:ff9b::/96'), at: 12 },
	{ range: ipaddr.IPv6.parseCIDR('2002::/16'), at: 2 },
];

/** The address that a host is, IPv4 also where it is written as IPv6 (`::ffff:10.0.0.1`); undefined for a name. */
function addressOf(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
	const text = host.replace(/^\[(.*)\]$/, '$1');
	return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

/** Whether nobody reaches the address over the internet. */
function isPrivateAddress(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
	if (address instanceof ipaddr.IPv4) {
		return address.range() !== 'unicast' || address.toString() === AZURE_METADATA_HOST;
	}
	const way = LEADS_TO_IPV4.find(({ range }) => address.match(range));
	if (way) return isPrivateAddress(new ipaddr.IPv4(address.toByteArray().slice(way.at, way.at + 4)));
	return !address.match(GLOBAL_UNICAST) || address.range() !== 'unicast';
}

/**
 * Whether a host is this very machine.
 * @param hostname as `URL#hostname` gives it: lower case, IPv4 in dotted decimals, IPv6 in brackets
 */
export function isLoopbackHost(hostname: string): boolean {
	const host = hostname.replace(/\.$/, '');
	const address = addressOf(host);
	return address === undefined ? /(^|\.)localhost$/.test(host) : address.range() === 'loopback';
}

/**
 * Whether a host cannot be reached over the internet, as far as its name or number tells: loopback, private,
 * link-local, shared, reserved, documentation and multicast addresses, names without a dot, and local domains.
 * No name is looked up, so a public name with a private address passes.
 * @param hostname as `URL#hostname` gives it: lower case, IPv4 in dotted decimals, IPv6 in brackets
 */
export function isPrivateHost(hostname: string): boolean {
	const host = hostname.replace(/\.$/, '');
	const address = addressOf(host);
	if (address !== undefined) return isPrivateAddress(address);
	return !host.includes('.') || LOCAL_NAMES.test(host);
}

/** What is wrong with the way the text is written, before it is read as a URL. */
function writingProblem(text: string): string | undefined {
	if (text.includes('{{')) return UNFILLED;
	if (/^data:/i.test(text)) return 'is a data URI. Give a link.';
	if (!/^https?:\/\//i.test(text)) return 'has to begin with https:// or http://. Give the whole address.';
	if (/[\s\\]/.test(text)) return 'has a space, a line break or a backslash in it. Write a space as %20.';
	return undefined;
}

const SAMPLE_PROBLEM =
	"is the link of a dry run's sample video, which no provider can open. Turn Dry Run off in the node that gave it.";

/**
 * Checks a URL that a provider is to open (a picture, a callback) by its form only; nothing is fetched. The text is
 * taken without blanks around it. A message never repeats more of it than the host, as links may carry signatures.
 * @param rules.providerIsLocal the credential's base URL is a loopback host (an emulator): it may open private hosts
 * @param rules.isDryRun nobody opens it, so what another dry run gave passes
 * @returns the problem and what to do, for people, to be read after the field's name; undefined if there is none
 */
export function urlProblem(
	value: unknown,
	rules: { readonly providerIsLocal: boolean; readonly isDryRun?: boolean },
): string | undefined {
	if (typeof value !== 'string' || value.trim() === '') return 'is empty. Give an https:// or http:// address.';
	const text = value.trim();
	const writing = writingProblem(text);
	if (writing) return writing;
	if (!URL.canParse(text)) return 'cannot be read as a URL. Check its host and port.';
	const url = new URL(text);
	if (url.username !== '' || url.password !== '') {
		return 'has a user name or password in it. Give a link without them, as others would see them.';
	}
	if (rules.providerIsLocal || !isPrivateHost(url.hostname)) return undefined;
	if (url.hostname === DRY_RUN_HOST) return rules.isDryRun === true ? undefined : SAMPLE_PROBLEM;
	return (
		`is on the host ${url.hostname}, which only your own machine or network can reach, not the provider. ` +
		'Use an address that is public on the internet.'
	);
}

/**
 * What is wrong with a URL that a provider or a server chose, to be read inside a sentence. Whoever reads it did not choose
 * the place, so there is nothing to advise.
 */
export function foreignUrlProblem(url: string, rules: { readonly providerIsLocal: boolean }): string | undefined {
	if (urlProblem(url, rules) === undefined) return undefined;
	const host = URL.canParse(url) ? new URL(url).hostname : '';
	return host !== '' && !rules.providerIsLocal && isPrivateHost(host)
		? `leads to the host ${host}, which is not on the internet`
		: 'leads to something other than a plain web address';
}
