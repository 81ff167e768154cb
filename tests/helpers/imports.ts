import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { FOLDERS, SOLE_IMPORTERS } from '../../architecture.mjs';

export interface Import {
  /** Path from the project's root. */
  file: string;
  specifier: string;
  typeOnly: boolean;
}

/** Every TypeScript file below a folder, as paths from the root; nothing where the folder is not there (yet). */
export function sourcesBelow(root: string, folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export const importsOf = (root: string, file: string): Import[] => importsIn(file, readFileSync(join(root, file), 'utf8'));

/** All imports of a source: static, re-exporting, dynamic, and in types. */
export function importsIn(file: string, text: string): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean): void => {
    if (node && ts.isStringLiteralLike(node)) found.push({ file, specifier: node.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require')) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true));
  return found;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.isTypeOnly) return true;
  const names = importClause.namedBindings;
  return !importClause.name && names !== undefined && ts.isNamedImports(names) && names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** @returns why the import breaks architecture.mjs, or null */
export function violationOf({ file, specifier, typeOnly }: Import): string | null {
  const folder = file.split('/')[0]!;
  const rule = FOLDERS[folder];
  if (!rule) return null;
  const says = (reason: string): string => `${file} imports ${specifier}: ${reason}`;
  if (!specifier.startsWith('.')) return packageViolation(file, specifier, rule.packages, says);
  const target = relative('.', join(dirname(file), specifier));
  const other = target.split('/')[0]!;
  if (other === folder || rule.may.includes(other)) return null;
  if (rule.types?.includes(other) && typeOnly) return null;
  if (rule.messages && other === 'workflows' && target.endsWith('.messages.ts')) return null;
  if (rule.roots?.includes(file) && ['config', ...(rule.rootsMay ?? [])].includes(other)) return null;
  return says(`${folder}/ may not import ${target.includes('/') ? `${other}/` : target}`);
}

function packageViolation(file: string, specifier: string, packages: string[] | undefined, says: (reason: string) => string): string | null {
  const is = (name: string): boolean => specifier === name || specifier.startsWith(`${name}/`);
  for (const [name, owner] of Object.entries(SOLE_IMPORTERS)) {
    if (is(name) && !file.startsWith(`${owner}/`)) return says(`only ${owner}/ knows ${name}`);
  }
  if (packages && !packages.some(is)) return says(`${file.split('/')[0]}/ imports ${packages.join(', ')} and nothing else of npm or Node`);
  return null;
}
