// What every package that core must not use is for it: a module without a single name to import.
export {};
