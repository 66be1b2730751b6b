/**
 * What is known of the run times of one kind of job: the hazard (chance per second to end now, if still running) at
 * each age, learned while a batch runs. Ages and spans are in seconds.
 *
 * It is the mean over some guesses, each weighed by how well it explains what was seen (Bayes), times a local factor
 * for what none of them explains, e.g. two kinds of job under one key: jobs that ended ÷ jobs that were expected to,
 * near that age, both plus `PRIOR_JOBS` (a gamma prior). So jobs that outlast the expectation make us patient, the first
 * end makes us watchful, and both say little about ages far away.
 *
 * The guesses are Fréchet distributions, the law of the slowest of many steps: hardly anything ends before the work
 * can be done, and stragglers take several times as long. Their medians lie around the expected one on a Cauchy prior:
 * it trusts the expectation, but not for long against the evidence.
 */
export class RunTimes {
	private readonly guesses: readonly Guess[];
	/** Seconds that jobs were seen running, and jobs seen to end, by age. */
	private readonly watched = new Float64Array(BINS);
	private readonly ended = new Float64Array(BINS);
	private readonly hazard = new Float64Array(BINS);
	// Integrals of hazard and of age × hazard, from 0 to each bin's start.
	private readonly mass = new Float64Array(BINS + 1);
	private readonly moment = new Float64Array(BINS + 1);
	private isStale = true;

	constructor(typicalSeconds: number) {
		this.guesses = guessAround(typicalSeconds);
	}

	/** Seen running at age `from` and still at `to`. */
	survived(from: number, to: number): void {
		this.addWatched(from, to, 1);
	}

	/** Seen running at age `from` and ended at `to`: it ended somewhere between. */
	endedBetween(from: number, to: number): void {
		const until = Math.max(to, from + 0.001);
		this.addWatched(from, until, 0.5);
		for (const { bin, seconds } of binsOf(from, until)) this.ended[bin] += seconds / (until - from);
	}

	/** The seconds a job is expected to have lain ended by `to`, if it ran at `from`: ∫ hazard(age) × (to − age). */
	expectedDelay(from: number, to: number): number {
		if (this.isStale) this.learn();
		const [before, after] = [this.integralsTo(from), this.integralsTo(to)];
		return to * (after.mass - before.mass) - (after.moment - before.moment);
	}

	private addWatched(from: number, to: number, share: number): void {
		for (const { bin, seconds } of binsOf(from, to)) this.watched[bin] += share * seconds;
		this.isStale = true;
	}

	private learn(): void {
		const guessed = this.meanOfGuesses();
		const expectedNear = spread(guessed.map((hazard, bin) => hazard * this.watched[bin]));
		const endedNear = spread(this.ended);
		for (let bin = 0; bin < BINS; bin++) {
			const factor = (PRIOR_JOBS + endedNear[bin]) / (PRIOR_JOBS + expectedNear[bin]);
			this.hazard[bin] = guessed[bin] * factor;
			const [start, end] = [startOf(bin), startOf(bin + 1)];
			this.mass[bin + 1] = this.mass[bin] + this.hazard[bin] * (end - start);
			this.moment[bin + 1] = this.moment[bin] + (this.hazard[bin] * (end ** 2 - start ** 2)) / 2;
		}
		this.isStale = false;
	}

	private meanOfGuesses(): Float64Array {
		const fits = this.guesses.map((guess) => guess.logPrior + this.logLikelihood(guess));
		const best = Math.max(...fits);
		const weights = fits.map((fit) => Math.exp(fit - best));
		const total = weights.reduce((sum, weight) => sum + weight, 0);
		const mean = new Float64Array(BINS);
		this.guesses.forEach(({ hazard }, index) => {
			const share = weights[index] / total;
			// What explains nothing of what was seen need not be added up.
			if (share > 1e-6) hazard.forEach((value, bin) => (mean[bin] += share * value));
		});
		return mean;
	}

	private logLikelihood({ hazard, logHazard }: Guess): number {
		let sum = 0;
		for (let bin = 0; bin < BINS; bin++) sum += this.ended[bin] * logHazard[bin] - this.watched[bin] * hazard[bin];
		return sum;
	}

	private integralsTo(age: number): { mass: number; moment: number } {
		const bin = binAt(age);
		const start = startOf(bin);
		const mass = this.mass[bin] + this.hazard[bin] * (age - start);
		return { mass, moment: this.moment[bin] + (this.hazard[bin] * (age ** 2 - start ** 2)) / 2 };
	}
}

/** A run-time distribution that may be the true one. */
interface Guess {
	readonly logPrior: number;
	readonly hazard: Float64Array;
	readonly logHazard: Float64Array;
}

/** Ages are told apart by 4 %, up to three days. */
const BIN_RATIO = 1.04;
const LOG_BIN_RATIO = Math.log(BIN_RATIO);
const BINS = 320;
/** What one age says about another fades by e in so many bins: 10 % of the age. */
const REACH_BINS = 2.5;
const PRIOR_JOBS = 0.6;
/** Logarithms of the guessed medians ÷ the expected one: from a tenth to ten times. */
const SCALES = Array.from({ length: 17 }, (_, index) => (index - 8) * 0.3);
const SCALE_WIDTH = 0.06;
/** The middle half ends between 0.87 and 1.19 of the median, one in a hundred later than 2.3 times it. */
const FRECHET_SHAPE = 5;
/** A job can end at any age for reasons of its own; also keeps every guess possible. */
const STRAY_HAZARD = 1 / 50_000;

function startOf(bin: number): number {
	return BIN_STARTS[bin];
}

const BIN_STARTS = Float64Array.from({ length: BINS + 1 }, (_, bin) => BIN_RATIO ** bin - 1);

function binAt(age: number): number {
	return Math.min(BINS - 1, Math.floor(Math.log1p(age) / LOG_BIN_RATIO));
}

/** The bins of a span, with how much of it lies in each. */
function binsOf(from: number, to: number): Array<{ bin: number; seconds: number }> {
	const bins: Array<{ bin: number; seconds: number }> = [];
	for (let bin = binAt(from); bin <= binAt(to); bin++) {
		const seconds = Math.min(to, startOf(bin + 1)) - Math.max(from, startOf(bin));
		if (seconds > 0) bins.push({ bin, seconds });
	}
	return bins;
}

function guessAround(typicalSeconds: number): Guess[] {
	return SCALES.map((scale) => {
		const median = typicalSeconds * Math.exp(scale);
		const ages = BIN_STARTS.slice(0, BINS).map((start, bin) => (start + startOf(bin + 1)) / 2);
		const hazard = ages.map((age) => STRAY_HAZARD + frechetHazard(age, median));
		return { logPrior: -Math.log1p((scale / SCALE_WIDTH) ** 2), hazard, logHazard: hazard.map(Math.log) };
	});
}

/** Density ÷ survival of P(run ≤ age) = exp(−ln 2 × (median ÷ age)^shape). */
function frechetHazard(age: number, median: number): number {
	const exponent = Math.LN2 * (median / age) ** FRECHET_SHAPE;
	return (FRECHET_SHAPE / age) * (exponent / Math.expm1(Math.min(exponent, 500)));
}

/** Each bin's sum over all bins, weighted by exp(−distance ÷ REACH_BINS). */
function spread(values: Float64Array): Float64Array {
	const fade = Math.exp(-1 / REACH_BINS);
	const near = new Float64Array(BINS);
	for (let bin = 0, carried = 0; bin < BINS; bin++) near[bin] = carried = carried * fade + values[bin];
	for (let bin = BINS - 1, carried = 0; bin >= 0; bin--) {
		near[bin] += carried;
		carried = (carried + values[bin]) * fade;
	}
	return near;
}
