/**
 * What is known of the run times of one kind of job: the hazard (chance per second to end now, if still running) by
 * age, learned while a batch runs.
 *
 * Prior: a log-logistic run time with the expected median. Data: a local factor on the prior's hazard, ended jobs ÷
 * jobs the prior expected to end, both weighted by nearness in log age, with `PRIOR_JOBS` added to both (a gamma
 * prior). So twenty jobs that are still running when the prior has given most of them up make the node patient, the
 * first one that ends makes it watchful, and neither says much about an age far from it.
 */
const BIN_RATIO = 1.04;
const BINS = 320;
/** e-folding distance of what one age says about another, in bins: about 25 % of the age. */
const REACH = 6;
const PRIOR_JOBS = 1;
const PRIOR_SHAPE = 4;
/** Failures that can come at any age: one in so many seconds. */
const BASE_HAZARD = 1 / 3_600;

const edge = (bin: number) => BIN_RATIO ** bin - 1;
const binOf = (age: number) => Math.max(0, Math.min(BINS - 1, Math.floor(Math.log1p(age) / Math.log(BIN_RATIO))));

/** Ages and spans in seconds. */
export interface RunTimes {
	/** Seen running at `from` and still at `to`. */
	survived(from: number, to: number): void;
	/** Seen running at `from` and ended at `to`: it ended somewhere between. */
	ended(from: number, to: number): void;
	/** Expected seconds lost by `to` if the last look was at `from`: the integral of hazard(s) × (to − s). */
	lostBy(from: number, to: number): number;
}

export function learnRunTimes(typicalSeconds: number): RunTimes {
	const prior = Float64Array.from({ length: BINS }, (_, bin) => priorHazard(edge(bin + 0.5), typicalSeconds));
	const expected = new Float64Array(BINS);
	const ended = new Float64Array(BINS);
	// Integrals from 0 to each bin's start of hazard and of age × hazard.
	const mass = new Float64Array(BINS + 1);
	const moment = new Float64Array(BINS + 1);
	const hazard = new Float64Array(BINS);
	let isStale = true;

	function refresh(): void {
		const endedNear = spread(ended);
		const expectedNear = spread(expected);
		for (let bin = 0; bin < BINS; bin++) {
			const factor = (PRIOR_JOBS + endedNear[bin]) / (PRIOR_JOBS + expectedNear[bin]);
			hazard[bin] = prior[bin] * factor;
			const [start, end] = [edge(bin), edge(bin + 1)];
			mass[bin + 1] = mass[bin] + hazard[bin] * (end - start);
			moment[bin + 1] = moment[bin] + (hazard[bin] * (end * end - start * start)) / 2;
		}
		isStale = false;
	}

	function eachBin(from: number, to: number, visit: (bin: number, seconds: number) => void): void {
		for (let bin = binOf(from); bin <= binOf(to); bin++) {
			const seconds = Math.min(to, edge(bin + 1)) - Math.max(from, edge(bin));
			if (seconds > 0) visit(bin, seconds);
		}
	}

	function expose(from: number, to: number, weight: number): void {
		eachBin(from, to, (bin, seconds) => (expected[bin] += weight * prior[bin] * seconds));
		isStale = true;
	}

	return {
		survived: (from, to) => expose(from, to, 1),
		ended(from, to) {
			const until = Math.max(to, from + 0.001);
			expose(from, until, 0.5);
			eachBin(from, until, (bin, seconds) => (ended[bin] += seconds / (until - from)));
		},
		lostBy(from, to) {
			if (isStale) refresh();
			const [a, b] = [binOf(from), binOf(to)];
			const massBetween = mass[b] + hazard[b] * (to - edge(b)) - mass[a] - hazard[a] * (from - edge(a));
			const momentAt = (bin: number, age: number) => moment[bin] + (hazard[bin] * (age * age - edge(bin) ** 2)) / 2;
			return to * massBetween - momentAt(b, to) + momentAt(a, from);
		},
	};
}

function priorHazard(age: number, typicalSeconds: number): number {
	const odds = (age / typicalSeconds) ** PRIOR_SHAPE;
	return BASE_HAZARD + ((PRIOR_SHAPE / age) * odds) / (1 + odds);
}

/** Each bin's sum over all bins, weighted by exp(−distance ÷ REACH). */
function spread(values: Float64Array): Float64Array {
	const decay = Math.exp(-1 / REACH);
	const near = new Float64Array(BINS);
	for (let bin = 0, carry = 0; bin < BINS; bin++) near[bin] = carry = carry * decay + values[bin];
	for (let bin = BINS - 1, carry = 0; bin >= 0; bin--) {
		near[bin] += carry;
		carry = (carry + values[bin]) * decay;
	}
	return near;
}
