/**
 * The name of an article in the catalogue.
 */
import * as Schema from "effect/Schema"

/** 2 to 32 characters: capital letters, digits and dashes, starting with a letter or digit (`TEA-0042`). */
export const Sku = Schema.String.check(
  Schema.isPattern(/^[A-Z0-9][A-Z0-9-]{1,31}$/, {
    expected: "a SKU: 2 to 32 capital letters, digits and dashes, as in TEA-0042"
  })
).pipe(Schema.brand("Sku"))
export type Sku = typeof Sku.Type
