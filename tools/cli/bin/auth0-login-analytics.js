#!/usr/bin/env node
/** In a clone it runs the source, in an installed package what was compiled from it. */
import { existsSync } from 'node:fs';

const source = new URL('../main.ts', import.meta.url);
const isClone = existsSync(source);
if (isClone) (await import('tsx/esm/api')).register();
const { main } = await import(isClone ? source.href : '../dist/main.js');
await main();
