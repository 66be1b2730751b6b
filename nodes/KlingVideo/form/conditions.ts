import type { NodeParameterValue } from 'n8n-workflow';
import { fallbackChoices } from '../../core/providers/choices';

/** The values of other fields at which a field is shown or hidden. */
export type Conditions = Record<string, NodeParameterValue[]>;

/** A field of Generate. */
export const GENERATE = { operation: ['generate'] };

/** A field of Generate with two providers. */
export const FALLBACK = { ...GENERATE, provider: fallbackChoices };
