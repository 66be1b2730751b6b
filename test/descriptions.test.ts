import { CoreTodayApi } from '../credentials/CoreTodayApi.credentials';
import { RunpodApi } from '../credentials/RunpodApi.credentials';
import { KlingVideo } from '../nodes/KlingVideo/KlingVideo.node';
import { KlingVideoTrigger } from '../nodes/KlingVideoTrigger/KlingVideoTrigger.node';

/**
 * Names, values, defaults and display rules that saved workflows depend on. After a change that is meant,
 * `npm run test:unit -- test/descriptions -u` writes the file anew; read its diff line by line, as it changes people's
 * workflows.
 */
describe('What saved workflows depend on stays as it is', () => {
	it.each([
		['the node', new KlingVideo().description],
		['the trigger', new KlingVideoTrigger().description],
		['the Core.Today credential', { ...new CoreTodayApi() }],
		['the Runpod credential', { ...new RunpodApi() }],
	])('%s', (_, description) => {
		expect(description).toMatchSnapshot();
	});
});
