/**
 * SASL by kafkajs' mechanisms, with the cause of a failure kept.
 *
 * kafkajs turns everything that goes wrong while it authenticates into one error without a cause: a connection lost by a
 * broker that restarts looks like wrong credentials. Here what the exchange itself failed with is thrown on, so that only
 * the broker's verdict is a verdict.
 */
import { authenticationProvider, type AuthenticationProvider, type Sasl } from "./kafkajsInternals.ts"

const keepingCause =
  (provider: AuthenticationProvider): AuthenticationProvider =>
  (options) => {
    const causes: Array<unknown> = []
    const saslAuthenticate = async (message: object) => {
      try {
        return await options.saslAuthenticate(message)
      } catch (error) {
        causes.push(error)
        throw error
      }
    }
    const { authenticate } = provider({ ...options, saslAuthenticate })
    return {
      authenticate: async () => {
        causes.length = 0
        try {
          await authenticate()
        } catch (error) {
          throw causes.length === 0 ? error : causes.at(-1)
        }
      }
    }
  }

/** The same authentication, with its causes kept. */
export const keepCauses = (sasl: Sasl): Sasl => {
  const own = (sasl as { readonly authenticationProvider?: AuthenticationProvider }).authenticationProvider
  const provider = own ?? authenticationProvider(sasl)
  return provider === undefined ? sasl : ({ ...sasl, authenticationProvider: keepingCause(provider) } as Sasl)
}
