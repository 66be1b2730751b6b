import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { endGroup, rememberGroup, removeFolder, signalGroup, temporaryFolder } from './leftovers.cts';
import { until } from './until.cts';

/** An installed n8n: `node` of nodeFolder runs the n8n in folder. */
export interface Installation {
	version: string;
	folder: string;
	nodeFolder: string;
}

export interface ServerOptions {
	/** Environment variables on top of the harness' own. */
	env?: Record<string, string>;
	/** n8n's command with its arguments; `start` if left out. */
	command?: readonly string[];
	/** Answers with 2xx and JSON once n8n is up; of a main process `/rest/settings`. */
	readyPath?: string;
	/** The npm tarball of the community package to install. */
	tarball: string;
}

interface Running {
	groupId: number;
	hasExited: boolean;
}

const packageName = 'n8n-nodes-kling-video';

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === 'string') throw new Error('no port was given');
	return address.port;
}

/** Lays the package down where n8n's own "install community node" puts it. */
function installPackage(tarball: string, userFolder: string): void {
	const nodesFolder = join(userFolder, '.n8n', 'nodes');
	const folder = join(nodesFolder, 'node_modules', packageName);
	mkdirSync(folder, { recursive: true });
	execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
	const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
	const manifest = { name: 'installed-nodes', private: true, dependencies: { [packageName]: version } };
	writeFileSync(join(nodesFolder, 'package.json'), JSON.stringify(manifest, null, 2));
}

/** One n8n process with a user folder and ports of its own, which survive its restarts. */
export class Server {
	readonly version: string;
	private running?: Running;
	private output: string[] = [];

	private constructor(
		private readonly installation: Installation,
		private readonly env: Record<string, string>,
		readonly userFolder: string,
		/** Without a trailing slash. */
		readonly url: string,
		private readonly command: readonly string[],
		private readonly readyPath: string,
	) {
		this.version = installation.version;
	}

	/** Installs the tarball into a new user folder and starts n8n on it; resolves once n8n answers. */
	static async start(installation: Installation, options: ServerOptions): Promise<Server> {
		const { env = {}, tarball, command = ['start'], readyPath = '/rest/settings' } = options;
		const userFolder = temporaryFolder('kling-e2e-');
		installPackage(tarball, userFolder);
		const port = env.N8N_PORT ?? String(await freePort());
		const ownEnv = {
			N8N_USER_FOLDER: userFolder,
			N8N_LISTEN_ADDRESS: '127.0.0.1',
			N8N_PORT: port,
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			N8N_DIAGNOSTICS_ENABLED: 'false',
			N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
			N8N_TEMPLATES_ENABLED: 'false',
			N8N_PERSONALIZATION_ENABLED: 'false',
			N8N_SECURE_COOKIE: 'false',
			N8N_LOG_LEVEL: 'info',
			// n8n's own default is below the home folder, which no test writes to.
			N8N_RESTRICT_FILE_ACCESS_TO: join(userFolder, '.n8n-files'),
			...env,
		};
		const server = new Server(installation, ownEnv, userFolder, `http://localhost:${port}`, command, readyPath);
		await server.launch();
		return server;
	}

	/** Starts n8n (again) on the same user folder and ports; resolves once its REST API answers. */
	async launch(): Promise<void> {
		const { folder, nodeFolder } = this.installation;
		const child = spawn(join(nodeFolder, 'node'), [join(folder, 'node_modules/n8n/bin/n8n'), ...this.command], {
			cwd: this.userFolder,
			// A group of its own, so that the task runners n8n starts end with it.
			detached: true,
			env: { ...withoutNpm(process.env), PATH: nodeFolder + delimiter + process.env.PATH, ...this.env },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		if (child.pid === undefined) throw new Error(`n8n ${this.version} could not be started`);
		const running: Running = { groupId: child.pid, hasExited: false };
		this.running = running;
		rememberGroup(running.groupId);
		child.on('exit', () => (running.hasExited = true));
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding('utf8').on('data', (text: string) => this.output.push(text));
		}
		await until(`n8n ${this.version} to answer`, () => this.answers(running), { timeoutMs: 180_000 });
	}

	// `/healthz` is up too early; the settings come as JSON only when the API is there.
	private async answers(running: Running): Promise<true | undefined> {
		if (running.hasExited) throw new Error(`n8n ${this.version} ended while starting:\n${this.lastLogLines()}`);
		try {
			const reply = await fetch(`${this.url}${this.readyPath}`);
			await reply.json();
			return reply.ok || undefined;
		} catch {
			return undefined;
		}
	}

	isUp(): boolean {
		return this.running !== undefined && !this.running.hasExited;
	}

	/** Ends n8n and its task runners; resolves when the main process is gone. SIGKILL is a crash, SIGTERM a shutdown. */
	async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
		const running = this.running;
		if (!running) return;
		if (signal === 'SIGKILL') endGroup(running.groupId);
		else signalGroup(running.groupId, signal);
		// n8n gives running executions 30 s to end.
		await until('n8n to exit', () => running.hasExited || undefined, { timeoutMs: 45_000, everyMs: 20 });
		endGroup(running.groupId);
		delete this.running;
	}

	/** Kills n8n as a crash would and starts it on the same user folder. */
	async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
		await this.kill(signal);
		await this.launch();
	}

	/** Kills n8n and removes all it wrote. */
	async end(): Promise<void> {
		await this.kill();
		removeFolder(this.userFolder);
	}

	/** All that n8n has printed since the first start. */
	log(): string {
		return this.output.join('');
	}

	lastLogLines(count = 30): string {
		return this.log().trimEnd().split('\n').slice(-count).join('\n');
	}

	/** The files below n8n's own folder, its database among them, that contain the text. */
	filesContaining(text: string): string[] {
		const folder = join(this.userFolder, '.n8n');
		return readdirSync(folder, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => join(entry.path, entry.name))
			.filter((file) => readFileSync(file).includes(text));
	}

	/** The highest resident memory of n8n's main process since its start or the last reset. */
	peakMemoryBytes(): number {
		const status = readFileSync(`/proc/${this.processId()}/status`, 'utf8');
		const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
		if (kibibytes === undefined) throw new Error('this system does not tell the peak memory of a process');
		return Number(kibibytes) * 1024;
	}

	/** Lets `peakMemoryBytes` count from now on (see proc(5), clear_refs). */
	resetPeakMemory(): void {
		writeFileSync(`/proc/${this.processId()}/clear_refs`, '5');
	}

	/** Processor time of n8n's main process since it was started; undefined where the system does not tell it. */
	processorMs(): number | undefined {
		const file = `/proc/${this.processId()}/stat`;
		if (!existsSync(file)) return undefined;
		// The command in brackets may have blanks in it. The 12th and 13th value behind it are the time in user and kernel
		// mode, in hundredths of a second (see proc(5), stat).
		const values = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
		return (Number(values[11]) + Number(values[12])) * 10;
	}

	private processId(): number {
		if (!this.running) throw new Error('n8n is not running');
		return this.running.groupId;
	}
}

// Under `npm run` npm describes this repository in the environment; n8n must not take it for its own.
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)));
}
