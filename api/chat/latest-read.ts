/** Reads one at a time, and once more for whoever asked meanwhile: an older answer never comes after a newer one. @returns asks for a read, and resolves when one that began later is done */
export function latestRead(read: () => Promise<void>): () => Promise<void> {
  let reading: Promise<void> | null = null;
  let stale = false;
  const work = async (): Promise<void> => {
    try {
      while (stale) {
        stale = false;
        await read();
      }
    } finally {
      reading = null;
    }
  };
  return () => {
    stale = true;
    return (reading ??= work());
  };
}
