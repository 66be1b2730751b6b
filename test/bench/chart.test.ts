import { besideTable } from './besideTable';
import { barChart } from './chart';

const bar = (label: string, value: number, isOurs = false) => ({ label, value, text: `${value} s`, isOurs });
const widthsIn = (picture: string) => [...picture.matchAll(/x="240"[^>]* width="(\d+)"/g)].map(([, width]) => width);

test('a chart has a title for screen readers, and each bar its name and figure, to one scale within a measure', () => {
	const picture = barChart('Waiting', [
		{ title: 'Mean', bars: [bar('loop', 8), bar('node', 2, true)] },
		{ title: 'Most', bars: [bar('loop', 50), bar('node', 0, true)] },
	]);
	expect(picture).toContain('<title>Waiting</title>');
	for (const words of ['Mean', 'Most', 'loop', 'node', '8 s', '2 s', '50 s', '0 s']) {
		expect(picture).toContain(`>${words}</text>`);
	}
	expect(widthsIn(picture)).toEqual(['400', '100', '400', '2']);
});

test('words of a chart cannot break the picture', () => {
	expect(barChart('a < b & c', [])).toContain('<title>a &lt; b &amp; c</title>');
});

test("the table names each other form, with this package's figure divided by its own", () => {
	const loops = [
		{ form: 'loop', totalToSlowest: 4, lateSeconds: 5, statusCalls: 40, jobsPaid: 8 },
		{ form: 'node', totalToSlowest: 1, lateSeconds: 2, statusCalls: 90, jobsPaid: 6 },
	];
	const callbacks = [
		{ way: 'wait', processorMs: 100, unanswered: 0, lost: 0 },
		{ way: 'pause', processorMs: 120, unanswered: 3, lost: 0 },
	];
	const rows = besideTable(loops, callbacks).split('\n');
	expect(rows).toHaveLength(9);
	expect(rows[2]).toBe('| Whole time ÷ time of the slowest job | loop | 4.00 | 1.00 | 0.25 |');
	expect(rows[6]).toBe("| n8n's processor time for a callback | wait | 100 ms | 120 ms | 1.20 |");
	expect(rows[8]).toBe('| Callbacks lost | wait | 0 | 0 |  |');
});
