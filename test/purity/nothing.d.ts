// What every package that core must not use is for it: a module without a single name to import.
export {};
// TypeScript would let a default be imported from a module that does not say that it is an ES module.
export declare const __esModule: true;
