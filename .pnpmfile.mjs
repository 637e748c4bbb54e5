/**
 * What an archive says of itself: `pnpm pack` asks here for the package.json that goes into it.
 *
 * The conditions `source` and `simulator` lead to TypeScript sources, which are in this repository only.
 */
const ours = new Set(["source", "simulator"])

/** The doors of a package without the ways that lead to files an archive has not. */
const publicDoors = (exports) =>
  Object.fromEntries(
    Object.entries(exports).flatMap(([name, ways]) => {
      if (ways === null) return [[name, ways]]
      const left = Object.entries(ways).filter(([condition]) => !ours.has(condition))
      return left.length === 0 ? [] : [[name, Object.fromEntries(left)]]
    })
  )

// A reader of the archive can neither run our scripts nor use our tools.
const omitted = new Set(["devDependencies", "scripts"])

const beforePacking = (manifest) => {
  const kept = Object.fromEntries(Object.entries(manifest).filter(([field]) => !omitted.has(field)))
  return kept.exports === undefined ? kept : { ...kept, exports: publicDoors(kept.exports) }
}

export const hooks = { beforePacking }
