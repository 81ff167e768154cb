export interface FolderRule {
  may: string[];
  types?: string[];
  messages?: boolean;
  roots?: string[];
  rootsMay?: string[];
  packages?: string[];
  why: string;
}
export const FOLDERS: Record<string, FolderRule>;
export const FREE_FOLDERS: string[];
export const SOLE_IMPORTERS: Record<string, string>;
