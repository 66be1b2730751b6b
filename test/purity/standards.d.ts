// The one class core takes from outside ECMAScript: a pure value, the same on every runtime (WHATWG URL Standard).
declare class URL {
	constructor(url: string, base?: string);
	static canParse(url: string, base?: string): boolean;
	readonly href: string;
	readonly protocol: string;
	readonly host: string;
	readonly hostname: string;
	readonly username: string;
	readonly password: string;
	readonly pathname: string;
	readonly search: string;
	readonly searchParams: Iterable<[name: string, value: string]>;
}
