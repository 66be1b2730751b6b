import type { Stop } from '../../nodes/core/clock';

/** A stop that a test requests. */
export interface TestStop extends Stop {
	request(): void;
}

export function createStop(): TestStop {
	const listeners = new Set<() => void>();
	let requested = false;
	return {
		get requested() {
			return requested;
		},
		onRequest(listener) {
			if (requested) listener();
			const entry = () => listener();
			listeners.add(entry);
			return () => listeners.delete(entry);
		},
		request() {
			if (requested) return;
			requested = true;
			for (const listener of listeners) listener();
		},
	};
}
