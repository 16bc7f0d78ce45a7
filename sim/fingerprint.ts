/**
 * One number for all that happened in a run (FNV-1a): two runs are the same when their numbers are.
 */
export class Fingerprint {
  private hash = 0x811c9dc5;

  get text(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  mix(text: string): void {
    for (let place = 0; place < text.length; place += 1) {
      this.hash = Math.imul(this.hash ^ text.charCodeAt(place), 0x01000193);
    }
  }
}
