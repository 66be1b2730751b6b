import { adviceFor } from '../../core/failure';
import type { FailureCode, Handle, JobOrFailure, ProviderName } from '../../core/job';
import { present } from '../../core/json';
import { models } from '../../core/models';
import { failureError } from '../../core/output';
import type { Api } from '../../kling/api';
import type { Result } from '../run/items';
import type { Run } from '../run/run';

/** A job, and where it is looked for. */
export interface Sought {
	readonly api: Api;
	readonly handle: Handle;
	/** Where it may be: at the endpoint that is named, else at any that is listed. Empty where a provider has none. */
	readonly endpoints: readonly string[];
	/** What its provider has just said of it, where it had to be looked for. */
	readonly seen?: JobOrFailure;
}

/** What a provider says of a job that is not at the endpoint. */
const NOT_THERE: ReadonlyArray<FailureCode | undefined> = ['job_not_found', 'endpoint_not_found'];
/** Of several answers the best is the job, which has no such code; then an endpoint that did not answer. */
const BEST_FIRST: ReadonlyArray<FailureCode | undefined> = [undefined, 'provider_error', 'job_not_found'];

/** The endpoints of all listed models of a provider, the default first. */
export function listedEndpoints(name: ProviderName): string[] {
	return models.filter(({ provider }) => provider === name).map(({ id }) => id);
}

/**
 * Finds the endpoint that has the job where none is named. The others are asked only if the first does not have it. They
 * are asked for the status, which is free, so that a cancel goes to one endpoint only.
 */
export async function findEndpoint<Job extends Sought>(run: Run, job: Job): Promise<Job> {
	const [model, ...others] = job.endpoints;
	if (model === undefined || others.length === 0) return job;
	const ask = async (handle: Handle) => ({ ...job, handle, seen: await run.getStatus(job.api, handle) });
	const first = await ask({ ...job.handle, model });
	if (!NOT_THERE.includes(codeOf(first.seen))) return first;
	const rest = await Promise.all(others.map(async (other) => await ask({ ...job.handle, model: other })));
	const ranked = BEST_FIRST.flatMap((code) => [first, ...rest].filter(({ seen }) => codeOf(seen) === code));
	return ranked[0] ?? first;
}

function codeOf(answer: JobOrFailure): FailureCode | undefined {
	return answer.kind === 'refused' ? answer.failure.code : undefined;
}

/** The result of a job; where no endpoint had it, its error says which were asked and how to name another. */
export function withEndpointAdvice(result: Result, { api, handle, endpoints }: Sought): Result {
	if (result.kind !== 'error' || endpoints.length === 0) return result;
	const { failure, status } = result.error;
	if (failure === undefined || !NOT_THERE.includes(failure.code)) return result;
	const { name: provider, label } = api.provider;
	const asked = new Intl.ListFormat('en-GB').format(endpoints);
	const advice = `${adviceFor('job_not_found', label)} It was looked for at ${asked}. To look elsewhere, choose ${label} as Provider and add the option Endpoint ID.`;
	return { ...result, error: failureError(failure, { provider, handle, advice, ...present({ status }) }) };
}
