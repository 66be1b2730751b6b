import type {
	IAuthenticateGeneric,
	ICredentialDataDecryptedObject,
	ICredentialType,
	IDataObject,
	IHttpRequestOptions,
	INode,
	INodeCredentialsDetails,
	INodeProperties,
	IWorkflowExecuteAdditionalData,
	Workflow,
} from 'n8n-workflow';
import { ICredentialsHelper } from 'n8n-workflow';

/** A real credential class and what the user typed into it; absent fields take the class' defaults. */
export interface EngineCredential {
	readonly type: ICredentialType;
	readonly data: ICredentialDataDecryptedObject;
}

/** Credentials by their type's name, in place of n8n's encrypted store. What they do to a request is their own. */
export class EngineCredentials extends ICredentialsHelper {
	constructor(private readonly credentials: Readonly<Record<string, EngineCredential>>) {
		super();
	}

	override getParentTypes(name: string): string[] {
		return this.find(name).type.extends ?? [];
	}

	override isCredentialUsableByNode(): boolean {
		return true;
	}

	override async authenticate(
		data: ICredentialDataDecryptedObject,
		typeName: string,
		options: IHttpRequestOptions,
		workflow: Workflow,
		node: INode,
	): Promise<IHttpRequestOptions> {
		const { authenticate } = this.find(typeName).type;
		if (authenticate === undefined) return options;
		if (typeof authenticate === 'function') return await authenticate(data, options);
		return withGeneric(authenticate, options, (value) => resolve(value, data, workflow, node));
	}

	override async preAuthentication(): Promise<undefined> {
		return undefined;
	}

	override async runPreAuthentication(): Promise<undefined> {
		return undefined;
	}

	override async getCredentials(): Promise<never> {
		throw new Error('The engine keeps no encrypted credentials');
	}

	override async getDecrypted(
		_additionalData: IWorkflowExecuteAdditionalData,
		_details: INodeCredentialsDetails,
		typeName: string,
	): Promise<ICredentialDataDecryptedObject> {
		const { type, data } = this.find(typeName);
		const defaults = type.properties.map(({ name, default: value }) => [name, value]);
		return { ...Object.fromEntries(defaults), ...data };
	}

	override async updateCredentials(): Promise<void> {}

	override async updateCredentialsOauthTokenData(): Promise<void> {}

	override getCredentialsProperties(typeName: string): INodeProperties[] {
		return this.find(typeName).type.properties;
	}

	private find(typeName: string): EngineCredential {
		const credential = this.credentials[typeName];
		if (credential === undefined) throw new Error(`The engine was given no credential of type "${typeName}"`);
		return credential;
	}
}

function withGeneric(
	{ properties }: IAuthenticateGeneric,
	options: IHttpRequestOptions,
	resolveValue: (value: string) => string,
): IHttpRequestOptions {
	const resolved = (values: IDataObject | undefined) =>
		Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, resolveValue(String(value))]));
	return {
		...options,
		headers: { ...options.headers, ...resolved(properties.headers) },
		qs: { ...options.qs, ...resolved(properties.qs) },
	};
}

function resolve(value: string, data: ICredentialDataDecryptedObject, workflow: Workflow, node: INode): string {
	const keys = { $credentials: data };
	return String(workflow.expression.getSimpleParameterValue(node, value, 'internal', keys, undefined, ''));
}
