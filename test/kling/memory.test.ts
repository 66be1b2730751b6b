import { BoundedMap, createMemory, pauseMemory } from '../../nodes/kling/memory';

test('a bounded map forgets the key that was asked for longest ago, and no more than it has to', () => {
	const map = new BoundedMap<string>(2);
	for (const key of ['a', 'b', 'c']) map.getOrAdd(key, () => `value of ${key}`);
	expect(['a', 'b', 'c'].map((key) => map.has(key))).toEqual([false, true, true]);
	map.getOrAdd('b', () => 'another value of b');
	map.getOrAdd('d', () => 'value of d');
	expect(['b', 'c', 'd'].map((key) => map.has(key))).toEqual([true, false, true]);
	map.delete('b');
	map.getOrAdd('e', () => 'value of e');
	expect(['b', 'd', 'e'].map((key) => map.has(key))).toEqual([false, true, true]);
});

test('a bounded map keeps the value it has, and makes a new one only for a new key', () => {
	const map = new BoundedMap<string>(2);
	expect(map.getOrAdd('a', () => 'first')).toBe('first');
	expect(map.getOrAdd('a', () => 'second')).toBe('first');
});

test('two pauses of one execution have nothing in common, and all callbacks of one pause share what is remembered', () => {
	const memory = createMemory();
	const one = pauseMemory(memory, 'execution-1 1000', 2);
	expect(pauseMemory(memory, 'execution-1 1000', 2)).toBe(one);
	expect(pauseMemory(memory, 'execution-1 2000', 2)).not.toBe(one);
});
