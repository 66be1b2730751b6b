import { Logger } from '@n8n/backend-common';
import { Container } from '@n8n/di';
import type { LogMetadata } from 'n8n-workflow';
import type { LogLine } from './environment.cts';
import { logScope } from './environment.cts';

/** Takes every line that n8n's one logger gets into the log of the execution that wrote it. */
export function captureLogs(): void {
	const taker =
		(level: LogLine['level']) =>
		(message: string, meta: LogMetadata = {}) => {
			logScope.getStore()?.push({ level, message, meta });
		};
	Object.assign(Container.get(Logger), {
		error: taker('error'),
		warn: taker('warn'),
		info: taker('info'),
		debug: taker('debug'),
	});
}
