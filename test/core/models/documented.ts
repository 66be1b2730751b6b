import type { VideoForm } from '../../../nodes/core/form';
import type { JsonObject } from '../../../nodes/core/json';
import type { EstimatedCost } from '../../../nodes/core/models/price';
import { models } from '../../../nodes/core/models';
import type { Model } from '../../../nodes/core/models/model';
import { existsSync, join, readFileSync, repositoryFolder } from '../../support/node.cts';

/** The example request that a model's document gives, and the form that has to become it. */
export interface DocumentedRequest {
	/** Which document has it. */
	readonly source: string;
	readonly path: string;
	readonly body: JsonObject;
	readonly form: VideoForm;
	/** What that document says it costs. */
	readonly cost: EstimatedCost;
	/** A form in which every field is wrong, with all that is to be said of it. */
	readonly wrong: { readonly form: VideoForm; readonly problems: readonly string[] };
}

function pathOf({ provider, id }: Model): string {
	const name = id.slice(id.lastIndexOf('/') + 1);
	return join(repositoryFolder, 'test/fixtures', provider, 'requests', `${name}.json`);
}

/** Every model of the list with its fixture. */
export const documented = models.map((model) => {
	const path = pathOf(model);
	const fixture: DocumentedRequest | undefined = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
	return { id: model.id, model, fixture };
});
