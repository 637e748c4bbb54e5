/**
 * The settings that a node needs, and that the container has the same ones.
 */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { composeFile, pomFile } from "../../src/internal/devFolder.ts"
import { serverProperties, sharedSettings } from "../../src/internal/serverProperties.ts"
import { pomVersion } from "../../src/KafkaLibrary.ts"

const ports = [
  { broker: 1, controller: 2 },
  { broker: 3, controller: 4 },
  { broker: 5, controller: 6 }
]

describe("serverProperties", () => {
  it("gives every node its own ports and the same voters", () => {
    const texts = ports.map((_, id) => serverProperties({ id, ports, dataDir: `/d/${id}`, settings: {} }))
    for (const [id, text] of texts.entries()) {
      const lines = text.split("\n")
      assert.include(lines, `node.id=${id}`)
      assert.include(lines, "controller.quorum.voters=0@127.0.0.1:2,1@127.0.0.1:4,2@127.0.0.1:6")
      assert.include(lines, `advertised.listeners=PLAINTEXT://127.0.0.1:${ports[id]?.broker}`)
      assert.include(lines, "offsets.topic.replication.factor=3")
    }
  })

  it("lets settings win, each name once, and escapes backslashes", () => {
    const text = serverProperties({ id: 0, ports, dataDir: "C:\\d", settings: { "broker.session.timeout.ms": "9000" } })
    assert.deepStrictEqual(
      text.split("\n").filter((line) => line.startsWith("broker.session.timeout.ms")),
      ["broker.session.timeout.ms=9000"]
    )
    assert.include(text, "log.dirs=C:\\\\d\n")
  })

  it("is what docker-compose.yml says", () => {
    const compose = readFileSync(composeFile, "utf8")
    assert.include(compose, `image: apache/kafka:${pomVersion(readFileSync(pomFile, "utf8"))}\n`)
    for (const [name, value] of Object.entries(sharedSettings(1))) {
      assert.include(compose, `KAFKA_${name.replaceAll(".", "_").toUpperCase()}: "${value}"\n`)
    }
  })
})
