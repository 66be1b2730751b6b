// What every package but one is for core: a module without a single name to import.
export {};
