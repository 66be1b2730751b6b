// Looks into a running Node process by its inspector: what is left after garbage collection, and what it holds open.
import { WebSocket } from 'undici';

/** One look at a process. */
export interface Holdings {
	readonly heapBytes: number;
	/** Sockets, timers, files and the like that keep a process alive. */
	readonly handles: number;
	/** By kind. */
	readonly kinds: Readonly<Record<string, number>>;
}

export interface Inspector {
	/** Collects garbage, then looks. */
	look(): Promise<Holdings>;
	close(): void;
}

const LOOK = `JSON.stringify({ heapBytes: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo() })`;

/** The address that Node prints when it is started with --inspect; of a process with children, its own is the first. */
export function inspectorUrl(log: string): string {
	const url = /Debugger listening on (ws:\S+)/.exec(log)?.[1];
	if (url === undefined) throw new Error('the process has no inspector');
	return url;
}

/** Connects to an inspector. */
export async function openInspector(url: string): Promise<Inspector> {
	const socket = new WebSocket(url);
	await new Promise<void>((resolve, reject) => {
		socket.addEventListener('open', () => resolve());
		socket.addEventListener('error', () => reject(new Error(`no inspector answers at ${url}`)));
	});
	const waiting = new Map<number, (result: unknown) => void>();
	socket.addEventListener('message', ({ data }) => {
		const { id, result } = JSON.parse(String(data));
		waiting.get(id)?.(result);
		waiting.delete(id);
	});
	let lastId = 0;
	const ask = async (method: string, params: object = {}): Promise<unknown> => {
		lastId += 1;
		const answered = new Promise((resolve) => waiting.set(lastId, resolve));
		socket.send(JSON.stringify({ id: lastId, method, params }));
		return await answered;
	};
	return {
		look: async () => {
			await ask('HeapProfiler.collectGarbage');
			// The protocol's form of an evaluation that gives text.
			const { result } = (await ask('Runtime.evaluate', { expression: LOOK })) as { result: { value: string } };
			const { heapBytes, resources } = JSON.parse(result.value);
			return { heapBytes, handles: resources.length, kinds: countedKinds(resources) };
		},
		close: () => socket.close(),
	};
}

function countedKinds(resources: string[]): Record<string, number> {
	const kinds: Record<string, number> = {};
	for (const kind of resources) kinds[kind] = (kinds[kind] ?? 0) + 1;
	return kinds;
}
