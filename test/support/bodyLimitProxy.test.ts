import { request } from 'undici';
import { startBodyLimitProxy, type BodyLimitOptions, type BodyLimitProxy } from './bodyLimitProxy';
import { Readable } from './node.cts';
import { meetStranger, type Stranger } from './stranger';

const MIB = 2 ** 20;

let server: Stranger;
const proxies: BodyLimitProxy[] = [];
beforeEach(async () => (server = await meetStranger()));
afterEach(async () => {
	for (const proxy of proxies.splice(0)) await proxy.stop();
	await server.stop();
});

async function before(options: Omit<BodyLimitOptions, 'target'> = {}): Promise<BodyLimitProxy> {
	const proxy = await startBodyLimitProxy({ target: server.url, ...options });
	proxies.push(proxy);
	return proxy;
}

/** The status of the answer, or that there was none. */
async function post(url: string, body: string | Buffer | Readable): Promise<number | 'cut'> {
	try {
		const reply = await request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
		await reply.body.dump();
		return reply.statusCode;
	} catch {
		return 'cut';
	}
}

const chunked = (bytes: number): Readable => Readable.from([Buffer.alloc(bytes, ' ')], { objectMode: false });

test('what is within the limit passes both ways: method, path, query, headers, body and status', async () => {
	server.answer({ status: 202, headers: { 'x-server': 'yes' }, body: 'taken' });
	const { url, requests } = await before();
	const headers = { 'content-type': 'application/json', 'x-api-key': 'a' };
	const reply = await request(`${url}/hook/7?row=1`, { method: 'POST', headers, body: '{"a":1}' });
	expect([reply.statusCode, reply.headers['x-server'], await reply.body.text()]).toEqual([202, 'yes', 'taken']);
	expect(server.requests).toEqual([
		expect.objectContaining({
			method: 'POST',
			url: '/hook/7?row=1',
			headers: expect.objectContaining({ ...headers, 'content-length': '7' }),
		}),
	]);
	expect(requests).toEqual([{ method: 'POST', url: '/hook/7?row=1', bytes: 7, outcome: 'passed' }]);
	expect((await request(`${url}/look`)).statusCode).toBe(202);
	expect(server.requests.at(-1)).toMatchObject({ method: 'GET', url: '/look' });
});

test('1 MiB passes and a byte more is answered 413 with a page, however it is sent', async () => {
	const { url, requests } = await before();
	expect(await post(url, Buffer.alloc(MIB, ' '))).toBe(200);
	expect(await post(url, chunked(MIB))).toBe(200);
	expect(await post(url, Buffer.alloc(MIB + 1, ' '))).toBe(413);
	expect(await post(url, chunked(MIB + 1))).toBe(413);
	expect(await post(url, Buffer.alloc(9 * MIB, ' '))).toBe(413);
	const { body, headers } = await request(url, { method: 'POST', body: Buffer.alloc(MIB + 1) });
	expect([headers['content-type'], await body.text()]).toEqual(['text/html', expect.stringContaining('413 Request')]);
	expect(server.requests).toHaveLength(2);
	expect(requests.map(({ outcome }) => outcome).join(' ')).toBe('passed passed refused refused refused refused');
});

test('told to cut, it drops the connection within the body, and nothing reaches the server', async () => {
	const { url, requests } = await before({ above: 'cut', limitBytes: 1000 });
	expect(await post(url, Buffer.alloc(1000, ' '))).toBe(200);
	expect(await post(url, Buffer.alloc(500_000, ' '))).toBe('cut');
	expect(await post(url, chunked(500_000))).toBe('cut');
	expect(server.requests).toHaveLength(1);
	expect(requests.map(({ outcome }) => outcome)).toEqual(['passed', 'cut', 'cut']);
});

test('told to truncate, it passes the first bytes of a request on as if they were all', async () => {
	const { url, requests } = await before({ above: 'truncate', limitBytes: 1000 });
	expect(await post(url, Buffer.alloc(1000, ' '))).toBe(200);
	expect(await post(url, Buffer.alloc(500_000, ' '))).toBe(200);
	expect(await post(url, chunked(500_000))).toBe(200);
	expect(server.requests.map(({ headers }) => headers['content-length'])).toEqual(['1000', '1000', '1000']);
	expect(requests.map(({ outcome }) => outcome)).toEqual(['passed', 'truncated', 'truncated']);
});

test('told to cut replies, it takes any request, and drops the connection within a long reply', async () => {
	const { url, requests } = await before({ above: 'cutReply', limitBytes: 1000 });
	expect(await post(url, Buffer.alloc(500_000, ' '))).toBe(200);
	server.answer({ body: 'x'.repeat(1000) });
	expect(await (await request(url)).body.text()).toHaveLength(1000);
	server.answer({ body: 'x'.repeat(1001) });
	const { statusCode, headers, body } = await request(url);
	expect([statusCode, headers['content-length']]).toEqual([200, '1001']);
	await expect(body.text()).rejects.toThrow();
	expect(requests.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'replyCut']);
});

test('it can stand before a server whose address is known only later', async () => {
	let target = '';
	const proxy = await startBodyLimitProxy({ target: () => target });
	proxies.push(proxy);
	target = server.url;
	expect((await request(`${proxy.url}/look`)).statusCode).toBe(200);
	expect(server.requests.at(-1)).toMatchObject({ url: '/look' });
});
