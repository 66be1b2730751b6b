import fc from 'fast-check';
import { goodPictures, plain } from './imageSamples';
import { checkImage } from '../../../nodes/core/media/image';
import { env } from '../../support/node.cts';

interface Mutation {
	readonly picture: number;
	/** Which byte gets which value; headers are hit more often than the rest. */
	readonly edits: ReadonlyArray<readonly [position: number, value: number]>;
	/** What is taken out: from where, and how much. */
	readonly hole: readonly [position: number, length: number];
	/** How much of the file is kept, in thousandths. */
	readonly kept: number;
}

const position = fc.oneof(fc.nat(100), fc.nat(1000), fc.nat(100_000));
const value = fc.oneof(fc.constantFrom(0, 1, 2, 8, 0x7f, 0x80, 0xd8, 0xd9, 0xda, 0xe1, 0xff), fc.nat(255));
const mutation = fc.record<Mutation>({
	picture: fc.nat(),
	edits: fc.array(fc.tuple(position, value), { maxLength: 6 }),
	hole: fc.tuple(position, fc.oneof(fc.constant(0), fc.nat(20), fc.nat(3000))),
	kept: fc.oneof(fc.constant(1000), fc.nat(1000)),
});

function mutate(pictures: readonly Uint8Array[], { picture, edits, hole, kept }: Mutation): Uint8Array {
	const bytes = Uint8Array.from(pictures[picture % pictures.length] ?? []);
	for (const [at, to] of edits) bytes[at % bytes.length] = to;
	const start = hole[0] % bytes.length;
	bytes.copyWithin(start, start + hole[1]);
	const length = Math.max(start, bytes.length - hole[1]);
	return bytes.subarray(0, Math.ceil((length * kept) / 1000));
}

/** Whether the bytes were found a picture. */
function inspectSoundly(bytes: Uint8Array): boolean {
	const { facts, problems } = checkImage(bytes);
	const isSound =
		facts === undefined
			? /^is .{10,300}\.$/.test(problems[0] ?? '')
			: Number.isSafeInteger(facts.width) && Number.isSafeInteger(facts.height) && facts.width * facts.height > 0;
	if (!isSound) throw new Error(JSON.stringify({ facts, problems }));
	return facts !== undefined;
}

describe('a file that is broken in any way', () => {
	// Set SEED to run one series again; a failure prints the seed and the smallest mutation that shows it.
	const series = { numRuns: 100_000, ...(env.SEED === undefined ? {} : { seed: Number(env.SEED) }) };

	test('100,000 mutated and truncated pictures are pictures or refused in words, without an exception', () => {
		const pictures = goodPictures().map(({ bytes }) => bytes);
		const found = { picture: 0, refusal: 0 };
		fc.assert(
			fc.property(mutation, (change) => {
				found[inspectSoundly(mutate(pictures, change)) ? 'picture' : 'refusal']++;
			}),
			series,
		);
		expect(found.picture).toBeGreaterThan(1000);
		expect(found.refusal).toBeGreaterThan(10_000);
	});

	test('any bytes at all are a picture or a refusal in words', () => {
		const signatures = ['', '\xff\xd8\xff', '\x89PNG\r\n\x1a\n', '<', 'RIFF'];
		const start = fc.constantFrom(...signatures).map((text) => Buffer.from(text, 'latin1'));
		fc.assert(
			fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, rest) => {
				inspectSoundly(Uint8Array.of(...head, ...rest));
			}),
			{ ...series, numRuns: 10_000 },
		);
	});

	// Half a second for the worst, as measured. Work that grows with the square would run into the test's time limit.
	test('the largest file comes to an end, however bad it is', () => {
		const good = plain(300, 300, 'png');
		const [jpeg, png] = [Buffer.of(0xff, 0xd8, 0xff), Buffer.from(good.subarray(0, 33))];
		const worst: ReadonlyArray<readonly [head: Buffer, filling: Buffer]> = [
			[jpeg, Buffer.of(0xff)],
			[jpeg, Buffer.of(0xff, 0xe1, 0, 2)],
			[jpeg, Buffer.of(0xff, 0xda, 0, 2)],
			[png, Buffer.of(0)],
			[png, Buffer.from('\0\0\0\0eXIf\0\0\0\0', 'latin1')],
			[Buffer.of(), Buffer.from('<!--', 'latin1')],
		];
		for (const [head, filling] of worst) {
			const bytes = Buffer.concat([head, Buffer.alloc(10_000_000 - head.length, filling)]);
			expect(inspectSoundly(bytes)).toBe(false);
		}
	});
});
