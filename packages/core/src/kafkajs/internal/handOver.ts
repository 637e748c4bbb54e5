/**
 * Delivers fetched records to a consumer in order, and each batch that cannot be decoded at its place among them.
 */
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import type { JoinGroup } from "../../kafka/Transport.ts"

/** Records that follow each other, or a batch in the place of some. */
export type Piece = ReadonlyArray<ConsumedRecord> | UndecodableBatch

const isBatch = (piece: Piece): piece is UndecodableBatch => !Array.isArray(piece)

/** Records in their order, and between them the batches that could not be decoded. */
export const inOrder = (
  records: ReadonlyArray<ConsumedRecord>,
  unreadable: ReadonlyArray<UndecodableBatch>
): ReadonlyArray<Piece> => {
  if (unreadable.length === 0) return records.length === 0 ? [] : [records]
  const pieces: Array<Piece> = []
  let from = 0
  for (const batch of unreadable) {
    let to = from
    while (to < records.length && records[to]!.offset < batch.firstOffset) to++
    if (to > from) pieces.push(records.slice(from, to))
    pieces.push(batch)
    from = to
  }
  if (from < records.length) pieces.push(records.slice(from))
  return pieces
}

/** Delivers pieces until the consumer does not take one as a whole. Returns the remaining ones. */
export const handOver = (
  pieces: ReadonlyArray<Piece>,
  { onRecords, onUndecodable }: Pick<JoinGroup, "onRecords" | "onUndecodable">
): ReadonlyArray<Piece> => {
  for (const [index, piece] of pieces.entries()) {
    if (isBatch(piece)) {
      if (onUndecodable?.(piece) === false) return pieces.slice(index)
    } else {
      const taken = onRecords(piece)
      if (taken < piece.length) return [piece.slice(taken), ...pieces.slice(index + 1)]
    }
  }
  return []
}
