// What n8n-workflow is for core: a module without a single name to import.
export {};
