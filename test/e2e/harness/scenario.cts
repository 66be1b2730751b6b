import type { Host } from './host.cts';
import type { ServerOptions } from './server.cts';

/** What a scenario works with. */
export interface ScenarioContext {
	/** The n8n shared by the scenarios of this version; only one that is `alone` may kill or restart it. */
	host: Host;
	/** n8n's version. */
	version: string;
	/** Starts another n8n of the same version, for a scenario that needs its own settings; ended after the scenario. */
	startHost(options?: Pick<ServerOptions, 'env'>): Promise<Host>;
	/** Runs after the scenario, whatever its result; the last one given runs first. */
	afterwards(clean: () => Promise<unknown>): void;
	/** Where screenshots for the README go; undefined unless they were asked for. */
	imagesFolder: string | undefined;
}

/** A promise of the package, kept in a real n8n. */
export interface Scenario {
	/** A sentence. */
	name: string;
	/** The versions of n8n it runs on; all if left out. */
	hosts?: string[];
	/** It kills the server, measures its memory or needs the machine, so nothing else runs there meanwhile. */
	alone?: boolean;
	run(context: ScenarioContext): Promise<void>;
}

/** Thrown by a scenario that cannot run on this machine; the message is the reason. */
export class Skip extends Error {}
