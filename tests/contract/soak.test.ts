import { describe, expect, it } from 'vitest';
import { soak } from '../../tools/simulator/soak.ts';

describe('soak', () => {
  it('finds no broken guarantee in hundreds of logins with random faults', { timeout: 60_000 }, async () => {
    const report = await soak({ logins: 100, users: 30, seed: 20 });
    expect(report.problems).toEqual([]);
    expect(report.logins).toBe(1 + 100 + 3 * 30);
    for (const { signUps, logins } of report.destinations) {
      expect(signUps).toBe(30);
      expect(logins).toBeGreaterThan(30);
    }
  });
});
