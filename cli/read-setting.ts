/** Reads one text of the registry once, where the port only follows. */
import type { Settings } from '../registry/port';

/** Rejects with the registry's error when it does not answer. */
export async function readSetting(registry: Pick<Settings, 'followSetting'>, key: string): Promise<string | null> {
  const stopper = new AbortController();
  try {
    return await new Promise<string | null>((resolve, reject) => {
      const listen: Parameters<Settings['followSetting']>[1] = (event) =>
        event.type === 'text' ? resolve(event.text) : reject(event.error);
      void registry.followSetting(key, listen, stopper.signal);
    });
  } finally {
    stopper.abort();
  }
}
