/** The files that were sent from this page: their bad rows are told as they stood in them. */

const files = new Map<string, File>();
const MOST = 5;

/** Keep the file of an import until the page is closed, or others have been sent. */
export function keep(importId: string, file: File): void {
  files.set(importId, file);
  if (files.size > MOST) files.delete(files.keys().next().value!);
}

/** Return the file of an import, where it was sent from here. */
export function kept(importId: string): File | undefined {
  return files.get(importId);
}
