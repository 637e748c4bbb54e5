/**
 * Which partition a record goes to that may go to any: one that can be written to, and of those the one with the shortest
 * queue, in turn (KIP-794 is the model). Pure.
 */

/** How many partitions that can be written to are compared: the cost of a choice does not grow with the topic. */
const compared = 8

/**
 * The first idle partition from `turn` on, else the least loaded of the next few; undefined when none can be written to
 * that is not among `without`. `loadOf` is infinite for a partition that cannot.
 */
export const choose = (
  partitions: number,
  turn: number,
  loadOf: (partition: number) => number,
  without: ReadonlyArray<number>
): number | undefined => {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  let seen = 0
  for (let step = 0; step < partitions && seen < compared; step++) {
    const partition = (turn + step) % partitions
    if (without.includes(partition)) continue
    const load = loadOf(partition)
    if (load === Number.POSITIVE_INFINITY) continue
    if (load === 0) return partition
    seen++
    if (load < least) {
      least = load
      best = partition
    }
  }
  return best
}
