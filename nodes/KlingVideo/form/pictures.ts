import type { INodeProperties } from 'n8n-workflow';
import { modelsWith, modelsWithout } from '../../core/models';
import { characterOrientation } from '../../core/models/fields';
import { NOT_AS_TOOL, optionsOf } from '../../kling/fields';
import { FALLBACK, GENERATE, type Conditions } from './conditions';

const fieldName = (name: string, label: string, show: Conditions, hide: Conditions = {}): INodeProperties => ({
	displayName: 'Input Data Field Name',
	name,
	type: 'string',
	required: true,
	default: 'data',
	placeholder: 'e.g. data',
	hint: `The name of the input binary field with the ${label}: a JPEG or PNG of up to 10 MB`,
	displayOptions: { show, hide },
});

const urlField = (name: string, displayName: string, show: Conditions, hide: Conditions = {}): INodeProperties => ({
	displayName,
	name,
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. https://example.com/picture.png',
	description: 'A public link to a JPEG or PNG picture, at least 300 px on both sides and up to 10 MB',
	displayOptions: { show, hide },
});

const WITHOUT_START_IMAGE = { model: modelsWithout('startImage') };
/** The models that can make a video from the prompt alone. */
export const MODELS_WITH_OPTIONAL_START = modelsWith('startImage', ({ required }) => required !== true);

/** The picture that a video starts with. */
export const startImageFields: INodeProperties[] = [
	{
		displayName: 'Start Image',
		name: 'startImageSource',
		type: 'options',
		default: 'url',
		description: 'The picture that the video starts with. The video has the shape of this picture.',
		options: [
			{ name: 'URL', value: 'url', description: 'A public link' },
			{
				name: 'Binary',
				value: 'binary',
				description: 'A picture from the previous node',
				displayOptions: NOT_AS_TOOL,
			},
			{
				name: 'None',
				value: 'none',
				description: 'Make the video from the prompt alone',
				displayOptions: { show: { model: MODELS_WITH_OPTIONAL_START } },
			},
		],
		displayOptions: { show: GENERATE, hide: WITHOUT_START_IMAGE },
	},
	urlField('startImageUrl', 'Start Image URL', { ...GENERATE, startImageSource: ['url'] }, WITHOUT_START_IMAGE),
	fieldName('startImageField', 'first frame', { ...GENERATE, startImageSource: ['binary'] }, WITHOUT_START_IMAGE),
];

const WITH_REFERENCES = { ...GENERATE, model: modelsWith('referenceImages') };

/** The pictures of what is to be in a video. */
export const referenceImageFields: INodeProperties[] = [
	{
		displayName: 'Reference Images',
		name: 'referenceImagesSource',
		type: 'options',
		default: 'url',
		description: 'The 1 to 10 pictures that show what is to be in the video',
		options: [
			{ name: 'URL', value: 'url', description: 'Public links' },
			{
				name: 'Binary',
				value: 'binary',
				description: 'Pictures from the previous node',
				displayOptions: NOT_AS_TOOL,
			},
		],
		displayOptions: { show: WITH_REFERENCES },
	},
	{
		displayName: 'Reference Image URLs',
		name: 'referenceImageUrls',
		type: 'string',
		required: true,
		default: '',
		typeOptions: { rows: 3 },
		placeholder: 'e.g. https://example.com/person.png',
		description:
			'Public links to JPEG or PNG pictures, one on each line or separated by commas, or an expression that returns a list of links, or the attachments of an Airtable field',
		displayOptions: { show: { ...WITH_REFERENCES, referenceImagesSource: ['url'] } },
	},
	{
		displayName: 'Input Data Field Names',
		name: 'referenceImageFields',
		type: 'string',
		required: true,
		default: 'data',
		placeholder: 'e.g. person, product',
		hint: 'The names of the input binary fields with the pictures, separated by commas',
		displayOptions: { show: { ...WITH_REFERENCES, referenceImagesSource: ['binary'] } },
	},
];

const WITH_MOTION = { ...GENERATE, model: modelsWith('motionVideoUrl') };

/** The video whose movement a picture is to copy. */
export const motionFields: INodeProperties[] = [
	{
		displayName: 'Motion Video URL',
		name: 'motionVideoUrl',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'e.g. https://example.com/dance.mp4',
		description:
			'A public link to the video whose movement the picture is to copy. The price depends on the length of that video.',
		displayOptions: { show: WITH_MOTION },
	},
	{
		displayName: 'Character Orientation',
		name: 'characterOrientation',
		type: 'options',
		default: 'video',
		description: 'Which way the character looks: as in the motion video, or as in the picture',
		options: optionsOf(characterOrientation),
		displayOptions: { show: WITH_MOTION },
	},
];

const END_IMAGE: INodeProperties = {
	displayName: 'End Image',
	name: 'endImageSource',
	type: 'options',
	default: 'none',
	description: 'The picture that the video ends with. Core.Today takes one if Mode is set to Pro; Runpod takes none.',
	options: [
		{ name: 'None', value: 'none' },
		{ name: 'URL', value: 'url', description: 'A public link' },
		{
			name: 'Binary',
			value: 'binary',
			description: 'A picture from the previous node',
			displayOptions: NOT_AS_TOOL,
		},
	],
};
const WITH_END_IMAGE = [{ ...GENERATE, provider: ['coreToday'], model: modelsWith('endImage') }, FALLBACK];
/** The source first: at an expression n8n stops reading and shows the field. */
const withEndImageFrom = (sources: string[]): Conditions[] =>
	WITH_END_IMAGE.map((show) => ({ endImageSource: sources, ...show }));

/** Shown wherever it can be set, also where it will be refused: n8n drops the value of a hidden field without saying so. */
export const endImageFields: INodeProperties[] = [
	...WITH_END_IMAGE.map((show) => ({ ...END_IMAGE, displayOptions: { show } })),
	...withEndImageFrom(['url']).map((show) => urlField('endImageUrl', 'End Image URL', show)),
	...withEndImageFrom(['binary']).map((show) => fieldName('endImageField', 'last frame', show)),
	{
		displayName: 'An end image needs Mode set to Pro. With Standard the node stops with an error.',
		name: 'endImageNeedsPro',
		type: 'notice',
		default: '',
		displayOptions: { show: { endImageSource: ['url', 'binary'], ...GENERATE, mode: ['standard'] } },
	},
	{
		displayName:
			'Runpod takes no end image, so the node stops with an error. Choose Core.Today as the first provider, or set End Image to None.',
		name: 'endImageNotAtRunpod',
		type: 'notice',
		default: '',
		displayOptions: { show: { endImageSource: ['url', 'binary'], ...GENERATE, provider: ['runpodThenCoreToday'] } },
	},
];
