import type { Random } from '../../nodes/core/clock';
import type { Fate } from './simulatedProvider';

/** Small, fast and good enough for a simulation (Steele & Vigna's splitmix32). */
export function seeded(seed: number): Random {
	let state = Math.imul(seed, 0x9e3779b1) >>> 0;
	return () => {
		state = (state + 0x9e3779b9) >>> 0;
		let mixed = state ^ (state >>> 16);
		mixed = Math.imul(mixed, 0x21f0aaad);
		mixed ^= mixed >>> 15;
		mixed = Math.imul(mixed, 0x735a2d97);
		mixed ^= mixed >>> 15;
		return (mixed >>> 0) / 2 ** 32;
	};
}

/** Job times in seconds. */
function uniform(from: number, to: number, random: Random): number {
	return from + (to - from) * random();
}

/** Box and Muller's. */
function normal(mean: number, deviation: number, random: Random): number {
	return mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function ran(runSeconds: number, queueSeconds = 0): Fate {
	return { queueMs: queueSeconds * 1_000, runMs: Math.max(1, runSeconds) * 1_000 };
}

/** The six shapes of job time that polling is measured by. */
export const SHAPES = {
	narrow: (random: Random) => ran(uniform(60, 120, random)),
	wide: (random: Random) => ran(uniform(60, 300, random)),
	'stalled queue': (random: Random) => ran(uniform(60, 120, random), uniform(0, 600, random)),
	bimodal: (random: Random) => {
		const mean = random() < 0.5 ? 70 : 240;
		return ran(normal(mean, 0.08 * mean, random));
	},
	fast: (random: Random) => ran(uniform(15, 40, random)),
	slow: (random: Random) => ran(uniform(400, 900, random)),
} satisfies Record<string, (random: Random) => Fate>;

export type Shape = keyof typeof SHAPES;
export const SHAPE_NAMES = Object.keys(SHAPES) as Shape[];

/** A batch of jobs of one shape; the same seed draws the same jobs. */
export function drawFates(shape: Shape, seed: number, jobs = 20): Fate[] {
	const random = seeded(seed);
	return Array.from({ length: jobs }, () => SHAPES[shape](random));
}
