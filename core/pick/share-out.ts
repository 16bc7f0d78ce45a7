/**
 * Turns shares of groups (tiers, zones) into weights of their members, so that one weighted choice among all members
 * gives each group its share and each member of a group its part of it.
 */

export interface Member<Group> {
  readonly group: Group;
  /** Its part of its group, compared with the other members. */
  readonly weight: number;
}

/**
 * @param shares by group, as spillOver and zoneShares give them; a group that is not named gets nothing
 * @returns one weight for each member, in their order; they add up to the shares of the groups that have members
 */
export function shareOut<Group>(
  members: readonly Member<Group>[],
  shares: ReadonlyMap<Group, number>,
): readonly number[] {
  const sums = new Map<Group, number>();
  for (const { group, weight } of members) sums.set(group, (sums.get(group) ?? 0) + weight);
  return members.map(({ group, weight }) => {
    const sum = sums.get(group) ?? 0;
    return sum > 0 ? (weight / sum) * (shares.get(group) ?? 0) : 0;
  });
}
