import type { ICredentialType } from 'n8n-workflow';
import packed from '../../package.json';
import { join, load, repositoryFolder } from './node.cts';

/** Every credential type that is packed. */
export const credentials: readonly ICredentialType[] = packed.n8n.credentials.map((path) => {
	const source = join(repositoryFolder, path.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
	// Each file has one class, which n8n makes an object of in the same way.
	const [Credential] = Object.values(load(source) as Record<string, new () => ICredentialType>);
	if (Credential === undefined) throw new Error(`${path} has no credential`);
	return new Credential();
});

/** The credential type of that name. */
export function credentialOf(name: string): ICredentialType {
	const found = credentials.find((credential) => credential.name === name);
	if (found === undefined) throw new Error(`package.json names no credential ${name}`);
	return found;
}
