/** Loaded before any test: what modules of the page want of a browser as soon as they are loaded. */
globalThis.Path2D = Object;
