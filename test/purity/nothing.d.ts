// What a package is for core that tsconfig.json does not name: a module without a single name to import.
export {};
// TypeScript would let a default be imported from a module that does not say that it is an ES module.
export declare const __esModule: true;
