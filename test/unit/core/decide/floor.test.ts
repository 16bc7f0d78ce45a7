import { judgeFloor } from '../../../../core/decide/floor';

const instances = [
  { id: 'a', health: 'critical' },
  { id: 'b', health: 'passing' },
  { id: 'c', health: 'warning' },
  { id: 'd', health: 'maintenance' },
] as const;

it('counts the others that serve, and not itself', () => {
  expect(judgeFloor(instances, 'a', 2)).toEqual({
    allowed: true,
    reason: '2 other instances serve, and 2 must for a restart on suspicion',
  });
  expect(judgeFloor(instances, 'b', 2).allowed).toBe(false);
  expect(judgeFloor([], 'b', 0).allowed).toBe(true);
});
