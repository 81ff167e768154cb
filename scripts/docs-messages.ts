import { writeFile } from 'node:fs/promises';
import { messageSchemas } from './message-schemas.ts';

for (const [file, text] of Object.entries(messageSchemas())) await writeFile(new URL(`../docs/messages/${file}`, import.meta.url), text);
