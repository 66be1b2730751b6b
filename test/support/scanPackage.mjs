// Checks a folder as n8n's own gate for community packages does, and prints what it says as JSON.
// A script of its own, as the scanner is an ES module with ESLint inside, which Jest cannot load.
import { analyzePackage, SOURCE_FILE_PATTERNS } from '@n8n/scan-community-package/scanner/scanner.mjs';

const [folder, kind] = process.argv.slice(2);
const { passed, message, details } = await analyzePackage(folder, ...(kind === 'source' ? [SOURCE_FILE_PATTERNS] : []));
process.stdout.write(JSON.stringify({ passed, message, details }));
