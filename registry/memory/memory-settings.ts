/**
 * Texts by key of the memory registry, told to those who follow them as soon as they change and the registry is there.
 */
import { RegistryError, type SettingEvent } from '../port';

interface Follower {
  readonly key: string;
  readonly tell: (event: SettingEvent) => void;
  told: string | null | undefined;
}

export class MemorySettings {
  private readonly texts = new Map<string, string>();
  private readonly followers = new Set<Follower>();

  constructor(private readonly isAway: () => boolean) {}

  follow(key: string, tell: (event: SettingEvent) => void, signal: AbortSignal): Promise<void> {
    const follower: Follower = { key, tell, told: undefined };
    this.followers.add(follower);
    // Not inside the caller's own call: it may not be ready to hear yet.
    queueMicrotask(() => this.tell(follower));
    return new Promise((resolve) => {
      const end = (): void => {
        this.followers.delete(follower);
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
    });
  }

  write(key: string, text: string | null): void {
    if (text === null) this.texts.delete(key);
    else this.texts.set(key, text);
    this.refresh();
  }

  refresh(): void {
    for (const follower of this.followers) this.tell(follower);
  }

  forget(): void {
    this.texts.clear();
    this.refresh();
  }

  private tell(follower: Follower): void {
    if (!this.followers.has(follower)) return;
    if (this.isAway()) {
      follower.tell({ type: 'trouble', error: new RegistryError('unavailable', 'it is away'), failures: 1 });
      return;
    }
    const text = this.texts.get(follower.key) ?? null;
    if (text === follower.told) return;
    follower.told = text;
    follower.tell({ type: 'text', text });
  }
}
