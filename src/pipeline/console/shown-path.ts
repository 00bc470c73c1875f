import { isAbsolute, relative } from 'node:path';

/** A path as people want to read it: relative to the workspace where it lies in it, otherwise as it is. */
export function shownPath(path: string, workspace: string): string {
  if (!isAbsolute(path)) return path;
  const fromWorkspace = relative(workspace, path);
  return fromWorkspace === '' || fromWorkspace.startsWith('..') || isAbsolute(fromWorkspace) ? path : fromWorkspace;
}
